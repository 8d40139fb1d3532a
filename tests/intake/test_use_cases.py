"""What intake does, on stores in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.configuration import load_places, load_policy_from
from services.intake.domain.places import PlaceTable
from services.intake.domain.policy import Policy
from services.intake.domain.progress import NeedState, Progress, Status
from services.intake.domain.referral import Person, Submission
from services.intake.use_cases import (
    CancelReferral,
    FindReferral,
    Incomplete,
    RecordDecision,
    RecordNotification,
    RecordOffer,
    RecordRecall,
    SubmitReferral,
)
from shared.clock import new_id
from shared.errors import Conflict, NotFound, Unavailable
from shared.events import NeedPlaced, ReferralCancelled, ReferralSubmitted
from tests.intake.builders import (
    NOON,
    SHOPPING,
    a_call_awaited,
    a_decision,
    a_message_failed,
    a_message_sent,
    a_recall,
    a_reference,
    an_offer,
)
from tests.intake.conftest import COUNTY, Hands
from tests.intake.fakes import FakeTransaction


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy_from(COUNTY)


@pytest.fixture(scope="session")
def places() -> PlaceTable:
    return load_places(COUNTY)


@pytest.fixture
def tx(policy: Policy, places: PlaceTable) -> FakeTransaction:
    return FakeTransaction(policy, places)


@pytest.fixture
def submit(clock: Hands) -> SubmitReferral:
    return SubmitReferral(clock, new_id, a_reference)


def submit_as(references: list[str]) -> SubmitReferral:
    draw: Callable[[], str] = iter(references).__next__
    return SubmitReferral(Hands(), new_id, draw)


async def progress_of(tx: FakeTransaction, progress: Progress) -> Progress:
    return await tx.referrals.progress(progress.id)


async def test_a_submitted_referral_is_stored_and_told_in_one_transaction(
    tx: FakeTransaction, submit: SubmitReferral
) -> None:
    progress = await submit(tx, SHOPPING)
    [event] = tx.published
    assert isinstance(event, ReferralSubmitted)
    assert (event.referral_id, event.reference, event.sequence) == (progress.id, progress.reference, 1)
    assert (await tx.referrals.submission(progress.id), progress.received_at) == (SHOPPING, NOON)


async def test_an_unknown_need_is_kept_as_sent_and_routed_as_unclassified(
    tx: FakeTransaction, submit: SubmitReferral
) -> None:
    progress = await submit(tx, replace(SHOPPING, needs=("something.else",)))
    assert [need.code for need in progress.needs] == ["info.unclassified"]
    assert "unknown_need_code" in progress.quality
    assert (await tx.referrals.submission(progress.id)).needs == ("something.else",)


async def test_too_little_to_act_on_is_refused_and_leaves_nothing(tx: FakeTransaction, submit: SubmitReferral) -> None:
    with pytest.raises(Incomplete) as refusal:
        await submit(tx, Submission(person=Person(name="Maureen")))
    assert refusal.value.extensions == {"missing": ["need", "contact"]}
    assert "Maureen" not in refusal.value.detail
    assert (tx.published, tx.referrals.stored) == ([], {})


async def test_a_risk_is_taken_without_need_or_contact(tx: FakeTransaction, submit: SubmitReferral) -> None:
    assert (await submit(tx, Submission(flags=("immediate_danger",)))).status is Status.SUBMITTED


async def test_a_reference_that_is_taken_is_drawn_again(tx: FakeTransaction) -> None:
    taken, free = a_reference(), a_reference()
    await submit_as([taken])(tx, SHOPPING)
    assert (await submit_as([taken, taken, free])(tx, SHOPPING)).reference == free


async def test_when_no_reference_is_free_it_is_refused_until_later(tx: FakeTransaction) -> None:
    taken = a_reference()
    await submit_as([taken])(tx, SHOPPING)
    with pytest.raises(Unavailable):
        await submit_as([taken] * 5)(tx, SHOPPING)
    assert len(tx.published) == 1


async def test_before_a_directory_is_loaded_nothing_is_taken(places: PlaceTable, submit: SubmitReferral) -> None:
    with pytest.raises(Unavailable):
        await submit(FakeTransaction(None, places), SHOPPING)


async def test_a_corrected_postcode_finds_the_same_person_again(tx: FakeTransaction, submit: SubmitReferral) -> None:
    first = await submit(tx, replace(SHOPPING, person=Person(name="Maureen O'Hara-Kent")))
    again = replace(SHOPPING, person=Person(name="MAUREEN OHARA KENT"), postcode="S4O lUS")
    await submit(tx, again)
    event = tx.published[-1]
    assert isinstance(event, ReferralSubmitted)
    assert [match.reference for match in event.facts.open_matches] == [first.reference]


async def test_a_need_that_was_held_is_not_in_hand_when_the_person_calls_again(
    tx: FakeTransaction, submit: SubmitReferral
) -> None:
    first = await submit(tx, SHOPPING)
    held = NeedPlaced(code="food.shopping", state="held")
    await RecordDecision()(tx, a_decision(first, held, outcome="held_no_consent"))
    await submit(tx, SHOPPING)
    event = tx.published[-1]
    assert isinstance(event, ReferralSubmitted)
    assert [match.needs for match in event.facts.open_matches] == [()]


async def test_news_is_followed_from_decision_to_message(tx: FakeTransaction, submit: SubmitReferral) -> None:
    progress = await submit(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    await RecordNotification()(tx, a_message_sent(offer))
    found = await FindReferral()(tx, progress.reference)
    assert (found.progress.status, found.district_name) == (Status.ASSIGNED, "Chesterfield")
    assert [(entry.kind, entry.actor) for entry in found.timeline] == [
        ("submitted", "intake"),
        ("decided", "router"),
        ("offered", "router"),
        ("told", "notifier"),
    ]
    assert [(entry.before, entry.after) for entry in found.timeline[:3]] == [
        (None, Status.SUBMITTED),
        (Status.SUBMITTED, Status.ASSIGNED),
        (None, None),
    ]


async def test_news_in_the_wrong_order_leads_to_the_same_end(tx: FakeTransaction, submit: SubmitReferral) -> None:
    straight, crossed = await submit(tx, SHOPPING), await submit(tx, SHOPPING)
    for progress, order in ((straight, (0, 1, 2, 3)), (crossed, (3, 2, 1, 0))):
        offer = an_offer(progress)
        steps = (
            lambda p=progress: RecordDecision()(tx, a_decision(p)),
            lambda o=offer: RecordOffer()(tx, o),
            lambda o=offer: RecordNotification()(tx, a_message_sent(o)),
            lambda o=offer: RecordRecall()(tx, a_recall(o)),
        )
        for step in order:
            await steps[step]()
    ends = [await progress_of(tx, progress) for progress in (straight, crossed)]
    assert [
        (end.status, [need.state for need in end.needs], [offer.state for offer in end.assignments]) for end in ends
    ] == [(Status.ROUTING, [NeedState.ROUTING], ["recalled"])] * 2
    assert [[(offer.needs, offer.organization_id) for offer in end.assignments] for end in ends] == [
        [(("food.shopping",), "org-cru")]
    ] * 2


async def test_a_message_that_failed_is_shown_with_the_class_of_its_fault(
    tx: FakeTransaction, submit: SubmitReferral
) -> None:
    progress = await submit(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordOffer()(tx, offer)
    await RecordNotification()(tx, a_message_failed(offer))
    found = await FindReferral()(tx, progress.reference)
    assert [(notice.state, notice.failure) for notice in found.progress.notices] == [("failed", "mailbox_unknown")]
    assert found.timeline[-1].details["failure"] == "mailbox_unknown"


async def test_a_service_that_has_to_be_rung_shows_as_such_until_somebody_did(
    tx: FakeTransaction, submit: SubmitReferral
) -> None:
    progress = await submit(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordOffer()(tx, offer)
    call = new_id()
    await RecordNotification()(tx, a_call_awaited(offer, notification_id=call))
    assert [notice.state for notice in (await progress_of(tx, progress)).notices] == ["awaiting_call"]
    await RecordNotification()(tx, a_message_sent(offer, notification_id=call, sequence=2))
    assert [notice.state for notice in (await progress_of(tx, progress)).notices] == ["sent"]


async def test_late_news_is_in_the_timeline_without_moving_anything(
    tx: FakeTransaction, submit: SubmitReferral
) -> None:
    progress = await submit(tx, SHOPPING)
    await RecordDecision()(tx, a_decision(progress, sequence=5))
    before = await progress_of(tx, progress)
    late = a_decision(progress, outcome="held_no_consent", sequence=2, at=NOON - timedelta(seconds=1))
    await RecordDecision()(tx, late)
    assert await progress_of(tx, progress) == before
    assert [entry.details["outcome"] for entry in await tx.referrals.timeline(progress.id)] == [
        "held_no_consent",
        "routed",
    ]


async def test_news_of_a_referral_that_was_never_ours_is_refused(tx: FakeTransaction, submit: SubmitReferral) -> None:
    stranger = replace(await submit(tx, SHOPPING), id=new_id())
    with pytest.raises(NotFound):
        await RecordDecision()(tx, a_decision(stranger))


async def test_a_cancellation_is_told_with_the_next_number(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, SHOPPING)
    clock.move(60)
    await CancelReferral(clock)(tx, progress.reference.lower(), "resident_withdrew")
    event = tx.published[-1]
    assert isinstance(event, ReferralCancelled)
    assert (event.sequence, event.reason, event.cancelled_at) == (2, "resident_withdrew", clock())
    assert (await progress_of(tx, progress)).status is Status.CANCELLED


async def test_a_referral_is_cancelled_once(tx: FakeTransaction, submit: SubmitReferral, clock: Hands) -> None:
    progress = await submit(tx, SHOPPING)
    await CancelReferral(clock)(tx, progress.reference, "died")
    with pytest.raises(Conflict):
        await CancelReferral(clock)(tx, progress.reference, "died")
    assert len(tx.published) == 2


@pytest.mark.parametrize("typed", ["", "3NQK-8N2", "not a reference"])
async def test_a_mistyped_reference_is_not_found(tx: FakeTransaction, typed: str) -> None:
    with pytest.raises(NotFound):
        await FindReferral()(tx, typed)
