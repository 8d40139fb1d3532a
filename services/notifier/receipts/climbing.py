"""The loop that takes the next way of telling a service when a clock has run out."""

from dataclasses import dataclass

from services.notifier.ports import Begin
from services.notifier.use_cases.ladder import Climb
from shared.envelope import Origin

AT_ONCE = 50


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
            async with self.begin(origin) as tx:
                await self.climb(tx, assignment_id)
        return len(due) == AT_ONCE
