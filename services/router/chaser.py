"""Background work: lets the clocks of assignments ring, one after the other, each once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.router.ports import Transaction
from services.router.use_cases.chasing import RingClock
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.envelope import Origin
from shared.log import get_logger, where

log = get_logger()
TRY_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Chase:
    """Claims the clock that rang first and does what it calls for, in one transaction: after a crash it rings again."""

    database: Database
    stores: Callable[[DatabaseTransaction], Transaction]
    ring: RingClock

    async def run_once(self) -> bool:
        """Let at most one clock ring; whether there may be more."""
        async with self.database.begin(Origin(str(self.database.new_id()))) as transaction:
            tx = self.stores(transaction)
            due = await tx.clocks.due()
            if due is None:
                return False
            try:
                async with transaction.connection.begin_nested():
                    await self.ring(tx, due)
            except Exception as error:  # one clock that cannot ring must not keep all others from ringing
                await tx.clocks.postpone(due.clock, TRY_AGAIN)
                place = where(error.__traceback__)[-3:]
                log.warning("clock.failed", assignment_id=str(due.offer.id), error=type(error).__name__, where=place)
        return True
