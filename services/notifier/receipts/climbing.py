"""The loop that takes the next way of telling a service when a clock has run out."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.notifier.ports import Begin
from services.notifier.use_cases.ladder import Climb
from shared.envelope import Origin
from shared.log import get_logger, where

log = get_logger()
AT_ONCE = 50
TRY_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ClimbDue:
    """Climbs for each assignment of which a clock has run out, each in a transaction of its own."""

    begin: Begin
    climb: Climb

    async def run_once(self) -> bool:
        """Climb for at most fifty clocks; whether there may be more."""
        async with self.begin(Origin("ladder")) as tx:
            due = await tx.ladder.due(AT_ONCE, await tx.present())
        for assignment_id, origin in due:
            await self._climb(assignment_id, origin)
        return len(due) == AT_ONCE

    async def _climb(self, assignment_id: UUID, origin: Origin) -> None:
        try:
            async with self.begin(origin) as tx:
                await self.climb(tx, assignment_id)
        except Exception as error:  # one assignment that cannot be gone on with must not keep the others waiting
            # With the database away this fails too, and the loop says so.
            async with self.begin(origin) as tx:
                now = await tx.present()
                await tx.ladder.put_off(assignment_id, now, now + TRY_AGAIN)
            place = where(error.__traceback__)[-3:]
            log.warning("ladder.failed", assignment_id=str(assignment_id), error=type(error).__name__, where=place)
