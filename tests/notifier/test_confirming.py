"""Whoever accepts gets one e-mail with the link to tell of the work by, where an e-mail may hold one."""

import re
from datetime import timedelta

import pytest

from services.notifier.domain.message import Email
from services.notifier.domain.notification import Notification, Purpose, State
from shared.clock import utc_now
from shared.document_set import Documents
from shared.events import AnyEvent, NotificationSent
from shared.links import PROGRESS_LASTS, Link
from tests.links import SIGNER
from tests.notifier.heard import cancelled, moved, offered, recalled
from tests.notifier.holding import drain
from tests.notifier.world import (
    ASSIGNMENT,
    EMAIL,
    PUBLIC_URL,
    SERVICE,
    ScriptedSender,
    World,
)


async def confirmations(world: World) -> list[Notification]:
    return [each for each in await world.stored() if each.purpose is Purpose.CONFIRMATION]


async def sent(world: World) -> list[Email]:
    sender = ScriptedSender()
    await drain(world, sender)
    return [message for message in sender.taken if isinstance(message, Email)]


@pytest.mark.parametrize("told_by", ["email", "sms", "phone"])
async def test_whoever_accepts_is_told_once_how_to_go_on_however_it_was_asked(world: World, told_by: str) -> None:
    offer = offered().model_copy(update={"channels": (told_by,)})
    accepted = moved("accepted")
    await world.hear(offer, accepted, accepted)
    [email] = [each for each in await sent(world) if each.template == "confirmation.email@1"]
    assert email.to == EMAIL
    [token] = set(re.findall(rf"{PUBLIC_URL}/progress/([\w.-]+)", email.text + email.html))
    [stored] = await confirmations(world)
    ends = (accepted.moved_at + PROGRESS_LASTS).replace(microsecond=0)
    assert SIGNER.read(token, "progress") == Link("progress", ASSIGNMENT, SERVICE, stored.id, ends)
    assert stored.state is State.SENT
    told = [event.purpose for event in await world.published() if isinstance(event, NotificationSent)]
    assert told.count("confirmation") == 1


async def test_the_confirmation_says_what_to_do_and_until_when_the_link_works(world: World) -> None:
    await world.hear(offered(), moved("accepted"))
    [email] = await sent(world)
    assert email.subject == "Referral 7K3M-2QX is accepted: what to do now"
    for words in (email.text, email.html):
        assert "0808 157 0199" in words
        assert "hand it back on the same page" in words
        assert re.search(r"works until .* or until the work has ended", words)
        assert "shopping" not in words
    assert email.html.count("<a ") == 1


@pytest.mark.parametrize("state", ["opened", "declined", "contacted", "done"])
async def test_no_other_move_is_confirmed(world: World, state: str) -> None:
    await world.hear(offered(), moved(state))
    assert await confirmations(world) == []


async def test_an_attempt_in_vain_after_the_acceptance_confirms_nothing_again(world: World) -> None:
    tried = moved("accepted").model_copy(update={"from_state": "accepted", "version": 3})
    await world.hear(offered(), tried)
    assert await confirmations(world) == []


async def test_where_contact_must_be_safe_there_is_no_confirmation(world: World) -> None:
    await world.hear(offered(safe_contact_only=True), moved("accepted"))
    assert await confirmations(world) == []


async def test_a_service_without_an_address_gets_no_confirmation_and_no_failure(world: World) -> None:
    service = {"service_id": "svc-phone-only"}
    await world.hear(offered(channels=("phone",), service_id="svc-phone-only"))
    await world.hear(moved("accepted").model_copy(update=service))
    assert await confirmations(world) == []


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
async def test_a_confirmation_that_waits_is_sent_for_as_long_as_the_work_goes_on(
    world: World, event: AnyEvent, state: State
) -> None:
    await world.hear(offered(), moved("accepted"), event)
    await sent(world)
    assert [each.state for each in await confirmations(world)] == [state]


async def test_whoever_was_told_by_a_confirmation_alone_hears_that_it_is_taken_back(world: World) -> None:
    await world.hear(offered(channels=("phone",)), moved("accepted"))
    await sent(world)
    await world.hear(recalled())
    assert [email.template for email in await sent(world)] == ["recall.email@1"]


async def test_no_digest_waits_with_a_confirmation(world: World, documents: Documents) -> None:
    await world.arrange(documents, {"digests": {SERVICE: "09:00"}})
    later = utc_now() + timedelta(days=20)
    await world.hear(offered(priority="P4").model_copy(update={"due_at": later}), moved("accepted"))
    assert [email.template for email in await sent(world)] == ["confirmation.email@1"]
