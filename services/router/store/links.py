"""Which links were revoked, when, why and by whom; links themselves are not stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from services.router.domain.links import Revoked
from services.router.store.tables import link_revocation
from shared.db import Transaction


class LinkTable:
    """Revocations; none is ever taken back."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def revoke(self, revoked: Revoked) -> None:
        """Keep a revocation."""
        row = {
            "assignment_id": revoked.assignment_id,
            "notification_id": revoked.notification_id,
            "reason": revoked.reason,
            "actor_kind": revoked.actor.kind,
            "actor": revoked.actor.code,
            "revoked_at": revoked.at,
        }
        await self._tx.connection.execute(link_revocation.insert().inline(), row)

    async def revoked_at(self, assignment_id: UUID, notification_id: UUID) -> datetime | None:
        """When the link of this message was first revoked, by itself or with all of its assignment's."""
        revoked = link_revocation.c
        of_it = or_(revoked.notification_id.is_(None), revoked.notification_id == notification_id)
        query = select(revoked.revoked_at).where(revoked.assignment_id == assignment_id, of_it)
        first: datetime | None = await self._tx.connection.scalar(query.order_by(revoked.seq).limit(1))
        return first
