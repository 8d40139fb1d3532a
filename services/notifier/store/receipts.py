"""What providers reported, in the database: kept once, applied once; and which messages they are to be asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, and_, select

from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.notification import Notification
from services.notifier.ports.receipts import Asking, Kept, Quarantined
from services.notifier.store.rows import notification_of, origin_of
from services.notifier.store.tables import ASKED, LOOKED_AT, notification, receipt
from shared.db import Transaction
from shared.envelope import Origin

WAITING, QUARANTINED = "waiting", "quarantined"


@dataclass(frozen=True, slots=True)
class ReceiptStore:
    """`services.notifier.ports.Receipts` within one transaction."""

    tx: Transaction

    async def add(self, report: Report, at: datetime) -> bool:
        """Insert, unless the same status of the same copy is there."""
        row = {
            "provider": report.provider,
            "message_id": report.message_id,
            "provider_id": report.provider_id,
            "status": report.status,
            "arrival": report.arrival and report.arrival.value,
            "is_complaint": report.is_complaint,
            "code": report.code,
            "at": report.at,
            "body": report.body,
            "state": WAITING,
            "kept_at": at,
            "look_at": at,
        }
        insert = self.tx.insert(receipt).values(row).on_conflict_do_nothing().returning(receipt.c.seq)
        return (await self.tx.connection.execute(insert)).first() is not None

    async def waiting(self, limit: int, now: datetime) -> Sequence[Kept]:
        """Those whose turn it is, with the origin of the message that they speak of."""
        known = receipt.outerjoin(notification, notification.c.id == receipt.c.message_id)
        origin = (notification.c.correlation_id, notification.c.causation_id, notification.c.traceparent)
        query = (
            select(receipt, *origin)
            .select_from(known)
            .where(LOOKED_AT, receipt.c.look_at <= now)
            .order_by(receipt.c.look_at, receipt.c.seq)
            .limit(limit)
        )
        return [_kept(row) for row in (await self.tx.connection.execute(query)).mappings()]

    async def meant(self, message_id: UUID) -> Sequence[Notification]:
        """The message's row, else its digest's, locked in the order of their ids."""
        for column in (notification.c.id, notification.c.digest_id):
            query = select(notification).where(column == message_id).order_by(notification.c.id).with_for_update()
            rows = (await self.tx.connection.execute(query)).mappings().all()
            if rows:
                return [notification_of(row) for row in rows]
        return []

    async def put_off(self, seq: int, until: datetime) -> None:
        """Have it looked at again at `until`."""
        await self.tx.connection.execute(receipt.update().where(receipt.c.seq == seq).values(look_at=until))

    async def close(self, seq: int, state: str) -> bool:
        """Close it unless another worker has."""
        current = and_(receipt.c.seq == seq, receipt.c.state == WAITING)
        result = await self.tx.connection.execute(receipt.update().where(current).values(state=state))
        return result.rowcount == 1

    async def quarantined(self, limit: int, since: datetime) -> Sequence[Quarantined]:
        """Newest first."""
        query = select(receipt).where(receipt.c.state == QUARANTINED, receipt.c.kept_at >= since)
        rows = await self.tx.connection.execute(query.order_by(receipt.c.seq.desc()).limit(limit))
        return [Quarantined(_report(row), row["kept_at"]) for row in rows.mappings()]

    async def claim_questions(self, limit: int, now: datetime, lease: timedelta) -> Sequence[Asking]:
        """Lock the messages to ask about, and leave them to this worker until the lease ends."""
        query = (
            select(notification)
            .where(ASKED, notification.c.ask_at <= now)
            .order_by(notification.c.ask_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = (await self.tx.connection.execute(query)).mappings().all()
        claimed = notification.c.id.in_([row["id"] for row in rows])
        if rows:
            await self.tx.connection.execute(notification.update().where(claimed).values(ask_at=now + lease))
        return [Asking(notification_of(row), origin_of(row)) for row in rows]


def _kept(row: RowMapping) -> Kept:
    origin = origin_of(row) if row["correlation_id"] else Origin("receipts")
    return Kept(row["seq"], _report(row), origin)


def _report(row: RowMapping) -> Report:
    return Report(
        provider=row["provider"],
        message_id=row["message_id"],
        provider_id=row["provider_id"],
        status=row["status"],
        arrival=Arrival(row["arrival"]) if row["arrival"] else None,
        is_complaint=row["is_complaint"],
        code=row["code"],
        at=row["at"],
        body=row["body"],
    )
