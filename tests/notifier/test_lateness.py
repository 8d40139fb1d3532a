"""The triage desk hears of what is late: each time that a clock runs out, and never of the person."""

import json
from datetime import timedelta
from uuid import uuid5

import pytest

from services.notifier.channels.templates import Templates
from services.notifier.domain.failure import Failure
from services.notifier.domain.lateness import PURPOSES
from services.notifier.domain.notification import TO_THE_DESK, Channel, Purpose, State
from shared.clock import utc_now
from shared.document_set import Documents
from shared.events import AssignmentOverdue, Event, Priority
from tests.links import SIGNER
from tests.notifier.heard import cancelled, moved, offered, recalled, reminded
from tests.notifier.world import (
    ALL,
    ASSIGNMENT,
    DIRECTORY,
    IDS,
    NOON,
    OFFICE,
    PUBLIC_URL,
    REFERRAL,
    SERVICE,
    ScriptedSender,
    World,
    a_notification,
    an_offer,
    keep_directory,
)

DESK, DESK_EMAIL, DESK_OFFICE, ON_DUTY = "svc-desk", "desk@cru.example", "office@cru.example", "07700 900035"


def overdue(
    clock: str = "first_contact",
    *,
    name: str = "assignment",
    priority: Priority = "P3",
    service_id: str = SERVICE,
    triage_desk: str | None = DESK,
    safe_contact_only: bool = False,
) -> AssignmentOverdue:
    return AssignmentOverdue(
        referral_id=REFERRAL,
        reference="7K3M-2QX",
        assignment_id=uuid5(ASSIGNMENT, name),
        service_id=service_id,
        service_name="Volunteer doorstep help",
        needs=("food.shopping",),
        priority=priority,
        clock=clock,
        state="accepted",
        due_at=utc_now(),
        overdue_at=utc_now(),
        district="E07000034",
        safe_contact_only=safe_contact_only,
        triage_desk=triage_desk,
    )


@pytest.fixture
async def county(world: World, documents: Documents) -> World:
    """The notifier with a triage desk in its directory."""
    contacts, offices = json.loads(documents["contacts"]), json.loads(documents["offices"])
    contacts[DESK] = {"email": DESK_EMAIL, "sms": ON_DUTY}
    offices[DESK] = {"id": "org-cru:office", "channel": "email", "address": DESK_OFFICE}
    parts = {"contacts": json.dumps(contacts), "offices": json.dumps(offices)}
    await keep_directory(world.database, {**documents, **parts})
    return world


async def told(world: World) -> list[tuple[Purpose, str]]:
    return sorted((each.purpose, each.address) for each in await world.stored())


@pytest.mark.parametrize("clock", ["first_contact", "respond", "review"])
async def test_each_time_a_clock_runs_out_the_desk_is_told_once(county: World, clock: str) -> None:
    first = overdue(clock, priority="P2")
    second = first.model_copy(update={"due_at": first.due_at + timedelta(days=3)})
    await county.hear(first, first, second, second, first)
    assert [address for _, address in await told(county)] == [ON_DUTY, ON_DUTY, DESK_EMAIL, DESK_EMAIL]
    assert {each.occasion for each in await county.stored()} == {first.due_at.isoformat(), second.due_at.isoformat()}


async def test_the_desk_is_told_once_for_each_clock(county: World) -> None:
    await county.hear(*[overdue("first_contact"), overdue("respond"), overdue("review")] * 2)
    assert await told(county) == [
        (Purpose.LATE_ANSWER, DESK_EMAIL),
        (Purpose.LATE_CONTACT, DESK_EMAIL),
        (Purpose.LATE_REVIEW, DESK_EMAIL),
    ]


@pytest.mark.parametrize("priority", ["P1", "P2"])
async def test_what_is_urgent_is_told_by_a_text_too(county: World, priority: Priority) -> None:
    await county.hear(overdue(priority=priority))
    assert await told(county) == [(Purpose.LATE_CONTACT, ON_DUTY), (Purpose.LATE_CONTACT, DESK_EMAIL)]


async def test_of_a_desk_that_is_late_itself_its_office_hears(county: World) -> None:
    await county.hear(overdue("respond", service_id=DESK))
    assert await told(county) == [(Purpose.LATE_ANSWER, DESK_OFFICE)]


async def test_a_desk_without_an_address_is_told_at_its_office(world: World, documents: Documents) -> None:
    contacts = json.loads(documents["contacts"])
    contacts[SERVICE] = {"phone": "01632 960035"}
    await keep_directory(world.database, {**documents, "contacts": json.dumps(contacts)})
    await world.hear(overdue(service_id="svc-other", triage_desk=SERVICE))
    assert await told(world) == [(Purpose.LATE_CONTACT, OFFICE)]


async def test_a_desk_that_cannot_be_told_is_seen_to_have_failed(world: World) -> None:
    await world.hear(overdue(triage_desk="svc-phone-only"))
    failed = await world.only()
    assert (failed.state, failed.reason) == (State.FAILED, "no_contact")


@pytest.mark.parametrize("event", [overdue(triage_desk=None), overdue("of_a_later_version")])
async def test_of_what_names_no_desk_or_no_clock_we_know_nobody_is_told(
    county: World, event: AssignmentOverdue
) -> None:
    await county.hear(event)
    assert await county.stored() == []


