"""Events waiting to leave, stored in the same transaction as the state they tell of."""

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    Uuid,
    and_,
    literal,
)

from shared.db import BIG, DOCUMENT, Instant, Transaction
from shared.envelope import SWEEP_HEADER, Record


def outbox_table(metadata: MetaData) -> Table:
    """The outbox of one service's database; `seq` orders the rows of a key, `published_at` is None until they left."""
    table = Table(
        "outbox",
        metadata,
        Column("seq", BIG, primary_key=True, autoincrement=True),
        Column("id", Uuid, nullable=False, unique=True),
        Column("topic", String(64), nullable=False),
        Column("key", String(64), nullable=False),
        Column("body", Text, nullable=False),
        Column("headers", DOCUMENT, nullable=False),
        Column("causation_id", Uuid),
        Column("created_at", Instant, nullable=False),
        Column("published_at", Instant),
        Column("sweeps", Integer, nullable=False, server_default="0"),
    )
    waiting = table.c.published_at.is_(None)
    Index("ix_outbox_waiting", table.c.seq, postgresql_where=waiting, sqlite_where=waiting)
    Index("ix_outbox_causation_id", table.c.causation_id)
    Index("ix_outbox_key", table.c.key)
    return table


async def hand_out_again(transaction: Transaction, which: ColumnElement[bool]) -> int:
    """Begin a sweep: let the published events of `which` (a condition on the outbox) leave again under their ids.

    Returns how many. Whoever handled one before answers with `answer_sweep`, so one call at the start heals a loss at
    any hop. Rows still waiting to leave are left alone.
    """
    return await _leave_again(transaction, which, transaction.database.outbox.c.sweeps + 1)


async def answer_sweep(transaction: Transaction, key: str, sweep: int) -> int:
    """Let all that was ever told under `key` leave again, once for each sweep; how many events.

    All, and not only what one event caused: what was told because of a request or a clock has no event before it. The
    sweep's number is passed on, so that it dies out although the services answer each other.
    """
    outbox = transaction.database.outbox
    return await _leave_again(transaction, and_(outbox.c.key == key, outbox.c.sweeps < sweep), literal(sweep))


async def _leave_again(transaction: Transaction, which: ColumnElement[bool], sweep: ColumnElement[int]) -> int:
    outbox = transaction.database.outbox
    again = outbox.update().where(which, outbox.c.published_at.is_not(None)).values(published_at=None, sweeps=sweep)
    result = await transaction.connection.execute(again)
    transaction.published = transaction.published or result.rowcount > 0
    return result.rowcount


def record_of(row: RowMapping) -> Record:
    """The record that a row of the outbox travels as; a swept one says so in its headers."""
    swept = {SWEEP_HEADER: str(row["sweeps"])} if row["sweeps"] else {}
    return Record(row["topic"], row["key"], row["id"], row["body"], row["headers"] | swept)
