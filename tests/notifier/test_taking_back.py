"""What is taken back, before, while and after its message is on its way."""

import pytest

from services.notifier.domain.notification import CallOutcome, Purpose, State
from services.notifier.ports import Search
from services.notifier.use_cases.calls import RecordCall
from shared.events import AnyEvent
from tests.notifier.heard import cancelled, moved, offered, recalled
from tests.notifier.test_delivery import TRANSIENT
from tests.notifier.world import (
    EXPIRED,
    ScriptedSender,
    World,
)


async def test_a_recall_between_queue_and_send_sends_nothing(world: World) -> None:
    await world.hear(offered())
    async with world.begin() as tx:
        [claimed] = await tx.notifications.claim(EXPIRED, await tx.present())
    await world.hear(recalled())
    sender = ScriptedSender()
    await world.worker(sender).run_once()
    kept = {stored.purpose: stored for stored in await world.stored()}
    assert (kept[Purpose.OFFER].id, kept[Purpose.OFFER].state) == (claimed.notification.id, State.SKIPPED)
    # The worker that had claimed it is gone: it may have sent it, so the contact is told that it is off.
    await world.worker(sender).run_once()
    assert [message.template for message in sender.taken] == ["recall.email@1"]


async def test_a_message_on_its_way_while_its_offer_is_accepted_and_then_recalled_is_taken_back(world: World) -> None:
    """Two workers, so that one message is on its way while the partner, who heard by another channel, accepts."""
    await world.hear(offered())

    async def accept_and_recall() -> None:
        await world.hear(moved("accepted"), recalled())

    sender = ScriptedSender(meanwhile=accept_and_recall)
    worker = world.worker(sender)
    await worker.run_once()
    await worker.run_once()
    assert [message.template.split("@")[0] for message in sender.taken] == ["offer.email", "recall.email"]


async def test_a_message_that_failed_before_its_recall_is_not_tried_again(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender([TRANSIENT])
    worker = world.worker(sender)
    await worker.run_once()
    await world.hear(recalled())
    await worker.run_once()
    assert sender.taken == []
    assert [stored.state for stored in await world.stored()] == [State.SKIPPED]


async def test_a_recall_while_a_message_is_on_its_way_is_told_after_it(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender(meanwhile=lambda: world.hear(recalled()))
    await world.worker(sender).run_once()
    sender.meanwhile = None
    await world.worker(sender).run_once()
    assert [message.template for message in sender.taken] == ["offer.email@2", "recall.email@1"]
    assert [message.to for message in sender.taken] == [sender.taken[0].to] * 2


async def test_a_cancellation_while_a_message_waits_for_its_retry_stops_it(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender([TRANSIENT], meanwhile=lambda: world.hear(cancelled()))
    worker = world.worker(sender)
    await worker.run_once()
    await worker.run_once()
    assert sender.taken == []
    assert [(stored.state, stored.reason) for stored in await world.stored()] == [(State.SKIPPED, "cancelled")]


@pytest.mark.parametrize(
    ("outcomes", "is_told"),
    [
        ((CallOutcome.LEFT_MESSAGE,), True),
        ((CallOutcome.LEFT_MESSAGE, CallOutcome.NO_ANSWER), True),
        ((CallOutcome.NO_ANSWER,), False),
        ((CallOutcome.LEFT_MESSAGE, CallOutcome.WRONG_NUMBER), False),
        ((), False),
    ],
)
@pytest.mark.parametrize("ends", [recalled(), moved("expired")])
async def test_whoever_may_hear_a_message_left_by_telephone_is_rung_when_the_offer_is_withdrawn(
    world: World, outcomes: tuple[CallOutcome, ...], is_told: bool, ends: AnyEvent
) -> None:
    await world.hear(offered(channels=("phone",)))
    call = await world.only()
    for outcome in outcomes:
        async with world.begin() as tx:
            await RecordCall()(tx, call.id, "cru-duty-2", outcome)
    for _ in range(2):
        await world.hear(ends)
    async with world.begin() as tx:
        to_make = await tx.notifications.find(Search(state=State.AWAITING_CALL, limit=9))
    assert [(each.purpose, each.address) for each, _ in to_make] == [(Purpose.RECALL, call.address)] * is_told
