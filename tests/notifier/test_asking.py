"""Asking Notify what became of a message of which nothing was heard."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from services.notifier.channels.notify import Notify
from services.notifier.channels.notify_receipts import NotifyQuestions, read_callback
from services.notifier.channels.pace import Pace
from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.receipts.applying import AskAfterSilence
from services.notifier.use_cases.receipts import KeepReports
from shared.clock import utc_now
from shared.events import NotificationBounced, NotificationUnconfirmed, Priority
from tests.notifier.notify_server import FakeNotify, by_notify
from tests.notifier.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
def ask(world: World, notify: Notify) -> AskAfterSilence:
    return AskAfterSilence(world.transactions, NotifyQuestions(notify, Pace(50, 50, utc_now)), KeepReports())


@pytest.mark.parametrize(("priority", "minutes"), [("P1", [5, 55, 23 * 60, 49 * 60]), ("P3", [60, 23 * 60, 49 * 60])])
async def test_without_callbacks_notify_is_asked_until_nobody_will_say(
    world: World, notify: Notify, fake: FakeNotify, ask: AskAfterSilence, priority: Priority, minutes: list[int]
) -> None:
    await by_notify(world, notify, priority=priority)
    await ask.run_once()
    assert fake.asked_after == []
    for number, wait in enumerate(minutes, 1):
        await world.pass_time(timedelta(minutes=wait))
        await ask.run_once()
        assert len(fake.asked_after) == number
    assert (await world.only()).receipt is Arrival.UNKNOWN
    told = [event for event in await world.published() if isinstance(event, NotificationUnconfirmed)]
    assert [event.final for event in told] == [True]
    await world.pass_time(99 * HOUR)
    await ask.run_once()
    assert len(fake.asked_after) == len(minutes)


async def test_what_notify_answers_is_applied_like_a_callback(
    world: World, notify: Notify, fake: FakeNotify, ask: AskAfterSilence
) -> None:
    await by_notify(world, notify)
    fake.statuses[fake.taken[0]["id"]] = "permanent-failure"
    await world.pass_time(HOUR)
    await ask.run_once()
    await world.report()
    assert (await world.only()).receipt is Arrival.BOUNCED_HARD
    assert [type(told) for told in await world.published()][-1] is NotificationBounced


async def test_a_provider_that_does_not_answer_is_asked_again_soon(
    world: World, notify: Notify, fake: FakeNotify
) -> None:
    class Away:
        asked = 0

        async def ask(self, provider_reference: str) -> Report | None:
            self.asked += 1
            raise SendFailed(Failure.TRANSIENT)

    away = Away()
    ask = AskAfterSilence(world.transactions, away, KeepReports())
    await by_notify(world, notify)
    await world.pass_time(HOUR)
    for _ in range(2):
        await ask.run_once()
    await world.pass_time(timedelta(minutes=5))
    await ask.run_once()
    assert away.asked == 2
    await world.pass_time(73 * HOUR)
    await ask.run_once()
    assert (await world.only()).receipt is Arrival.UNKNOWN


async def test_a_late_receipt_takes_the_place_of_not_knowing(
    world: World, notify: Notify, fake: FakeNotify, ask: AskAfterSilence
) -> None:
    await by_notify(world, notify)
    await world.pass_time(74 * HOUR)
    await ask.run_once()
    await world.report(read_callback(json.dumps(fake.callback(fake.taken[0], "delivered")).encode()))
    assert (await world.only()).receipt is Arrival.DELIVERED


async def test_what_notify_has_forgotten_is_not_known(world: World, notify: Notify) -> None:
    questions = NotifyQuestions(notify, Pace(50, 50, utc_now))
    assert await questions.ask(f"notify:{UUID(int=9)}") is None
    assert await questions.ask("mailbox:1") is None
