"""What has fallen between two stools: needs in nobody's hands, and assignments nobody is reminded of."""

from collections.abc import Sequence

from sqlalchemy import and_, case, exists, func, or_, select

from services.router.domain.assignment import LIVE
from services.router.domain.chase import TICKING
from services.router.domain.vocabulary import NeedState
from services.router.domain.watch import Unowned, unasked
from services.router.store.tables import assignment, assignment_need, clock, decision, referral
from shared.db import Transaction


class WatchQueries:
    """Questions about everything that is stored; each should find nothing."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def unowned(self, limit: int) -> Sequence[Unowned]:
        """Needs that nobody has, needs that were left to nobody and of which nobody is or will be asked, and live
        assignments without a ticking clock; at most `limit` of each."""
        return [*await self._needs(limit), *await self._left_over(limit), *await self._assignments(limit)]

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

    async def _left_over(self, limit: int) -> Sequence[Unowned]:
        """Of held needs somebody is asked again and again, of duplicates once."""
        newer = decision.alias()
        query = (
            select(referral.c.id, referral.c.reference, referral.c.reviewed_at, decision.c.document)
            .join_from(decision, referral, referral.c.id == decision.c.referral_id)
            .where(
                referral.c.cancelled_at.is_(None),
                referral.c.review_at.is_(None),
                or_(
                    decision.c.unplaced == NeedState.HELD.value,
                    and_(decision.c.unplaced == NeedState.DUPLICATE.value, referral.c.reviewed_at.is_(None)),
                ),
                ~exists().where(newer.c.referral_id == decision.c.referral_id, newer.c.sequence > decision.c.sequence),
            )
            .order_by(referral.c.id)
            .limit(limit)
        )
        rows = await self._tx.connection.execute(query)
        found = [(row, need) for row in rows for need in unasked(row.document, row.reviewed_at)]
        return [Unowned(row.id, row.reference, need=need) for row, need in found][:limit]

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
