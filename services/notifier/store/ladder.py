"""The ladder's clocks and ends, and the contacts that nothing may be sent to, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select

from services.notifier.domain.notification import Channel
from services.notifier.ports.receipts import Suppressed
from services.notifier.store.rows import origin_of
from services.notifier.store.tables import CLOCK, ladder_end, notification, suppression
from shared.db import Transaction
from shared.envelope import Origin


@dataclass(frozen=True, slots=True)
class LadderStore:
    """`services.notifier.ports.Ladder` within one transaction."""

    tx: Transaction

    async def due(self, limit: int, now: datetime) -> Sequence[tuple[UUID, Origin]]:
        """Not locked: whoever comes second finds the clock stopped."""
        query = (
            select(notification).where(CLOCK, notification.c.confirm_by <= now).order_by(notification.c.confirm_by)
        ).limit(limit)
        rows = (await self.tx.connection.execute(query)).mappings()
        return list({row["assignment_id"]: (row["assignment_id"], origin_of(row)) for row in rows}.values())

    async def put_off(self, assignment_id: UUID, now: datetime, until: datetime) -> None:
        """Set those that have run out forward."""
        run_out = and_(notification.c.assignment_id == assignment_id, CLOCK, notification.c.confirm_by <= now)
        await self.tx.connection.execute(notification.update().where(run_out).values(confirm_by=until))

    async def end(self, assignment_id: UUID, reason: str, at: datetime) -> bool:
        """Insert unless it is there."""
        row = {"assignment_id": assignment_id, "reason": reason, "ended_at": at}
        insert = self.tx.insert(ladder_end).values(row).on_conflict_do_nothing().returning(ladder_end.c.assignment_id)
        return (await self.tx.connection.execute(insert)).first() is not None

    async def has_ended(self, assignment_id: UUID) -> bool:
        """Whether it is there."""
        query = select(ladder_end.c.reason).where(ladder_end.c.assignment_id == assignment_id)
        return await self.tx.connection.scalar(query) is not None


@dataclass(frozen=True, slots=True)
class SuppressionStore:
    """`services.notifier.ports.Suppressions` within one transaction."""

    tx: Transaction

    async def add(self, contact: str, reason: str, notification_id: UUID, at: datetime) -> bool:
        """Insert unless one is in force."""
        row = {"contact": contact, "reason": reason, "notification_id": notification_id, "since": at}
        insert = self.tx.insert(suppression).values(row).on_conflict_do_nothing().returning(suppression.c.seq)
        return (await self.tx.connection.execute(insert)).first() is not None

    async def among(self, contacts: Sequence[str]) -> frozenset[str]:
        """Those in force of `contacts`."""
        if not contacts:
            return frozenset()
        query = select(suppression.c.contact).where(suppression.c.lifted_at.is_(None))
        found = await self.tx.connection.scalars(query.where(suppression.c.contact.in_(contacts)))
        return frozenset(found)

    async def in_force(self, limit: int) -> Sequence[Suppressed]:
        """All in force, newest first, with the message that each comes from."""
        joined = suppression.join(notification, notification.c.id == suppression.c.notification_id)
        about = (notification.c.service_id, notification.c.channel, notification.c.address)
        query = (
            select(suppression, *about)
            .select_from(joined)
            .where(suppression.c.lifted_at.is_(None))
            .order_by(suppression.c.seq.desc())
            .limit(limit)
        )
        return [
            Suppressed(
                contact=row["contact"],
                service_id=row["service_id"],
                channel=Channel(row["channel"]),
                address=row["address"],
                reason=row["reason"],
                since=row["since"],
            )
            for row in (await self.tx.connection.execute(query)).mappings()
        ]

    async def lift(self, contact: str, by: str, because: str, at: datetime) -> bool:
        """End the one in force."""
        current = and_(suppression.c.contact == contact, suppression.c.lifted_at.is_(None))
        values = {"lifted_at": at, "lifted_by": by, "lifted_because": because}
        result = await self.tx.connection.execute(suppression.update().where(current).values(values))
        return result.rowcount == 1
