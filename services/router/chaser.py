"""Background work: lets the clocks of assignments ring, one after the other, each once, and looks for what none has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Gauge

from services.router.domain.watch import Unowned
from services.router.ports import Transaction
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.holding import ReviewHeld
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.envelope import Origin
from shared.log import get_logger, where

log = get_logger()
LOOKED_AT = 100
UNOWNED = Gauge("waymark_unowned", "Needs that nobody has, and live assignments without a next clock: always 0.")
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


@dataclass(frozen=True, slots=True)
class Reviews:
    """Claims the referral that is to be looked at first, and tells so, in one transaction."""

    database: Database
    stores: Callable[[DatabaseTransaction], Transaction]
    review: ReviewHeld

    async def run_once(self) -> bool:
        """Tell of at most one referral; whether there may be more."""
        async with self.database.begin(Origin(str(self.database.new_id()))) as transaction:
            tx = self.stores(transaction)
            due = await tx.referrals.due_for_review()
            if due is None:
                return False
            try:
                async with transaction.connection.begin_nested():
                    await self.review(tx, due)
            except Exception as error:  # one referral of which nothing can be told must not keep all others waiting
                await tx.referrals.review(due.referral_id, due.at + TRY_AGAIN)
                place = where(error.__traceback__)[-3:]
                log.warning("review.failed", referral_id=str(due.referral_id), error=type(error).__name__, where=place)
        return True


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Looks for needs that nobody has, and for live assignments of which nothing is awaited; there should be none."""

    database: Database
    stores: Callable[[DatabaseTransaction], Transaction]

    async def run_once(self) -> bool:
        """Tell the log of what was found; there is never more to do at once."""
        found = await self.unowned()
        UNOWNED.set(len(found))
        for each in found:
            assignment_id = str(each.assignment_id) if each.assignment_id else None
            log.error(
                "referral.unowned", referral_id=str(each.referral_id), assignment_id=assignment_id, code=each.need
            )
        return False

    async def unowned(self) -> Sequence[Unowned]:
        """What has neither owner nor clock at this moment, at most a hundred of each."""
        async with self.database.begin(Origin(str(self.database.new_id()))) as transaction:
            return await self.stores(transaction).watch.unowned(LOOKED_AT)
