"""Events already handled, claimed in the transaction of their effect; also the retry queue and the dead letters."""

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError

from shared.db import BIG, DOCUMENT, Database, Instant, Transaction
from shared.envelope import Record
from shared.log import get_logger
from shared.metrics import INBOX_SECONDS, INBOX_VERDICTS, OUTBOX_REISSUED, Outcome
from shared.outbox import answer_sweep
from shared.transport import Subscription
from shared.verdicts import Failed, RetryPolicy, Unreadable, Verdict, event_of, verdict_on

# Written into the SQL as they are: a bound value could not be matched with the partial indexes.
STATE_DONE = literal_column("'done'", String)
STATE_RETRY = literal_column("'retry'", String)
STATE_DEAD = literal_column("'dead'", String)


def inbox_table(metadata: MetaData) -> Table:
    """The inbox of one service's database. `state` is "done", "retry" or "dead"; `body` and `headers` are kept while
    the record may still be handled again. `seq` orders the events of a key that wait to be tried again."""
    table = Table(
        "inbox",
        metadata,
        Column("consumer", String(64), primary_key=True),
        Column("id", Uuid, primary_key=True),
        Column("seq", BIG, nullable=False),
        Column("topic", String(64), nullable=False),
        Column("key", String(64), nullable=False),
        Column("type", String(128), nullable=False),
        Column("state", String(8), nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("due_at", Instant),
        Column("body", Text),
        Column("headers", DOCUMENT),
        Column("error", Text),
        Column("first_at", Instant, nullable=False),
        Column("last_at", Instant, nullable=False),
    )
    retry = table.c.state == "retry"
    dead = table.c.state == "dead"
    Index("ix_inbox_retry", table.c.consumer, table.c.key, table.c.seq, postgresql_where=retry, sqlite_where=retry)
    Index("ix_inbox_dead", table.c.last_at, postgresql_where=dead, sqlite_where=dead)
    return table


class Inbox:
    """Turns the records of a service's topics into effects, each exactly once, each with a durable verdict.

    The claim is the first statement of the transaction that holds the effect. A second delivery, even one that runs at
    the same moment, waits for the first's outcome and then finds the claim, or takes it when the first rolled back.
    """

    def __init__(
        self, database: Database, subscriptions: Sequence[Subscription], policy: RetryPolicy | None = None
    ) -> None:
        self.database = database
        self.topics = sorted({str(subscription.event.topic) for subscription in subscriptions})
        self._subscriptions = {(str(s.event.topic), s.event.type): s for s in subscriptions}
        self._policy = policy or RetryPolicy()
        self._claim = _claim_statement(database)

    async def process(self, record: Record) -> None:
        """Handle `record` once. Returns after its verdict is durable; raises only when none could be stored."""
        if record.type and not self._handles(record):
            INBOX_VERDICTS.labels(self.database.name, "other", "passed_over").inc()
            return
        started = perf_counter()
        try:
            async with self.database.begin(record.origin) as transaction:
                outcome = await self._handle(transaction, record)
        except Failed as failed:
            # Undone as a whole: a savepoint would cost every event that goes well a quarter of its time.
            outcome = await self._set_aside(record, failed.verdict)
        INBOX_SECONDS.labels(self.database.name, self._known_type(record)).observe(perf_counter() - started)
        self.tell(record, outcome)

    async def attempt(self, transaction: Transaction, record: Record, attempts: int) -> None:
        """Run the handler after `attempts` earlier tries. Raises Failed, or what it was when the database is away."""
        try:
            subscription = self._subscription(record)
            event = event_of(record, subscription.event)
        except Unreadable as fault:
            raise Failed(Verdict("dead", attempts, fault.code)) from None
        try:
            await subscription.handle(transaction, event)
        except Exception as error:  # whatever a handler raises becomes a verdict, or the topic would stand still
            if _is_away(error, transaction):
                raise
            raise Failed(verdict_on(error, attempts + 1, self._policy)) from error

    async def store(self, transaction: Transaction, record: Record, verdict: Verdict) -> None:
        """Write `verdict` on a claimed record; what may be handled again keeps its body."""
        inbox = self.database.inbox
        done = verdict.state == "done"
        await transaction.connection.execute(
            inbox.update()
            .where(inbox.c.consumer == self.consumer(record.topic), inbox.c.id == record.id)
            .values(
                state=verdict.state,
                attempts=verdict.attempts,
                error=verdict.error,
                due_at=self._due_at(verdict),
                body=None if done else _storable(record.body),
                headers=None if done else {_storable(name): _storable(text) for name, text in record.headers.items()},
                last_at=self.database.now(),
            )
        )

    def consumer(self, topic: str) -> str:
        """The name under which this service reads `topic`; also its consumer group."""
        return f"{self.database.name}.{topic}"

    def tell(self, record: Record, outcome: Outcome) -> None:
        """Count `outcome`, and log it when an event was not simply handled."""
        kind = self._known_type(record)
        INBOX_VERDICTS.labels(self.database.name, kind, outcome).inc()
        if outcome in ("done", "duplicate", "reissued"):
            return
        log = get_logger().bind(consumer=self.consumer(record.topic), event_id=str(record.id), event_type=kind)
        if outcome == "dead":
            log.error("event.dead_lettered")
        else:
            log.warning("event.set_aside", outcome=outcome)

    def _handles(self, record: Record) -> bool:
        return (record.topic, record.type) in self._subscriptions

    def _known_type(self, record: Record) -> str:
        """Its type, or "other": a stranger must not be able to mint label values or log lines."""
        return record.type if self._handles(record) else "other"

    async def _handle(self, transaction: Transaction, record: Record) -> Outcome:
        state = await transaction.connection.scalar(self._claim, self._claim_values(record))
        if state is None:
            return await self._answer_duplicate(transaction, record)
        if state == "retry":
            await self.store(transaction, record, Verdict("retry", 0, "waits for an earlier event of its key"))
            return "parked"
        await self.attempt(transaction, record, 0)
        return "done"

    async def _set_aside(self, record: Record, verdict: Verdict) -> Outcome:
        """Claim a failed record again, with its verdict; unless another delivery of it has meanwhile been handled."""
        async with self.database.begin(record.origin) as transaction:
            if await transaction.connection.scalar(self._claim, self._claim_values(record)) is None:
                return "duplicate"
            await self.store(transaction, record, verdict)
        return verdict.state

    async def _answer_duplicate(self, transaction: Transaction, record: Record) -> Outcome:
        """A sweep asks for all that was told of its subject: it goes out again, and so the sweep travels on."""
        if not record.sweep:
            return "duplicate"
        count = await answer_sweep(transaction, record.key, record.sweep)
        OUTBOX_REISSUED.labels(self.database.name).inc(count)
        return "reissued" if count else "duplicate"

    def _claim_values(self, record: Record) -> dict[str, Any]:  # values of several column types
        return {
            "p_consumer": self.consumer(record.topic),
            "p_id": record.id,
            "p_topic": record.topic,
            "p_key": _storable(record.key)[:64],
            "p_type": _storable(record.type)[:128],
            "p_now": self.database.now(),
        }

    def _subscription(self, record: Record) -> Subscription:
        if not record.type:
            raise Unreadable("no ce_type")
        try:
            return self._subscriptions[record.topic, record.type]
        except KeyError:
            # A release may stop handling a type while some of it still waits to be tried again.
            raise Unreadable("no longer handled here") from None

    def _due_at(self, verdict: Verdict) -> ColumnElement[datetime] | None:
        if verdict.state != "retry":
            return None
        return self.database.instant_in(self._policy.delay_s(verdict.attempts))


def _claim_statement(database: Database) -> Any:  # the dialects' Insert classes share no base with on_conflict_*
    """INSERT the claim as done, or as parked when an earlier event of the key waits; nothing comes back if it is taken.

    One statement, so that the usual case costs one round trip, and looks for earlier events in the same snapshot.
    """
    inbox = database.inbox
    earlier = inbox.alias("earlier")
    of_key = (
        earlier.c.consumer == bindparam("p_consumer"),
        earlier.c.key == bindparam("p_key"),
        earlier.c.state == STATE_RETRY,
    )
    last = select(func.coalesce(func.max(earlier.c.seq), 0) + 1).where(*of_key)
    parked = select(earlier.c.id).where(*of_key).exists()
    return (
        database.insert(inbox)
        .values(
            consumer=bindparam("p_consumer"),
            id=bindparam("p_id"),
            topic=bindparam("p_topic"),
            key=bindparam("p_key"),
            type=bindparam("p_type"),
            first_at=bindparam("p_now"),
            last_at=bindparam("p_now"),
            seq=last.scalar_subquery(),
            state=case((parked, STATE_RETRY), else_=STATE_DONE),
        )
        .on_conflict_do_nothing()
        .returning(inbox.c.state)
    )


def _is_away(error: Exception, transaction: Transaction) -> bool:
    """Whether the connection is gone, so that no verdict can be stored and the record must come again."""
    return transaction.connection.invalidated or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _storable(text: str) -> str:
    """PostgreSQL cannot store NUL, and a stranger's record may hold one."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
