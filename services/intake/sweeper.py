"""Finds referrals of which nothing was heard for too long, and hands their events out again under the ids they had.

One sweep heals a loss at any hop: each service answers an event that it handled before by handing out again all that it
ever told of that referral. So losing every byte in the broker loses no referral, and no answer to one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from logging import INFO, WARNING

from prometheus_client import Counter, Gauge

from services.intake.domain.progress import Awaited
from services.intake.ports import Sweeps
from shared.db import Database, Transaction
from shared.envelope import Origin
from shared.log import get_logger

log = get_logger()
BATCH = 200
# With more than this waiting, news is late because of the queue; handing out more would only lengthen it.
WAITING_MAX = 500
STUCK_AFTER = 5
SWEPT = Counter("waymark_referrals_swept", "Times a referral's events were handed out again.")
STUCK = Gauge(
    "waymark_referrals_stuck", f"Referrals swept {STUCK_AFTER} times or more that still lack news that must come."
)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Work for a loop; any number of processes may do it side by side."""

    database: Database
    sweeps: Callable[[Transaction], Sweeps]

    async def run_once(self) -> bool:
        """Sweep at most one batch; whether there may be more."""
        origin = Origin(correlation_id=str(self.database.new_id()))
        async with self.database.begin(origin) as tx:
            sweeps = self.sweeps(tx)
            STUCK.set(await sweeps.stuck(STUCK_AFTER))
            if await sweeps.waiting() > WAITING_MAX:
                return False
            overdue = await sweeps.overdue(BATCH)
            count = await sweeps.hand_out_again(overdue) if overdue else 0
        SWEPT.inc(len(overdue))
        lacking = [each for each in overdue if each.awaited is Awaited.MUST]
        if overdue:
            log.log(WARNING if lacking else INFO, "referrals.swept", count=len(overdue), attempts=count)
        for each in lacking:
            if each.sweeps + 1 >= STUCK_AFTER:
                log.error("referral.got_stuck", referral_id=str(each.id), attempts=each.sweeps + 1)
        return len(overdue) == BATCH
