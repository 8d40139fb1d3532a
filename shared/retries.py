"""Events whose handler failed, tried again when they are due, in order for each referral."""

from sqlalchemy import RowMapping, Select, select

from shared.db import Transaction
from shared.envelope import Origin, Record
from shared.inbox import STATE_RETRY, Inbox
from shared.verdicts import Failed, Verdict

BATCH_ROWS = 100


class Retries:
    """Tries the head of each key's queue; what waits behind it is due the moment the head is done or dead."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._database = inbox.database

    async def run_once(self) -> bool:
        """Try every due head once, each in a transaction of its own; whether there was one."""
        inbox = self._database.inbox
        due = self._due().with_only_columns(inbox.c.consumer, inbox.c.id, inbox.c.headers).limit(BATCH_ROWS)
        async with self._database.engine.connect() as connection:
            heads = (await connection.execute(due)).mappings().all()
        for head in heads:
            await self._try(head)
        return bool(heads)

    async def _try(self, head: RowMapping) -> None:
        inbox = self._database.inbox
        this = self._due().where(inbox.c.consumer == head["consumer"], inbox.c.id == head["id"])
        async with self._database.begin(_origin(head)) as transaction:
            # Read again under a lock: another process may have taken it since, or holds it now.
            row = (await transaction.connection.execute(this.with_for_update(skip_locked=True))).mappings().first()
            if row is None:
                return
            record = _record(row)
            verdict = await self._attempt(transaction, record, row["attempts"])
            await self._inbox.store(transaction, record, verdict)
        self._inbox.tell(record, verdict.state)

    async def _attempt(self, transaction: Transaction, record: Record, attempts: int) -> Verdict:
        """Its failure is undone by a savepoint, so that the row stays locked until the verdict is stored."""
        try:
            async with transaction.connection.begin_nested():
                await self._inbox.attempt(transaction, record, attempts)
        except Failed as failed:
            return failed.verdict
        return Verdict("done", attempts + 1)

    def _due(self) -> Select[tuple[object, ...]]:
        """Rows that are due and have no earlier one of their consumer and key in front of them."""
        inbox = self._database.inbox
        earlier = inbox.alias("earlier")
        blocked = (
            select(earlier.c.id)
            .where(
                earlier.c.consumer == inbox.c.consumer,
                earlier.c.key == inbox.c.key,
                earlier.c.state == STATE_RETRY,
                earlier.c.seq < inbox.c.seq,
            )
            .exists()
        )
        waiting = (inbox.c.state == STATE_RETRY, inbox.c.due_at <= self._database.instant, ~blocked)
        return select(inbox).where(*waiting).order_by(inbox.c.due_at)


def _record(row: RowMapping) -> Record:
    return Record(row["topic"], row["key"], row["id"], row["body"], row["headers"])


def _origin(head: RowMapping) -> Origin:
    headers = head["headers"]
    return Origin(headers.get("ce_correlationid", str(head["id"])), head["id"], headers.get("ce_traceparent"))
