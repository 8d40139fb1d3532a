"""A service's database: engine, tables' common types, and the transaction in which everything it does happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    Interval,
    MetaData,
    Table,
    TypeDecorator,
    event,
    func,
    literal,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.clock import Clock, NewId
from shared.envelope import Origin, headers_for
from shared.events import AnyEvent

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BIG = BigInteger().with_variant(Integer, "sqlite")
DOCUMENT = JSON().with_variant(JSONB(), "postgresql")
STATEMENT_TIMEOUT_MS = 10_000
# Eight events side by side, the relay with its lock, retries and gauges; the rest is for requests.
POOL_SIZE = 16
# The option of a connection that will only read.
READING = {"waymark_reading": True}


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, also on SQLite, which would hand it back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; SQLite stores UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was given where an aware one is needed")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(slots=True)
class Transaction:
    """One open transaction. Leaving the block that gave it commits; an exception rolls back; nobody calls commit."""

    connection: AsyncConnection
    database: "Database"
    origin: Origin
    published: bool = field(default=False, init=False)

    async def publish(self, event: AnyEvent) -> None:
        """Store `event` in the outbox, to leave after this transaction has committed."""
        database = self.database
        event_id = database.new_id()
        await self.connection.execute(
            database.outbox.insert().inline(),
            {
                "id": event_id,
                "topic": event.topic,
                "key": event.key,
                "body": event.model_dump_json(),
                "headers": headers_for(event, event_id, f"/waymark/{database.name}", database.now(), self.origin),
                "causation_id": self.origin.causation_id,
                "created_at": database.now(),
            },
        )
        self.published = True

    def insert(self, table: Table) -> Any:  # the dialects' Insert classes share on_conflict_* but no base that has it
        """An INSERT that knows ON CONFLICT, in the dialect of this database."""
        return self.database.insert(table)

    @property
    def instant(self) -> ColumnElement[datetime]:
        """The present instant as SQL, by the database's clock: leases and due times never trust a process's clock."""
        return self.database.instant


class Database:
    """One service's database. `name` is the service's; `wake` is set after each commit that stored an event."""

    def __init__(
        self, name: str, url: str, metadata: MetaData, *, now: Clock, new_id: NewId, pool_size: int = POOL_SIZE
    ) -> None:
        self.name = name
        self.url = url
        self.metadata = metadata
        self.now = now
        self.new_id = new_id
        self.is_postgresql = url.startswith("postgresql")
        self.outbox = metadata.tables["outbox"]
        self.inbox = metadata.tables["inbox"]
        self.wake = asyncio.Event()
        self.engine = _postgresql(url, pool_size) if self.is_postgresql else _sqlite(url)

    @property
    def instant(self) -> ColumnElement[datetime]:
        """The present instant as SQL. A SQLite file has one process: there its clock is the database's."""
        if self.is_postgresql:
            return func.clock_timestamp(type_=Instant)
        return literal(self.now(), type_=Instant)

    def instant_in(self, delay_s: float) -> ColumnElement[datetime]:
        """The instant `delay_s` seconds from now (before now when negative) as SQL, by the same clock as `instant`."""
        delay = timedelta(seconds=delay_s)
        if self.is_postgresql:
            return type_coerce(func.clock_timestamp() + literal(delay, type_=Interval), Instant)
        return literal(self.now() + delay, type_=Instant)

    def insert(self, table: Table) -> Any:  # the dialects' Insert classes share on_conflict_* but no base that has it
        """An INSERT that knows ON CONFLICT, in the dialect of this database."""
        return (postgresql if self.is_postgresql else sqlite).insert(table)

    @asynccontextmanager
    async def begin(self, origin: Origin) -> AsyncIterator[Transaction]:
        """A transaction for one piece of work. Raises what the block raises, after rolling back."""
        async with self.engine.begin() as connection:
            transaction = Transaction(connection, self, origin)
            yield transaction
        if transaction.published:
            self.wake.set()

    @asynccontextmanager
    async def reading(self, origin: Origin) -> AsyncIterator[Transaction]:
        """A transaction that sees one moment and writes nothing; it keeps nobody else from writing."""
        async with self.engine.connect() as connection:
            await connection.execution_options(**READING)
            async with connection.begin():
                if self.is_postgresql:
                    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                yield Transaction(connection, self, origin)

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


def _postgresql(url: str, pool_size: int) -> AsyncEngine:
    settings = {
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": "5000",
        # A stuck handler must not pin a parked key for ever.
        "idle_in_transaction_session_timeout": "15000",
    }
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        # An error's text must never carry what was being stored.
        hide_parameters=True,
        connect_args={"timeout": 5, "command_timeout": 15, "server_settings": settings},
    )


def _sqlite(url: str) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": 30})

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:  # the driver's own class, which has no stubs
        # The driver's implicit BEGIN breaks SAVEPOINT; we emit our own below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        # Take the write lock at once: a later upgrade from reader to writer would fail with "database is locked".
        is_reading = READING.items() <= connection.get_execution_options().items()
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine
