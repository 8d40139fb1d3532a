"""Takes events out of the outbox and gives them to the transport, in order for each referral, until they are safe."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, select

from shared.db import Database
from shared.envelope import Record
from shared.errors import Unavailable
from shared.metrics import OUTBOX_FAILURES, OUTBOX_PUBLISHED, RELAY_IS_LEADER
from shared.outbox import record_of
from shared.ownership import Ownership, ownership_of
from shared.transport import Transport

BATCH_ROWS = 200
BATCH_BYTES = 1_000_000


class Relay:
    """The one publisher of a database's outbox. Others of the same database stand by until it is gone.

    Rows are found by "not yet published", never by a position: sequence numbers commit out of order. Parallel
    publishers would reorder a referral's events and gain nothing, since one outruns all the services together.
    `batch_rows` bounds a step, and so how long a stop may have to wait for it.
    """

    def __init__(
        self,
        database: Database,
        transport: Transport,
        ownership: Ownership | None = None,
        *,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._batch_rows = batch_rows
        self._database = database
        self._transport = transport
        self._ownership = ownership or ownership_of(database)
        self._held_back: set[str] = set()

    async def run_once(self) -> bool:
        """Publish one batch. Raises Unavailable when rows wait that the transport would not take."""
        leads = await self._ownership.held()
        RELAY_IS_LEADER.labels(self._database.name).set(leads)
        if not leads:
            return False
        records = await self._next_batch()
        if not records:
            return self._nothing_else_waits()
        # Reading took time, in which the lock's connection may have died and another relay begun.
        if not await self._ownership.held():
            return False
        await self._publish(records)
        return True

    async def close(self) -> None:
        """Let a relay that stands by take over."""
        await self._ownership.give_up()
        RELAY_IS_LEADER.labels(self._database.name).set(0)

    async def _publish(self, records: Sequence[Record]) -> None:
        durable = await self._transport.publish(records)
        await self._mark(durable)
        failed = [record for record in records if record.id not in durable]
        OUTBOX_PUBLISHED.labels(self._database.name).inc(len(durable))
        OUTBOX_FAILURES.labels(self._database.name).inc(len(failed))
        self._held_back.update(record.key for record in failed)
        if failed and not self._transport.healthy():
            self._held_back.clear()
            raise Unavailable("transport_down", "Events cannot leave at present; they are kept.")

    def _nothing_else_waits(self) -> bool:
        """Keys that failed are tried again only when all others have left, and after the loop's back-off."""
        if self._held_back:
            self._held_back.clear()
            raise Unavailable("events_held_back", "Some events cannot leave at present; they are kept.")
        return False

    async def _next_batch(self) -> list[Record]:
        outbox = self._database.outbox
        waiting = select(outbox).where(outbox.c.published_at.is_(None)).order_by(outbox.c.seq).limit(self._batch_rows)
        if self._held_back:
            waiting = waiting.where(outbox.c.key.not_in(self._held_back))
        async with self._database.engine.connect() as connection:
            rows = (await connection.execute(waiting)).mappings().all()
        return _bounded(rows)

    async def _mark(self, durable: set[UUID]) -> None:
        if not durable:
            return
        outbox = self._database.outbox
        async with self._database.engine.begin() as connection:
            await connection.execute(
                outbox.update().where(outbox.c.id.in_(durable)).values(published_at=self._database.instant)
            )


def _bounded(rows: Sequence[RowMapping]) -> list[Record]:
    """As many of `rows` as fit in a batch; at least one."""
    records: list[Record] = []
    size = 0
    for row in rows:
        size += len(row["body"])
        if records and size > BATCH_BYTES:
            break
        records.append(record_of(row))
    return records
