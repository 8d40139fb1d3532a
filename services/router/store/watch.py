"""What has fallen between two stools: needs in nobody's hands, and assignments nobody is reminded of."""

from collections.abc import Sequence

from sqlalchemy import case, exists, func, or_, select

from services.router.domain.assignment import LIVE
from services.router.domain.chase import TICKING
from services.router.domain.watch import Unowned
from services.router.store.tables import assignment, assignment_need, clock, referral
from shared.db import Transaction


class WatchQueries:
    """Questions about everything that is stored; each should find nothing."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def unowned(self, limit: int) -> Sequence[Unowned]:
        """Needs that nobody has, and live assignments without a ticking clock; at most `limit` of each."""
        return [*await self._needs(limit), *await self._assignments(limit)]

    async def _needs(self, limit: int) -> Sequence[Unowned]:
        need = assignment_need.c
        in_hand_or_ended = case((or_(need.live, need.done), 1), else_=0)
        query = (
            select(referral.c.id, referral.c.reference, need.need)
            .join_from(assignment_need, referral, referral.c.id == need.referral_id)
            .where(referral.c.cancelled_at.is_(None))
            .group_by(referral.c.id, referral.c.reference, need.need)
            .having(func.sum(in_hand_or_ended) == 0)
            .order_by(referral.c.id, need.need)
            .limit(limit)
        )
        rows = await self._tx.connection.execute(query)
        return [Unowned(row.id, row.reference, need=row.need) for row in rows]

    async def _assignments(self, limit: int) -> Sequence[Unowned]:
        ticks = exists().where(clock.c.assignment_id == assignment.c.id, clock.c.state.in_(TICKING))
        query = (
            select(assignment.c.id, assignment.c.referral_id, assignment.c.reference)
            .where(assignment.c.state.in_(LIVE), ~ticks)
            .order_by(assignment.c.id)
            .limit(limit)
        )
        rows = await self._tx.connection.execute(query)
        return [Unowned(row.referral_id, row.reference, assignment_id=row.id) for row in rows]
