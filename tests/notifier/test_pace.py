"""Keeping to a provider's pace, by a clock that the tests turn."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.notifier.channels.pace import Pace, Paced
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Receipt, Text
from tests.notifier.world import NOON, ScriptedSender, a_text


@dataclass(slots=True)
class Watch:
    """Time that passes only while somebody waits."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Bucket:
    """A provider that takes `burst` at once and `per_second` in the long run, and refuses what is more."""

    watch: Watch
    burst: float = 1000
    per_second: float = 50
    taken: int = 0
    refused: int = 0
    at: datetime = NOON
    left: float = field(default=1000, init=False)

    async def send(self, message: Text) -> Receipt:
        self.left = min(self.burst, self.left + (self.watch.at - self.at).total_seconds() * self.per_second)
        self.at = self.watch.at
        if self.left < 1:
            self.refused += 1
            raise SendFailed(Failure.RATE, "429 RateLimitError")
        self.left -= 1
        self.taken += 1
        return Receipt(f"bucket:{message.id}")

    async def find(self, message_id: UUID) -> Receipt | None:
        return None

    async def rest(self) -> None:
        pass


def a_pace(watch: Watch, *, per_second: float = 50, burst: float = 50) -> Pace:
    return Pace(per_second, burst, watch.now, watch.sleep)


async def test_five_thousand_messages_leave_through_a_bucket_and_hardly_any_is_refused() -> None:
    watch = Watch()
    provider = Bucket(watch)
    # Our own limit is set too high: it is the provider's refusals that teach us.
    paced = Paced(provider, a_pace(watch, per_second=60, burst=1200))
    waiting = 5000
    while waiting:
        try:
            await paced.send(a_text())
            waiting -= 1
        except SendFailed as refused:
            await watch.sleep((refused.retry_after or timedelta(seconds=2)).total_seconds())
    assert provider.taken == 5000
    assert provider.refused < 50


async def test_a_burst_leaves_at_once_and_the_rest_in_turn() -> None:
    watch = Watch()
    pace = a_pace(watch, per_second=10, burst=5)
    for _ in range(5):
        await pace.turn()
    assert watch.at == NOON
    for _ in range(20):
        await pace.turn()
    assert (watch.at - NOON).total_seconds() == pytest.approx(2)


async def test_a_complaint_lowers_the_pace_by_a_fifth_and_it_comes_back_by_a_twentieth_a_minute() -> None:
    watch = Watch()
    pace = a_pace(watch, per_second=100)
    paced = Paced(ScriptedSender([SendFailed(Failure.RATE, "429")]), pace)
    with pytest.raises(SendFailed):
        await paced.send(a_text())
    assert pace.current_per_second == pytest.approx(80)
    for minutes, allowed in ((1, 85), (1, 90), (2, 100), (60, 100)):
        await watch.sleep(minutes * 60)
        assert pace.current_per_second == pytest.approx(allowed)


async def test_complaints_about_what_left_together_count_once_and_it_never_stops_altogether() -> None:
    watch = Watch()
    pace = a_pace(watch, per_second=100)
    for _ in range(12):
        pace.lower()
    assert pace.current_per_second == pytest.approx(80)
    for _ in range(100):
        await watch.sleep(1)
        pace.lower()
    assert pace.current_per_second >= 5


@pytest.mark.parametrize("failure", [one for one in Failure if one is not Failure.RATE])
async def test_other_failures_do_not_slow_us_down(failure: Failure) -> None:
    pace = a_pace(Watch(), per_second=100)
    with pytest.raises(SendFailed):
        await Paced(ScriptedSender([SendFailed(failure)]), pace).send(a_text())
    assert pace.current_per_second == 100


async def test_a_turn_that_is_too_far_off_goes_back_into_the_queue_with_its_wait() -> None:
    watch = Watch()
    pace = a_pace(watch, per_second=0.1, burst=1)
    await pace.turn()
    sender = ScriptedSender()
    with pytest.raises(SendFailed) as fault:
        await Paced(sender, pace).send(a_text())
    assert (fault.value.failure, fault.value.code) == (Failure.RATE, "own-limit")
    assert fault.value.retry_after == timedelta(seconds=10)
    assert (sender.taken, watch.at) == ([], NOON)
    await watch.sleep(10)
    await Paced(sender, pace).send(a_text())
    assert len(sender.taken) == 1


async def test_a_clock_that_is_set_back_gives_nothing_away_and_stops_nothing() -> None:
    watch = Watch()
    pace = a_pace(watch, per_second=10, burst=1)
    await pace.turn()
    watch.at -= timedelta(hours=1)
    await pace.turn()
    assert watch.at == NOON - timedelta(hours=1) + timedelta(seconds=0.1)
