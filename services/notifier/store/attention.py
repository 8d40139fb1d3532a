"""What a person has to see to, and how long the oldest message waits, read from the messages themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, exists, func, or_, select

from services.notifier.domain.guard import NUMBER_LIMIT
from services.notifier.domain.notification import Notification, State
from services.notifier.domain.quiet import DIGEST, QUIET, RELEASED
from services.notifier.ports import Backlog
from services.notifier.store.rows import notification_of
from services.notifier.store.tables import OPEN, attempt, closure, notification
from services.notifier.use_cases.operations import DEALT_WITH
from shared.db import Transaction

WAITS = (QUIET, DIGEST, NUMBER_LIMIT)


@dataclass(frozen=True, slots=True)
class AttentionStore:
    """`services.notifier.ports.Attention` within one transaction."""

    tx: Transaction

    async def failed(self, limit: int) -> Sequence[Notification]:
        """Oldest first."""
        columns = notification.c
        dealt_with = exists().where(attempt.c.notification_id == columns.id, attempt.c.outcome == DEALT_WITH)
        subjects = or_(closure.c.subject_id == columns.assignment_id, closure.c.subject_id == columns.referral_id)
        query = (
            select(notification)
            .where(columns.state == State.FAILED.value, ~dealt_with, ~exists().where(subjects))
            .order_by(columns.planned_at, columns.id)
            .limit(limit)
        )
        return [notification_of(row) for row in (await self.tx.connection.execute(query)).mappings()]

    async def calls(self) -> Backlog:
        """Counted."""
        awaited = notification.c.state == State.AWAITING_CALL.value
        query = select(func.count(), func.min(notification.c.planned_at)).where(awaited)
        return Backlog(*(await self.tx.connection.execute(query)).one())

    async def unsent(self) -> Mapping[tuple[str, str], Backlog]:
        """Over the open messages alone."""
        columns = notification.c
        # What waited for its time should have left then, not when it was planned.
        since = case((columns.reason.in_((*WAITS, RELEASED)), columns.try_at), else_=columns.planned_at)
        query = (
            select(columns.priority, columns.channel, func.count(), func.min(since))
            .where(OPEN, or_(columns.reason.is_(None), columns.reason.not_in(WAITS), columns.try_at <= self.tx.instant))
            .group_by(columns.priority, columns.channel)
        )
        rows = await self.tx.connection.execute(query)
        return {(priority, channel): Backlog(count, oldest) for priority, channel, count, oldest in rows}
