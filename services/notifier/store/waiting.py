"""Messages that wait for the end of quiet hours or for a digest, and texts that a number has had, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, not_, or_, select

from services.notifier.domain.guard import TextSent
from services.notifier.domain.hold import Barred
from services.notifier.domain.notification import Notification, State
from services.notifier.domain.quiet import QUIET
from services.notifier.ports import Claim, Lane
from services.notifier.store.holds import QUEUED, is_barred
from services.notifier.store.notifications import NotificationStore
from services.notifier.store.rows import changes_of, notification_of
from services.notifier.store.tables import IS_TEXT, OPEN, attempt, notification
from shared.db import Transaction


@dataclass(frozen=True, slots=True)
class WaitingStore:
    """`services.notifier.ports.Waiting` within one transaction."""

    tx: Transaction

    async def put_back(self, claimed: Notification, waiting: Notification, digest: UUID | None) -> None:
        """Forget the attempt that was begun with the claim."""
        changes = changes_of(waiting) | {"lease_until": None, "digest_id": digest}
        await self.tx.connection.execute(notification.update().where(notification.c.id == claimed.id).values(changes))
        begun = and_(attempt.c.notification_id == claimed.id, attempt.c.number == claimed.attempts)
        await self.tx.connection.execute(attempt.delete().where(begun))

    async def quiet_is_over(self, now: datetime, limit: int) -> Sequence[Notification]:
        """Their rows locked, those with the nearest deadlines first."""
        columns = notification.c
        query = (
            select(notification)
            .where(OPEN, QUEUED, columns.reason == QUIET, columns.try_at <= now)
            .order_by(columns.reply_by, columns.planned_at, columns.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [notification_of(row) for row in (await self.tx.connection.execute(query)).mappings()]

    async def texts_since(self, address: str, since: datetime, undecided: Sequence[UUID]) -> Sequence[TextSent]:
        """Those that are on their way count as sent now."""
        columns = notification.c
        sending = and_(columns.state == State.SENDING.value, columns.id.not_in(undecided))
        sent_at = func.coalesce(columns.sent_at, columns.try_at)
        query = select(columns.wording, columns.reference, sent_at.label("at")).where(
            IS_TEXT, columns.address == address, or_(columns.sent_at > since, sending)
        )
        rows = await self.tx.connection.execute(query)
        return [TextSent(row.wording, row.reference, row.at) for row in rows]

    async def claim_digest(self, lane: Lane, now: datetime, barred: Barred) -> tuple[UUID, Sequence[Claim]] | None:
        """Its rows locked in the order of their ids, so that of two workers one gets all and the other none."""
        columns = notification.c
        due = and_(QUEUED, columns.try_at <= now)
        orphaned = and_(columns.state == State.SENDING.value, columns.lease_until <= now)
        ready = and_(OPEN, or_(due, orphaned), not_(is_barred(barred)))
        first = select(columns.digest_id).where(ready, columns.digest_id.is_not(None)).order_by(columns.try_at).limit(1)
        digest: UUID | None = (await self.tx.connection.execute(first)).scalar_one_or_none()
        if digest is None:
            return None
        query = select(notification).where(ready, columns.digest_id == digest).order_by(columns.id).with_for_update()
        rows = (await self.tx.connection.execute(query)).mappings().all()
        return (digest, await NotificationStore(self.tx).begin(rows, lane, now)) if rows else None
