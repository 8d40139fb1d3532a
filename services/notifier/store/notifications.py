"""Messages and their attempts in the database: planned once, claimed by one, recorded by whoever claimed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, and_, bindparam, func, not_, or_, select, true

from services.notifier.domain.hold import NOTHING, Barred
from services.notifier.domain.notification import Channel, Notification, State
from services.notifier.domain.quiet import QUIET
from services.notifier.ports import Attempt, Claim, Lane, Search
from services.notifier.store.holds import is_barred
from services.notifier.store.rows import attempt_of, changes_of, notification_of, origin_of, row_of
from services.notifier.store.tables import OPEN, attempt, notification
from shared.db import Transaction

LOST = "lost"


@dataclass(frozen=True, slots=True)
class NotificationStore:
    """`services.notifier.ports.Notifications` within one transaction."""

    tx: Transaction

    async def add(self, planned: Notification) -> bool:
        """Store a planned message unless its id or its contact's message exists."""
        origin = self.tx.origin
        row = row_of(planned) | {
            "correlation_id": origin.correlation_id,
            "causation_id": origin.causation_id,
            "traceparent": origin.traceparent,
        }
        insert = self.tx.insert(notification).values(row).on_conflict_do_nothing().returning(notification.c.id)
        return (await self.tx.connection.execute(insert)).first() is not None

    async def claim(
        self, lane: Lane, now: datetime, barred: Barred = NOTHING, only: Channel | None = None
    ) -> Sequence[Claim]:
        """Lock what is due, skipping what another worker has locked, and begin an attempt on each."""
        table = notification.c
        due = and_(table.state == State.QUEUED.value, table.try_at <= now)
        orphaned = and_(table.state == State.SENDING.value, table.lease_until <= now)
        query = (
            select(notification)
            .where(OPEN, table.priority.in_(lane.priorities), or_(due, orphaned), not_(is_barred(barred)))
            .where(table.digest_id.is_(None), func.coalesce(table.reason, "") != QUIET)
            .where(table.channel == only.value if only else true())
            .order_by(table.priority, table.reply_by, table.planned_at, table.id)
            .limit(lane.width)
            .with_for_update(skip_locked=True)
        )
        return await self.begin((await self.tx.connection.execute(query)).mappings().all(), lane, now)

    async def begin(self, rows: Sequence[RowMapping], lane: Lane, now: datetime) -> Sequence[Claim]:
        """Begin an attempt on each of `rows`, which this transaction has locked."""
        before = [notification_of(row) for row in rows]
        await self._close_lost([message for message in before if message.state is State.SENDING], now)
        claimed = [message.claimed() for message in before]
        await self._begin_attempts(claimed, now, now + lane.lease)
        return [Claim(message, origin_of(row)) for message, row in zip(claimed, rows, strict=True)]

    async def end_attempt(self, ended: Notification, outcome: str, at: datetime, code: str | None) -> bool:
        """Change the row only while it is still on this very attempt."""
        current = and_(
            notification.c.id == ended.id,
            notification.c.state == State.SENDING.value,
            notification.c.attempts == ended.attempts,
        )
        changes = changes_of(ended) | {"lease_until": None}
        # The next way may have been taken while this was being sent.
        del changes["moved_on"]
        result = await self.tx.connection.execute(notification.update().where(current).values(changes))
        if result.rowcount != 1:
            return False
        await self._close(ended.id, ended.attempts, outcome, at, code)
        return True

    async def save(self, changed: Notification) -> None:
        """Store the changed values."""
        update = notification.update().where(notification.c.id == changed.id).values(changes_of(changed))
        await self.tx.connection.execute(update)

    async def add_call(self, rung: Notification, call: Attempt) -> None:
        """Store the changed values and the call."""
        await self.save(rung)
        row = {
            "notification_id": rung.id,
            "number": call.number,
            "started_at": call.started_at,
            "ended_at": call.ended_at,
            "outcome": call.outcome,
            "code": call.code,
            "rung_by": call.rung_by,
        }
        await self.tx.connection.execute(attempt.insert().values(row))

    async def get(self, notification_id: UUID) -> Notification | None:
        """One message, its row locked."""
        query = select(notification).where(notification.c.id == notification_id).with_for_update()
        row = (await self.tx.connection.execute(query)).mappings().first()
        return notification_of(row) if row else None

    async def of_assignment(self, assignment_id: UUID) -> Sequence[Notification]:
        """All messages about an assignment, their rows locked in the order of their ids."""
        query = select(notification).where(notification.c.assignment_id == assignment_id)
        rows = await self.tx.connection.execute(query.order_by(notification.c.id).with_for_update())
        return [notification_of(row) for row in rows.mappings()]

    async def waiting_of_referral(self, referral_id: UUID) -> Sequence[Notification]:
        """What is queued or waits for a call, its rows locked in the order of their ids."""
        waiting = notification.c.state.in_((State.QUEUED.value, State.AWAITING_CALL.value))
        query = select(notification).where(notification.c.referral_id == referral_id, waiting)
        rows = await self.tx.connection.execute(query.order_by(notification.c.id).with_for_update())
        return [notification_of(row) for row in rows.mappings()]

    async def find(self, search: Search) -> Sequence[tuple[Notification, Sequence[Attempt]]]:
        """Messages, newest first, each with its attempts in order."""
        query = select(notification).order_by(notification.c.planned_at.desc(), notification.c.id).limit(search.limit)
        if search.reference is not None:
            query = query.where(notification.c.reference == search.reference)
        if search.assignment_id is not None:
            query = query.where(notification.c.assignment_id == search.assignment_id)
        if search.state is not None:
            query = query.where(notification.c.state == search.state.value)
        rows = (await self.tx.connection.execute(query)).mappings().all()
        attempts = await self._attempts([row["id"] for row in rows])
        return [(notification_of(row), attempts.get(row["id"], ())) for row in rows]

    async def read(self, notification_id: UUID) -> tuple[Notification, Sequence[Attempt]] | None:
        """One message with its attempts."""
        query = select(notification).where(notification.c.id == notification_id)
        row = (await self.tx.connection.execute(query)).mappings().first()
        if row is None:
            return None
        return notification_of(row), (await self._attempts([notification_id])).get(notification_id, ())

    async def _begin_attempts(self, claimed: Sequence[Notification], now: datetime, lease_until: datetime) -> None:
        if not claimed:
            return
        update = notification.update().where(notification.c.id == bindparam("which"))
        rows = [changes_of(message) | {"which": message.id, "lease_until": lease_until} for message in claimed]
        await self.tx.connection.execute(update, rows)
        begun = [{"notification_id": message.id, "number": message.attempts, "started_at": now} for message in claimed]
        await self.tx.connection.execute(attempt.insert(), begun)

    async def _close_lost(self, orphaned: Sequence[Notification], now: datetime) -> None:
        for message in orphaned:
            await self._close(message.id, message.attempts, LOST, now, None)

    async def _close(self, notification_id: UUID, number: int, outcome: str, at: datetime, code: str | None) -> None:
        which = and_(attempt.c.notification_id == notification_id, attempt.c.number == number)
        await self.tx.connection.execute(
            attempt.update().where(which).values(ended_at=at, outcome=outcome, code=code[:32] if code else None)
        )

    async def _attempts(self, ids: Sequence[UUID]) -> dict[UUID, list[Attempt]]:
        query = select(attempt).where(attempt.c.notification_id.in_(ids)).order_by(attempt.c.number)
        found: dict[UUID, list[Attempt]] = {}
        for row in (await self.tx.connection.execute(query)).mappings():
            found.setdefault(row["notification_id"], []).append(attempt_of(row))
        return found
