"""Keeps background work going: step after step, through failures, until it is told to stop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from shared.backoff import Backoff
from shared.log import get_logger, where
from shared.metrics import LOOP_FAILURES
from shared.service import Loop

FAILURE_BACKOFF = Backoff(first_s=0.2, ceiling_s=5)
STOP_GRACE_S = 2.0
LATE_AFTER_S = 60.0


class Loops:
    """Several loops and the instants (of the event loop's clock) at which each last began or ended a step."""

    def __init__(self, loops: Sequence[Loop]) -> None:
        self._loops = tuple(loops)
        self.beats: dict[str, float] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them while the block runs. A step still going two seconds after that is cancelled."""
        stop = asyncio.Event()
        # Not a TaskGroup: it would wrap a fault of the block, such as a wrong setting, in a group.
        tasks = [asyncio.create_task(keep(loop, stop, self.beats), name=loop.name) for loop in self._loops]
        try:
            yield
        finally:
            stop.set()
            await _finish(tasks)

    def late(self) -> list[str]:
        """The loops that have not moved for a minute more than they may idle: the process should be restarted."""
        now = asyncio.get_running_loop().time()
        return [loop.name for loop in self._loops if now - self.beats.get(loop.name, now) > loop.idle_s + LATE_AFTER_S]


async def keep(loop: Loop, stop: asyncio.Event, beats: dict[str, float]) -> None:
    """Repeat `loop` until `stop` is set, then close it."""
    failures = 0
    try:
        while not stop.is_set():
            if loop.wake is not None:
                # Before the step, so that what arrives while it runs is not forgotten.
                loop.wake.clear()
            pause_s, failures = await _step(loop, failures)
            # Work that never has to wait for anything must not keep the others, or a stop, from their turn.
            await asyncio.sleep(0)
            beats[loop.name] = asyncio.get_running_loop().time()
            if pause_s and failures:
                await wait_for_any(pause_s, stop)
            elif pause_s:
                await wait_for_any(pause_s, stop, loop.wake)
    finally:
        if loop.close is not None:
            await loop.close()


async def wait_for_any(timeout_s: float, *events: asyncio.Event | None) -> None:
    """Return when one of `events` is set, at the latest after `timeout_s`."""
    waiters = [asyncio.ensure_future(event.wait()) for event in events if event is not None]
    try:
        await asyncio.wait(waiters, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()


async def _step(loop: Loop, failures: int) -> tuple[float, int]:
    """One step: the pause after it in seconds, and how many steps have now failed in a row."""
    try:
        more = await loop.work.run_once()
    except Exception as error:  # a loop that died would be noticed by nobody; one that fails says so and goes on
        LOOP_FAILURES.labels(loop.name).inc()
        _tell(loop, error, failures + 1)
        return FAILURE_BACKOFF.delay_s(failures + 1), failures + 1
    if failures:
        get_logger().info("loop.recovered", loop=loop.name, attempts=failures)
    return (0.0 if more else loop.idle_s), 0


def _tell(loop: Loop, error: Exception, failures: int) -> None:
    """Log the 1st, 2nd, 4th, 8th… failure in a row: an outage of hours must not fill the disk."""
    if failures & (failures - 1) == 0:
        code = getattr(error, "code", None)
        place = where(error.__traceback__)[-3:]
        get_logger().warning(
            "loop.failed", loop=loop.name, error=type(error).__name__, code=code, attempts=failures, where=place
        )


async def _finish(tasks: Sequence[asyncio.Task[None]]) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=STOP_GRACE_S)
    for task in late:
        task.cancel()
    for task, end in zip(tasks, await asyncio.gather(*tasks, return_exceptions=True), strict=True):
        if isinstance(end, Exception):
            get_logger().warning("loop.left_open", loop=task.get_name(), error=type(end).__name__)
