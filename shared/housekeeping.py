"""What keeps a service's messaging tables small, and its numbers about them fresh."""

from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, func, select, tuple_

from shared.clock import Clock
from shared.db import Database
from shared.inbox import STATE_DEAD, STATE_DONE, STATE_RETRY
from shared.metrics import (
    INBOX_OLDEST_RETRY_AGE_SECONDS,
    INBOX_OPEN,
    MESSAGES_PURGED,
    OUTBOX_OLDEST_AGE_SECONDS,
    OUTBOX_WAITING,
)

DAY_S = 86_400
# Longer than help goes on before it is reviewed (twelve weeks): until then a sweep can heal what the broker has lost.
OUTBOX_DAYS = 100
# Twice as long: an event may be handed out again up to its last day in the outbox, and spend days in the broker. A
# claim that were gone by then would let it take effect twice.
INBOX_DAYS = 200
BATCH_ROWS = 1_000


class Purge:
    """Deletes published events and finished claims after their time. Dead letters stay until someone mends them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_once(self) -> bool:
        """Delete one batch of each; whether there may be more."""
        outbox, inbox = self._database.outbox, self._database.inbox
        published = and_(outbox.c.published_at.is_not(None), self._older(outbox.c.created_at, OUTBOX_DAYS))
        finished = and_(inbox.c.state == STATE_DONE, self._older(inbox.c.first_at, INBOX_DAYS))
        left = await self._delete(outbox, published)
        handled = await self._delete(inbox, finished)
        MESSAGES_PURGED.labels(self._database.name).inc(left + handled)
        return max(left, handled) >= BATCH_ROWS

    def _older(self, column: ColumnElement[datetime], days: int) -> ColumnElement[bool]:
        return column < self._database.instant_in(-days * DAY_S)

    async def _delete(self, table: Table, which: ColumnElement[bool]) -> int:
        identity = tuple(table.primary_key.columns)
        batch = select(*identity).where(which).limit(BATCH_ROWS)
        async with self._database.engine.begin() as connection:
            return (await connection.execute(table.delete().where(tuple_(*identity).in_(batch)))).rowcount


class Measure:
    """Sets the gauges that only the database can answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._now: Clock = database.now

    async def run_once(self) -> bool:
        """Read the four figures once."""
        name, outbox, inbox = self._database.name, self._database.outbox, self._database.inbox
        waiting, oldest = await self._count(func.min(outbox.c.created_at), outbox.c.published_at.is_(None))
        OUTBOX_WAITING.labels(name).set(waiting)
        OUTBOX_OLDEST_AGE_SECONDS.labels(name).set(self._age_s(oldest))
        retries, first = await self._count(func.min(inbox.c.first_at), inbox.c.state == STATE_RETRY)
        INBOX_OPEN.labels(name, "retry").set(retries)
        INBOX_OLDEST_RETRY_AGE_SECONDS.labels(name).set(self._age_s(first))
        dead, _ = await self._count(func.min(inbox.c.first_at), inbox.c.state == STATE_DEAD)
        INBOX_OPEN.labels(name, "dead").set(dead)
        return False

    async def _count(self, oldest: ColumnElement[datetime], which: ColumnElement[bool]) -> tuple[int, datetime | None]:
        async with self._database.engine.connect() as connection:
            count, first = (await connection.execute(select(func.count(), oldest).where(which))).one()
        return count, first

    def _age_s(self, since: datetime | None) -> float:
        return max(0.0, (self._now() - since).total_seconds()) if since else 0.0
