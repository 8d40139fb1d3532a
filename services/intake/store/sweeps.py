"""Which referrals await news for too long, and handing their events out again."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from services.intake.domain.progress import Awaited
from services.intake.domain.status import patience
from services.intake.ports import Overdue
from services.intake.store.tables import outbox, referral
from shared.db import Transaction
from shared.outbox import hand_out_again


class SweepTable:
    """Overdue referrals of one open transaction (services/intake/ports.py)."""

    def __init__(self, tx: Transaction, first_patience: timedelta) -> None:
        self._tx = tx
        self._first_patience = first_patience

    async def waiting(self) -> int:
        """How many of our events have not left yet."""
        query = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
        return int(await self._tx.connection.scalar(query) or 0)

    async def overdue(self, limit: int) -> Sequence[Overdue]:
        """Up to `limit` referrals whose patience has run out, by the database's clock, the longest overdue first.

        They are ours until the transaction ends; those that another process is changing are passed over.
        """
        query = (
            select(referral.c.id, referral.c.reference, referral.c.sweeps, referral.c.awaited)
            .where(referral.c.sweep_at <= self._tx.instant)
            .order_by(referral.c.sweep_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = (await self._tx.connection.execute(query)).mappings()
        return [Overdue(**{**row, "awaited": Awaited(row["awaited"])}) for row in rows]

    async def hand_out_again(self, overdue: Sequence[Overdue]) -> int:
        """Let every event of these referrals leave once more, and wait twice as long before the next time."""
        for sweeps, of in {(each.sweeps, each.awaited) for each in overdue}:
            wait = patience(self._first_patience, sweeps + 1, of)
            ids = [each.id for each in overdue if (each.sweeps, each.awaited) == (sweeps, of)]
            later = None if wait is None else self._tx.database.instant_in(wait.total_seconds())
            changed = referral.update().where(referral.c.id.in_(ids)).values(sweeps=sweeps + 1, sweep_at=later)
            await self._tx.connection.execute(changed)
        return await hand_out_again(self._tx, outbox.c.key.in_([str(each.id) for each in overdue]))

    async def stuck(self, after: int) -> int:
        """How many referrals were swept `after` times or more and still lack news that must come."""
        lacking = referral.c.sweep_at.is_not(None) & (referral.c.awaited == Awaited.MUST)
        query = select(func.count()).where(lacking, referral.c.sweeps >= after)
        return int(await self._tx.connection.scalar(query) or 0)
