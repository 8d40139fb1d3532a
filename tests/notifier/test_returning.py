"""A service hears each time that needs which it had passed on are with it again."""

import json
import re

import pytest

from services.notifier.channels.templates import Templates
from services.notifier.domain.message import Email
from services.notifier.domain.notification import Channel, Notification, Purpose, State
from shared.document_set import Documents
from shared.events import AnyEvent, AssignmentMoved, NotificationSent
from shared.links import PROGRESS_LASTS, Link
from tests.links import SIGNER
from tests.notifier.heard import cancelled, moved, offered, recalled
from tests.notifier.holding import drain
from tests.notifier.world import (
    ASSIGNMENT,
    DIRECTORY,
    EMAIL,
    MOBILE,
    NOON,
    PHONE,
    PUBLIC_URL,
    SERVICE,
    ScriptedSender,
    World,
    a_notification,
    keep_directory,
)


def returned(version: int = 4, state: str = "accepted") -> AssignmentMoved:
    back = {"from_state": state, "reason": "returned", "actor": "router", "version": version}
    return moved(state).model_copy(update=back | {"move": "return", "needs_moved": ("food.shopping",)})


async def told(world: World) -> list[Notification]:
    return [each for each in await world.stored() if each.purpose is Purpose.RETURNED]


async def sent(world: World) -> list[Email]:
    sender = ScriptedSender()
    await drain(world, sender)
    return [message for message in sender.taken if isinstance(message, Email)]


@pytest.mark.parametrize("state", ["accepted", "contacted"])
async def test_whoever_passed_needs_on_is_told_that_they_are_back_and_where_to_go_on(world: World, state: str) -> None:
    back = returned(state=state)
    await world.hear(offered(), moved("accepted"), back)
    [email] = [each for each in await sent(world) if each.template == "returned.email@1"]
    assert (email.to, email.subject) == (EMAIL, "Referral 7K3M-2QX is with you again")
    for words in (email.text, email.html):
        assert "could not take it" in words
        assert "0808 157 0199" in words
        assert "shopping" not in words
    [token] = set(re.findall(rf"{PUBLIC_URL}/progress/([\w.-]+)", email.text + email.html))
    [stored] = await told(world)
    ends = (back.moved_at + PROGRESS_LASTS).replace(microsecond=0)
    assert SIGNER.read(token, "progress") == Link("progress", ASSIGNMENT, SERVICE, stored.id, ends)
    purposes = [event.purpose for event in await world.published() if isinstance(event, NotificationSent)]
    assert purposes.count("returned") == 1


async def test_each_return_is_told_once(world: World) -> None:
    await world.hear(offered(), moved("accepted"), returned(4), returned(4), returned(7), returned(4))
    assert sorted(each.occasion for each in await told(world)) == ["4", "7"]


async def test_no_other_move_tells_of_a_return(world: World) -> None:
    passed_on = returned().model_copy(update={"move": "pass_on", "reason": "other"})
    await world.hear(offered(), moved("accepted"), passed_on, moved("contacted"))
    assert await told(world) == []


@pytest.mark.parametrize(
    ("contacts", "channel", "address"),
    [
        ({"email": EMAIL, "sms": MOBILE, "phone": PHONE}, Channel.EMAIL, EMAIL),
        ({"sms": MOBILE, "phone": PHONE}, Channel.SMS, MOBILE),
        ({"phone": PHONE}, Channel.PHONE, PHONE),
    ],
)
async def test_it_is_one_message_by_the_best_way_that_there_is(
    world: World, documents: Documents, contacts: dict[str, str], channel: Channel, address: str
) -> None:
    directory = json.dumps(json.loads(documents["contacts"]) | {SERVICE: contacts})
    await keep_directory(world.database, {**documents, "contacts": directory})
    await world.hear(offered(), moved("accepted"), returned())
    assert [(each.channel, each.address) for each in await told(world)] == [(channel, address)]


async def test_a_service_that_cannot_be_told_is_seen_to_have_failed(world: World, documents: Documents) -> None:
    directory = json.dumps(json.loads(documents["contacts"]) | {SERVICE: {}})
    await world.hear(offered(), moved("accepted"))
    await keep_directory(world.database, {**documents, "contacts": directory})
    await world.hear(returned())
    assert [(each.state, each.reason) for each in await told(world)] == [(State.FAILED, "no_contact")]


async def test_where_contact_must_be_safe_only_the_reference_and_the_page_are_told(world: World) -> None:
    await world.hear(offered(safe_contact_only=True), moved("accepted"), returned())
    [stored] = await told(world)
    email = Templates(PUBLIC_URL, SIGNER).email(stored, DIRECTORY, NOON)
    assert email.template == "offer-safe.email@2"
    assert f"{PUBLIC_URL}/assignments/{ASSIGNMENT}" in email.text
    assert "Volunteer" not in email.text + email.html
    assert "again" not in email.text + email.html


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (moved("contacted"), State.SENT),
        (moved("done"), State.SKIPPED),
        (moved("handed_back"), State.SKIPPED),
        (recalled(), State.SKIPPED),
        (cancelled(), State.SKIPPED),
    ],
)
async def test_a_return_that_waits_is_told_for_as_long_as_the_work_goes_on(
    world: World, event: AnyEvent, state: State
) -> None:
    await world.hear(offered(), moved("accepted"), returned(), event)
    await sent(world)
    assert [each.state for each in await told(world)] == [state]


@pytest.mark.parametrize("end", [recalled(), cancelled()])
async def test_of_what_was_taken_back_meanwhile_no_return_is_told(world: World, end: AnyEvent) -> None:
    await world.hear(offered(), moved("accepted"), end, returned())
    assert await told(world) == []


def test_the_text_is_no_longer_than_an_offers() -> None:
    templates = Templates(PUBLIC_URL, SIGNER)
    text = templates.text(a_notification(purpose=Purpose.RETURNED, channel=Channel.SMS), DIRECTORY, NOON).text
    page = f"{PUBLIC_URL}/assignments/{ASSIGNMENT}"
    assert text == f"Derbyshire CRU: referral 7K3M-2QX is with you again, not taken on elsewhere. {page}"
    assert len(text) <= len(templates.longest_text())
