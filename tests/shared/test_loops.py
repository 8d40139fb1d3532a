"""Background work goes on through failures, starts at a word, and stops when it is told to."""

import asyncio
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from shared.errors import Unavailable
from shared.loops import Loops
from shared.service import Loop
from tests.eventually import eventually

NEVER_S = 3_600.0


@dataclass
class Steps:
    """Work that fails as often as `failures` says, then has `more` steps to do at once, then none."""

    failures: int = 0
    more: int = 0
    taken: int = field(default=0, init=False)

    async def run_once(self) -> bool:
        self.taken += 1
        if self.failures:
            self.failures -= 1
            raise Unavailable("away", "It is away.")
        self.more -= 1
        return self.more >= 0

    async def done(self) -> int:
        return self.taken


class Stuck:
    """A step that never ends by itself."""

    async def run_once(self) -> bool:
        await asyncio.Event().wait()
        return False


async def test_a_loop_repeats_at_once_while_there_is_more() -> None:
    steps = Steps(more=5)
    async with Loops([Loop("steps", steps, NEVER_S)]).running():
        await eventually(steps.done, lambda taken: taken == 6)


async def test_a_loop_that_idles_begins_as_soon_as_it_is_woken() -> None:
    steps, wake = Steps(), asyncio.Event()
    async with Loops([Loop("steps", steps, NEVER_S, wake)]).running():
        await eventually(steps.done, lambda taken: taken == 1)
        wake.set()
        await eventually(steps.done, lambda taken: taken == 2)


async def test_a_failing_loop_says_so_and_goes_on_and_others_do_not_notice() -> None:
    failing, fine = Steps(failures=2), Steps(more=50)
    with capture_logs() as logs:
        async with Loops([Loop("failing", failing, NEVER_S), Loop("fine", fine, NEVER_S)]).running():
            await eventually(failing.done, lambda taken: taken == 3)
    assert fine.taken == 51
    failed = [(line["loop"], line["error"], line["code"]) for line in logs if line["event"] == "loop.failed"]
    assert failed == [("failing", "Unavailable", "away")] * 2


async def test_a_step_that_hangs_is_broken_off_when_the_loops_stop() -> None:
    async with Loops([Loop("stuck", Stuck(), NEVER_S)]).running():
        pass
    assert all(task is asyncio.current_task() for task in asyncio.all_tasks())


@pytest.mark.parametrize("work", [Steps(), Stuck()], ids=["idle", "stuck"])
async def test_a_loop_gives_back_what_it_holds(work: Steps | Stuck) -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("closed")

    async with Loops([Loop("holding", work, NEVER_S, close=close)]).running():
        pass
    assert closed == ["closed"]


async def test_a_fault_in_the_block_is_raised_and_stops_the_loops() -> None:
    async def serve() -> None:
        async with Loops([Loop("steps", Steps(), NEVER_S)]).running():
            raise LookupError("the block")

    with pytest.raises(LookupError, match="the block"):
        await serve()
    assert all(task is asyncio.current_task() for task in asyncio.all_tasks())


async def test_each_step_is_a_beat_and_a_loop_that_hangs_is_late() -> None:
    loops = Loops([Loop("steps", Steps(), 0.0)])
    async with loops.running():
        await eventually(lambda: _beat(loops), bool)
        assert loops.late() == []
    loops.beats["steps"] -= 61
    assert loops.late() == ["steps"]


async def _beat(loops: Loops) -> float | None:
    return loops.beats.get("steps")
