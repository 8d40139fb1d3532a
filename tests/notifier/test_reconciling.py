"""Messages of which nobody knows whether they were taken: asked after first, sent again at most once."""

import pytest

from services.notifier.channels.notify import Notify, NotifyEmails
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Receipt
from services.notifier.domain.notification import State
from shared.events import NotificationSent
from tests.notifier.dying import Killed, die
from tests.notifier.heard import offered, recalled
from tests.notifier.http_server import Nothing, Reply
from tests.notifier.notify_server import (
    TEMPLATES,
    VERSION,
    FakeNotify,
    Instead,
)
from tests.notifier.world import EXPIRED, ScriptedSender, World

INVALID = Reply(201, b"<html>Created</html>", {"content-type": "text/html"})
EDGE = b"<html>from something in between</html>"


async def test_a_message_that_may_have_been_taken_is_asked_after_before_it_is_sent_again(world: World) -> None:
    await world.hear(offered())
    found = Receipt("scripted", theirs="their-id", template="their-words@4")
    sender = ScriptedSender([SendFailed(Failure.AMBIGUOUS, "502")], known=[found])
    worker = world.worker(sender)
    await worker.run_once()
    assert sender.asked == []
    await world.make_due()
    await worker.run_once()
    [stored] = await world.stored()
    assert (sender.asked, sender.taken) == ([stored.id], [])
    assert (stored.state, stored.provider_reference, stored.template) == (State.SENT, "their-id", "their-words@4")
    assert [type(event) for event in await world.published()] == [NotificationSent]


async def test_where_nobody_can_be_asked_the_message_is_sent_again_once(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender([SendFailed(Failure.AMBIGUOUS, "lost-after-data")])
    worker = world.worker(sender)
    await worker.run_once()
    await world.make_due()
    await worker.run_once()
    assert (len(sender.asked), len(sender.taken)) == (1, 1)


async def test_a_message_whose_end_is_known_is_never_asked_after(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender([SendFailed(Failure.TRANSIENT, "450 4.2.0")] * 2)
    worker = world.worker(sender)
    for _ in range(3):
        await worker.run_once()
    assert (len(sender.asked), len(sender.taken)) == (0, 1)


async def test_an_offer_recalled_while_it_is_in_doubt_is_not_sent_again_but_taken_back(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender([SendFailed(Failure.AMBIGUOUS, "502")])
    worker = world.worker(sender)
    await worker.run_once()
    await world.hear(recalled())
    await world.make_due()
    await worker.run_once()
    assert [message.template for message in sender.taken] == ["recall.email@1"]


@pytest.mark.parametrize("reply", [Nothing.BREAK_OFF, Reply(502, EDGE), Reply(504, EDGE), INVALID])
async def test_an_answer_lost_after_acceptance_leads_to_exactly_one_message(
    world: World, fake: FakeNotify, notify: Notify, reply: Reply | Nothing
) -> None:
    fake.script.append(Instead(reply, taken=True))
    await world.hear(offered())
    worker = world.worker(NotifyEmails(notify))
    await worker.run_once()
    await world.make_due()
    await worker.run_once()
    [(stored, attempts)] = await world.stored_with_attempts()
    assert (fake.sends, len(fake.taken)) == (1, 1)
    assert (stored.state, [attempt.outcome for attempt in attempts]) == (State.SENT, ["ambiguous", "sent"])
    assert stored.provider_reference == f"notify:{fake.taken[0]['id']}"
    assert stored.template == f"notify:{TEMPLATES['offer.email']}@{VERSION}"


async def test_a_message_that_never_arrived_is_sent_again_after_it_was_absent_twice(
    world: World, fake: FakeNotify, notify: Notify
) -> None:
    fake.script.append(Instead(Nothing.BREAK_OFF))
    await world.hear(offered())
    worker = world.worker(NotifyEmails(notify))
    waits = []
    for _ in range(3):
        await worker.run_once()
        [(stored, attempts)] = await world.stored_with_attempts()
        waits.append((stored.try_at - (attempts[-1].ended_at or stored.try_at)).total_seconds())
        await world.make_due()
    assert (stored.state, [one.outcome for one in attempts]) == (State.SENT, ["ambiguous", "absent", "sent"])
    assert waits[:2] == [30, 90]
    assert (fake.sends, fake.looks, len(fake.taken)) == (2, 2, 1)


async def test_a_message_is_not_sent_again_while_notify_cannot_be_asked_about_it(
    world: World, fake: FakeNotify, notify: Notify
) -> None:
    fake.script.append(Instead(Nothing.BREAK_OFF, taken=True))
    fake.listing.extend([Nothing.BREAK_OFF, Reply(502, EDGE)])
    await world.hear(offered())
    worker = world.worker(NotifyEmails(notify))
    for _ in range(4):
        await worker.run_once()
        await world.make_due()
    assert (fake.sends, fake.looks, len(fake.taken)) == (1, 3, 1)
    assert [stored.state for stored in await world.stored()] == [State.SENT]


async def test_a_worker_killed_after_notify_accepted_sends_nothing_again(
    world: World, fake: FakeNotify, notify: Notify
) -> None:
    await world.hear(offered())
    with pytest.raises(Killed):
        await world.worker(NotifyEmails(notify), lane=EXPIRED, insist=die).run_once()
    await world.worker(NotifyEmails(notify)).run_once()
    [(stored, attempts)] = await world.stored_with_attempts()
    assert (fake.sends, len(fake.taken)) == (1, 1)
    assert (stored.state, [attempt.outcome for attempt in attempts]) == (State.SENT, ["lost", "sent"])
