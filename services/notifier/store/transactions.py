"""One transaction as the notifier's use cases see it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.notifier.domain.directory import Directory
from services.notifier.store.attention import AttentionStore
from services.notifier.store.database import NotifierDatabase
from services.notifier.store.holds import HoldStore
from services.notifier.store.ladder import LadderStore, SuppressionStore
from services.notifier.store.notifications import NotificationStore
from services.notifier.store.receipts import ReceiptStore
from services.notifier.store.tables import closure, referral_sequence
from services.notifier.store.waiting import WaitingStore
from shared.db import Transaction
from shared.documents import Current
from shared.envelope import Origin
from shared.events import AnyEvent


@dataclass(frozen=True, slots=True)
class ClosureStore:
    """`services.notifier.ports.Closures` within one transaction."""

    tx: Transaction

    async def add(self, subject_id: UUID, reason: str, at: datetime, *, over: str | None = None) -> None:
        """Close it unless it is closed for another reason than `over`."""
        row = {"subject_id": subject_id, "reason": reason, "closed_at": at}
        insert = self.tx.insert(closure).values(row)
        changes = {"reason": reason, "closed_at": at}
        await self.tx.connection.execute(
            insert.on_conflict_do_update(index_elements=["subject_id"], set_=changes, where=closure.c.reason == over)
        )

    async def reasons(self, subject_ids: Sequence[UUID]) -> dict[UUID, str]:
        """The reasons of those that are closed."""
        query = select(closure.c.subject_id, closure.c.reason).where(closure.c.subject_id.in_(subject_ids))
        return {row.subject_id: row.reason for row in await self.tx.connection.execute(query)}


@dataclass(frozen=True, slots=True)
class NotifierTransaction:
    """`services.notifier.ports.Transaction` over the shared one."""

    tx: Transaction
    database: NotifierDatabase
    current: Current[Directory]

    @property
    def notifications(self) -> NotificationStore:
        """Messages and their attempts."""
        return NotificationStore(self.tx)

    @property
    def holds(self) -> HoldStore:
        """What does not go out at present."""
        return HoldStore(self.tx)

    @property
    def waiting(self) -> WaitingStore:
        """What goes later."""
        return WaitingStore(self.tx)

    @property
    def attention(self) -> AttentionStore:
        """What a person has to see to."""
        return AttentionStore(self.tx)

    @property
    def closures(self) -> ClosureStore:
        """What is closed."""
        return ClosureStore(self.tx)

    @property
    def receipts(self) -> ReceiptStore:
        """What providers reported."""
        return ReceiptStore(self.tx)

    @property
    def ladder(self) -> LadderStore:
        """The clocks that have run out."""
        return LadderStore(self.tx)

    @property
    def suppressions(self) -> SuppressionStore:
        """Where nothing is sent."""
        return SuppressionStore(self.tx)

    async def present(self) -> datetime:
        """The present instant by the database's clock."""
        instant: datetime = (await self.tx.connection.execute(select(self.tx.instant))).scalar_one()
        return instant

    async def directory(self) -> Directory:
        """The directory in force, read again when another one was loaded."""
        return await self.current(self.tx)

    async def next_sequence(self, referral_id: UUID) -> int:
        """Count up; the row stays locked, so that events of a referral leave in the order of their numbers."""
        table = referral_sequence
        insert = self.tx.insert(table).values(referral_id=referral_id, sequence=1)
        counted = insert.on_conflict_do_update(
            index_elements=[table.c.referral_id], set_={"sequence": table.c.sequence + 1}
        ).returning(table.c.sequence)
        number: int = (await self.tx.connection.execute(counted)).scalar_one()
        return number

    async def publish(self, event: AnyEvent) -> None:
        """Store `event` in the outbox."""
        await self.tx.publish(event)

    def wake_delivery(self) -> None:
        """Ring the delivery loops' bells after the commit."""
        self.database.ring_after(self.tx)


@dataclass(frozen=True, slots=True)
class Transactions:
    """Opens the notifier's transactions, and dresses those that were opened by the event processor."""

    database: NotifierDatabase
    current: Current[Directory]

    @asynccontextmanager
    async def __call__(self, origin: Origin) -> AsyncIterator[NotifierTransaction]:
        """A transaction for one piece of work."""
        async with self.database.begin(origin) as tx:
            yield self.within(tx)

    def within(self, tx: Transaction) -> NotifierTransaction:
        """`tx` as the use cases see it."""
        return NotifierTransaction(tx, self.database, self.current)
