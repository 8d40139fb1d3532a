"""Repeating a step while the database is away, so that what was sent is also recorded."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from shared.log import get_logger

log = get_logger()
# Trying these again cannot help: the statement itself is wrong.
OURS = (DataError, IntegrityError, ProgrammingError)


@dataclass(frozen=True, slots=True)
class InsistOnDatabase:
    """Repeats a step until it ends or we are stopped, after pauses that grow from `pause_min_s` to `pause_max_s`."""

    pause_min_s: float = 0.1
    pause_max_s: float = 5.0

    async def __call__(self, step: Callable[[], Awaitable[None]]) -> None:
        """Raises what `step` raises, but for signs that the database is away."""
        pause = self.pause_min_s
        while True:
            try:
                return await step()
            except OURS:
                raise
            except (SQLAlchemyError, OSError) as away:
                log.warning("recording.delayed", error=type(away).__name__, seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, self.pause_max_s)
