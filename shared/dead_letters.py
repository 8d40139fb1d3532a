"""Events that failed for good: which, why, and how to have them handled again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import RowMapping, Select, func, select

from shared.db import Database, Transaction
from shared.envelope import Origin
from shared.events import BY_TYPE
from shared.inbox import STATE_DEAD, STATE_RETRY

LIST_MAX = 100
REPLAY_MAX = 10_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that one consumer ("router.referrals") gave up on; `error` names the fault, `attempts` the tries."""

    consumer: str
    id: UUID
    topic: str
    key: str
    type: str
    attempts: int
    error: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A dead letter with its event as indented JSON, or None for a stranger's record, which may hold anything."""

    letter: DeadLetter
    event: str | None
    body_bytes: int


class DeadLetters:
    """The dead letters of one service."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(self, limit: int = LIST_MAX) -> tuple[DeadLetter, ...]:
        """The latest first, at most `limit`."""
        return tuple(_letter(row) for row in await self._rows(self._dead().limit(limit)))

    async def show(self, event_id: UUID) -> tuple[Shown, ...]:
        """The event as each consumer of this service that gave up on it has it; empty when none has."""
        rows = await self._rows(self._dead().where(self._database.inbox.c.id == event_id))
        return tuple(Shown(_letter(row), _event(row), len(row["body"].encode())) for row in rows)

    async def replay(self, event_id: UUID | None = None) -> int:
        """Have one event, or all, handled again from the first try; how many. Each goes in front of its key's queue."""
        inbox = self._database.inbox
        wanted = self._dead().limit(REPLAY_MAX)
        if event_id is not None:
            wanted = wanted.where(inbox.c.id == event_id)
        # The latest first, each in front of the one before: so they end up in their old order.
        async with self._database.begin(Origin(str(self._database.new_id()))) as transaction:
            rows = (await transaction.connection.execute(wanted.with_for_update())).mappings().all()
            for row in rows:
                await self._requeue(transaction, row)
        return len(rows)

    async def _requeue(self, transaction: Transaction, row: RowMapping) -> None:
        inbox = self._database.inbox
        queue = inbox.alias("queue")
        first = select(func.coalesce(func.min(queue.c.seq), 1) - 1).where(
            queue.c.consumer == row["consumer"], queue.c.key == row["key"], queue.c.state == STATE_RETRY
        )
        await transaction.connection.execute(
            inbox.update()
            .where(inbox.c.consumer == row["consumer"], inbox.c.id == row["id"])
            .values(state="retry", attempts=0, due_at=self._database.instant, seq=first.scalar_subquery())
        )

    def _dead(self) -> Select[tuple[object, ...]]:
        inbox = self._database.inbox
        newest_first = (inbox.c.first_at.desc(), inbox.c.seq.desc(), inbox.c.id.desc())
        return select(inbox).where(inbox.c.state == STATE_DEAD).order_by(*newest_first)

    async def _rows(self, query: Select[tuple[object, ...]]) -> list[RowMapping]:
        async with self._database.engine.connect() as connection:
            return list((await connection.execute(query)).mappings().all())


def _letter(row: RowMapping) -> DeadLetter:
    return DeadLetter(
        consumer=row["consumer"],
        id=row["id"],
        topic=row["topic"],
        key=row["key"],
        type=row["type"],
        attempts=row["attempts"],
        error=row["error"],
        first_at=row["first_at"],
        last_at=row["last_at"],
    )


def _event(row: RowMapping) -> str | None:
    """Only the fields that our events have: these hold no personal data by construction, a stranger's may."""
    kind = BY_TYPE.get(row["type"])
    if kind is None:
        return None
    try:
        return kind.model_validate_json(row["body"]).model_dump_json(indent=2)
    except ValidationError:
        return None
