"""Holds in the database, shared by all workers, and the messages that wait behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, false, func, or_, select, true, tuple_

from services.notifier.domain.failure import Failure
from services.notifier.domain.hold import Barred, Hold, Kind, Scope
from services.notifier.domain.notification import Channel, Notification, Purpose, State
from services.notifier.ports import Backlog
from services.notifier.store.rows import notification_of
from services.notifier.store.tables import FAILED_BY_THE_WAY, OPEN, attempt, hold, notification
from shared.db import Transaction

FAILURES_READ = 100
QUEUED = notification.c.state == State.QUEUED.value
UNNOTICED = and_(notification.c.unsure == 0, func.coalesce(notification.c.reason, "") != Failure.HELD.value)


@dataclass(frozen=True, slots=True)
class HoldStore:
    """`services.notifier.ports.Holds` within one transaction."""

    tx: Transaction

    async def open(self, opened: Hold) -> bool:
        """Keep it unless its like stands."""
        row = {
            "id": opened.id,
            "scope": opened.scope.value,
            "subject": opened.subject,
            "address": opened.address,
            "kind": opened.kind.value,
            "reason": opened.reason,
            "code": opened.code[:32] if opened.code else None,
            "stopped_by": opened.by,
            "since": opened.since,
            "probe_at": opened.probe_at,
            "probes": opened.probes,
        }
        insert = self.tx.insert(hold).values(row).on_conflict_do_nothing().returning(hold.c.id)
        return (await self.tx.connection.execute(insert)).first() is not None

    async def standing(self) -> Sequence[Hold]:
        """Oldest first."""
        query = select(hold).where(hold.c.ended_at.is_(None)).order_by(hold.c.since, hold.c.id)
        return [_hold(row) for row in (await self.tx.connection.execute(query)).mappings()]

    async def get(self, hold_id: UUID) -> Hold | None:
        """One that stands, its row locked."""
        query = select(hold).where(hold.c.id == hold_id, hold.c.ended_at.is_(None)).with_for_update()
        row = (await self.tx.connection.execute(query)).mappings().first()
        return _hold(row) if row else None

    async def take_probe(self, hold_id: UUID, now: datetime) -> Hold | None:
        """Lock it unless another worker has."""
        due = and_(hold.c.id == hold_id, hold.c.ended_at.is_(None), hold.c.probe_at <= now)
        query = select(hold).where(due).with_for_update(skip_locked=True)
        row = (await self.tx.connection.execute(query)).mappings().first()
        return _hold(row) if row else None

    async def probed(self, hold_id: UUID, next_at: datetime) -> None:
        """Count the probe."""
        update = hold.update().where(hold.c.id == hold_id).values(probe_at=next_at, probes=hold.c.probes + 1)
        await self.tx.connection.execute(update)

    async def end(self, hold_id: UUID, at: datetime, reason: str, by: str | None) -> bool:
        """End it unless it has ended."""
        standing = and_(hold.c.id == hold_id, hold.c.ended_at.is_(None))
        update = hold.update().where(standing).values(ended_at=at, ended_reason=reason, ended_by=by)
        return (await self.tx.connection.execute(update)).rowcount == 1

    async def failures(self, way: str, channel: Channel, since: datetime) -> Sequence[tuple[str, str | None]]:
        """Read from the attempts themselves, so that every process counts the same."""
        breakers = and_(hold.c.scope == Scope.WAY.value, hold.c.subject == way, hold.c.kind == Kind.BREAKER.value)
        ended = (await self.tx.connection.execute(select(func.max(hold.c.ended_at)).where(breakers))).scalar_one()
        digest = notification.c.digest_id
        query = (
            # The attempts of a digest's messages are one.
            select(attempt.c.outcome, attempt.c.code, attempt.c.number, func.coalesce(digest, notification.c.id))
            .distinct()
            .join(notification, notification.c.id == attempt.c.notification_id)
            .where(FAILED_BY_THE_WAY, attempt.c.ended_at > max(since, ended or since))
            .where(notification.c.channel == channel.value)
            .limit(FAILURES_READ)
        )
        return [(row.outcome, row.code) for row in await self.tx.connection.execute(query)]

    async def backlog(self, barred: Barred) -> Backlog:
        """Counted over the open messages alone."""
        query = select(func.count(), func.min(notification.c.planned_at)).where(OPEN, QUEUED, is_barred(barred))
        count, oldest = (await self.tx.connection.execute(query)).one()
        return Backlog(count, oldest)

    async def kept(self, barred: Barred, limit: int) -> Sequence[Notification]:
        """Their rows locked, in the order in which they would leave."""
        return await self._queued(is_barred(barred), limit)

    async def unnoticed(self, barred: Barred, priorities: Sequence[str], limit: int) -> Sequence[Notification]:
        """Whose reason is another; what may have been taken keeps its reason, which says what is to be done next."""
        return await self._queued(and_(is_barred(barred), UNNOTICED, notification.c.priority.in_(priorities)), limit)

    async def offers_kept(
        self, barred: Barred, priority: str, planned_by: datetime, due_by: datetime, limit: int
    ) -> Sequence[Notification]:
        """By two instants, for each probe moves the one at which a message can leave."""
        columns = notification.c
        offers = and_(columns.purpose == Purpose.OFFER.value, columns.priority == priority)
        waited = and_(columns.planned_at <= planned_by, columns.try_at <= due_by)
        return await self._queued(and_(is_barred(barred), UNNOTICED, offers, waited), limit)

    async def _queued(self, which: ColumnElement[bool], limit: int) -> Sequence[Notification]:
        query = (
            select(notification)
            .where(OPEN, QUEUED, which)
            .order_by(notification.c.priority, notification.c.reply_by, notification.c.planned_at, notification.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [notification_of(row) for row in (await self.tx.connection.execute(query)).mappings()]


def is_barred(barred: Barred) -> ColumnElement[bool]:
    """The condition that `Barred.keeps` is, on rows."""
    if barred.everything:
        return true()
    columns = notification.c
    hook = and_(
        columns.channel == Channel.WEBHOOK.value, tuple_(columns.service_id, columns.address).in_(sorted(barred.hooks))
    )
    return or_(
        columns.channel.in_(sorted(barred.channels)) if barred.channels else false(),
        columns.wording.in_(sorted(barred.templates)) if barred.templates else false(),
        columns.service_id.in_(sorted(barred.services)) if barred.services else false(),
        hook if barred.hooks else false(),
    )


def _hold(row: RowMapping) -> Hold:
    return Hold(
        id=row["id"],
        scope=Scope(row["scope"]),
        subject=row["subject"],
        kind=Kind(row["kind"]),
        reason=row["reason"],
        since=row["since"],
        code=row["code"],
        by=row["stopped_by"],
        address=row["address"],
        probe_at=row["probe_at"],
        probes=row["probes"],
    )
