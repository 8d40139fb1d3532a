"""A small service to test messaging with: it writes down what it was told, and fails as it is bidden."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Column, MetaData, String, Table, select

from shared.backoff import Backoff
from shared.clock import new_id, utc_now
from shared.db import BIG, NAMING, Database, Transaction
from shared.envelope import Origin, Record, headers_for
from shared.events import Event, ReferralCancelled
from shared.inbox import Inbox, inbox_table
from shared.outbox import outbox_table
from shared.retries import Retries
from shared.transport import Subscription
from shared.verdicts import RetryPolicy

METADATA = MetaData(naming_convention=NAMING)
outbox_table(METADATA)
inbox_table(METADATA)
EFFECTS = Table(
    "effects",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False),
    Column("reason", String(200), nullable=False),
)
AT_ONCE = RetryPolicy(attempts_max=3, backoff=Backoff(first_s=0, ceiling_s=0))
REQUEST = Origin("request-1")

OpenDatabase = Callable[..., Awaitable[Database]]


def a_cancellation(
    referral_id: UUID, reason: str = "moved away", kind: type[ReferralCancelled] = ReferralCancelled
) -> ReferralCancelled:
    return kind(
        referral_id=referral_id, reference="K7Q2-8MX", reason=reason, cancelled_at=datetime(2026, 3, 2, tzinfo=UTC)
    )


def a_record(event: Event, *, event_id: UUID | None = None, headers: dict[str, str] | None = None) -> Record:
    """The record that `event` travels as; `headers` are added to its own."""
    event_id = event_id or new_id()
    own = headers_for(event, event_id, "/waymark/intake", utc_now(), REQUEST)
    return Record(event.topic, str(event.referral_id), event_id, event.model_dump_json(), own | (headers or {}))


@dataclass
class Scribe:
    """A handler that writes each cancellation's reason down. `failures` are raised first, by reason, one a time."""

    failures: dict[str, list[BaseException]] = field(default_factory=dict)
    answer: Callable[[ReferralCancelled], Event] | None = None

    async def __call__(self, transaction: Transaction, event: ReferralCancelled) -> None:
        row = {"key": str(event.referral_id), "reason": event.reason}
        await transaction.connection.execute(EFFECTS.insert(), row)
        if self.answer is not None:
            await transaction.publish(self.answer(event))
        if self.failures.get(event.reason):
            raise self.failures[event.reason].pop(0)


def an_inbox(database: Database, scribe: Scribe, policy: RetryPolicy = AT_ONCE) -> Inbox:
    return Inbox(database, [Subscription(ReferralCancelled, scribe)], policy)


async def publish(database: Database, *events: Event) -> None:
    """Store `events` in the outbox, in one transaction."""
    async with database.begin(REQUEST) as transaction:
        for event in events:
            await transaction.publish(event)


async def effects(database: Database) -> list[str]:
    """The reasons written down, in order."""
    return [str(row["reason"]) for row in await rows(database, EFFECTS)]


async def rows(database: Database, table: Table) -> Sequence[dict[str, object]]:
    """All rows of `table`, in the order in which they came."""
    order = table.c.seq if table is not database.inbox else table.c.first_at
    async with database.engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(select(table).order_by(order))).mappings()]


async def states(database: Database) -> list[str]:
    """The states of the inbox's rows, in the order in which they came."""
    return [str(row["state"]) for row in await rows(database, database.inbox)]


async def drain(*retries: Retries) -> None:
    """Run until nothing is due any more."""
    while any([await one.run_once() for one in retries]):
        pass