async def test_of_a_cancelled_referral_nothing_is_late(county: World) -> None:
    await county.hear(cancelled(), overdue())
    assert await county.stored() == []


async def test_what_is_accepted_may_still_be_late_and_is_neither_taken_back_nor_news(county: World) -> None:
    late = overdue().model_copy(update={"assignment_id": ASSIGNMENT})
    await county.hear(moved("accepted"), late)
    sender = ScriptedSender()
    await county.worker(sender).run_once()
    await county.hear(recalled(), reminded())
    assert [message.template for message in sender.taken] == ["late_contact.email@1"]
    assert {each.purpose for each in await county.stored()} == {Purpose.LATE_CONTACT, Purpose.REMINDER}
    assert await county.published() == []


async def held_notices(county: World) -> dict[Purpose, tuple[State, str | None]]:
    """What became of the late notices, by purpose, once what kept them back has ended."""
    sender = ScriptedSender()
    await county.worker(sender).run_once()
    return {each.purpose: (each.state, each.reason) for each in await county.stored() if each.purpose in TO_THE_DESK}


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ((recalled(),), "recalled"),
        ((cancelled(),), "cancelled"),
        ((moved("accepted"), moved("done")), "ended"),
        ((moved("accepted"), moved("handed_back")), "ended"),
        ((moved("declined"),), "ended"),
    ],
)
async def test_what_nobody_works_on_any_more_is_not_told_to_be_late(
    county: World, events: tuple[Event, ...], reason: str
) -> None:
    late = [overdue(clock).model_copy(update={"assignment_id": ASSIGNMENT}) for clock in PURPOSES]
    await county.hear(*late, *events)
    ends = await held_notices(county)
    assert set(ends) == TO_THE_DESK
    assert {state for state, _ in ends.values()} == {State.SKIPPED}
    assert ends[Purpose.LATE_CONTACT] == ends[Purpose.LATE_REVIEW] == (State.SKIPPED, reason)
    assert await county.published() == []


async def test_what_is_done_while_its_notice_is_being_tried_is_not_told_at_the_next_try(county: World) -> None:
    await county.hear(overdue().model_copy(update={"assignment_id": ASSIGNMENT}))
    async with county.begin() as tx:
        [claim] = await tx.notifications.claim(ALL, await tx.present())
    await county.hear(moved("accepted"), moved("done"))
    async with county.begin() as tx:
        await tx.notifications.save(claim.notification.postponed(Failure.TRANSIENT, await tx.present()))
    assert await held_notices(county) == {Purpose.LATE_CONTACT: (State.SKIPPED, "ended")}


async def test_what_was_accepted_late_may_still_want_contact_but_no_answer(county: World) -> None:
    late = [overdue(clock).model_copy(update={"assignment_id": ASSIGNMENT}) for clock in PURPOSES]
    await county.hear(*late, moved("accepted"))
    assert await held_notices(county) == {
        Purpose.LATE_CONTACT: (State.SENT, None),
        Purpose.LATE_REVIEW: (State.SENT, None),
        Purpose.LATE_ANSWER: (State.SKIPPED, "answered"),
    }


def test_the_desk_reads_what_is_late_where_it_is_and_nothing_of_the_need() -> None:
    message = a_notification(offer=an_offer(priority="P2"), purpose=Purpose.LATE_CONTACT)
    email = Templates(PUBLIC_URL, SIGNER).email(message, DIRECTORY, NOON)
    page = f"{PUBLIC_URL}/assignments/{ASSIGNMENT}"
    assert email.subject == "First contact late, Same day: referral 7K3M-2QX"
    for words in (email.text, email.html):
        assert "Volunteer doorstep help did not reach the resident in time." in words
        assert page in words
        assert "Chesterfield" in words
        assert "shopping" not in words
    text = Templates(PUBLIC_URL, SIGNER).text(message, DIRECTORY, NOON)
    assert text.text == f"Derbyshire CRU: first contact late, same day referral 7K3M-2QX, Chesterfield. {page}"


def test_where_contact_must_be_safe_the_desk_reads_the_reference_and_the_link_alone() -> None:
    offer = an_offer(reply_by=NOON + timedelta(days=2), safe_contact_only=True)
    message = a_notification(offer=offer, purpose=Purpose.LATE_REVIEW, channel=Channel.EMAIL)
    email = Templates(PUBLIC_URL, SIGNER).email(message, DIRECTORY, NOON)
    assert email.template == "offer-safe.email@2"
    assert "Volunteer" not in email.text + email.html


async def test_whoever_accepts_late_is_confirmed_by_a_link_of_its_own_whatever_the_desk_heard(county: World) -> None:
    """Many assignments, for which of its messages is found first goes by their ids."""
    names = [f"assignment {number}" for number in range(8)]
    ids = [uuid5(IDS, name) for name in names]
    for name, assignment_id in zip(names, ids, strict=True):
        late = overdue().model_copy(update={"assignment_id": assignment_id})
        await county.hear(offered(name=name), late, moved("accepted", name=name))
    confirmed = [each.offer for each in await county.stored() if each.purpose is Purpose.CONFIRMATION]
    assert {offer.assignment_id: offer.service_id for offer in confirmed} == dict.fromkeys(ids, SERVICE)
