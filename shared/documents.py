"""A county's configuration inside a service's database: immutable sets of documents, named by their content."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Column, Index, MetaData, Select, String, Table, select

from shared.db import BIG, DOCUMENT, Instant, Transaction
from shared.document_set import Documents, version_of
from shared.errors import NotFound, Unavailable
from shared.log import get_logger

T = TypeVar("T")
Find = Callable[[Transaction, str], Awaitable[Documents | None]]
PATIENCE_S, PAUSE_S = 2.0, 5.0
log = get_logger()


def configuration_table(metadata: MetaData) -> Table:
    """Sets of documents (name to text), each in force from its time until the next one's; none is ever changed.

    So there is never a gap and never an overlap; of two for the same time the one kept later counts.
    """
    table = Table(
        "configuration",
        metadata,
        Column("seq", BIG, primary_key=True, autoincrement=True),
        Column("version", String(64), nullable=False),
        Column("documents", DOCUMENT, nullable=False),
        Column("loaded_at", Instant, nullable=False),
        Column("effective_from", Instant, nullable=False),
    )
    Index("ix_configuration_effective_from", table.c.effective_from, table.c.seq)
    return table


async def save_documents(tx: Transaction, documents: Documents, effective_from: datetime | None = None) -> str:
    """Put `documents` in force, at once or from a time on, and answer their version. To put in force at once what is so
    already changes nothing."""
    table = tx.database.metadata.tables["configuration"]
    version = version_of(documents)
    if effective_from is None and await current_version(tx) == version:
        return version
    row = {"version": version, "documents": dict(documents), "loaded_at": tx.database.now()}
    from_when = tx.instant if effective_from is None else effective_from
    await tx.connection.execute(table.insert().inline().values(**row, effective_from=from_when))
    return version


async def current_version(tx: Transaction) -> str | None:
    """The version in force by the database's clock, None before anything was loaded."""
    table = tx.database.metadata.tables["configuration"]
    version: str | None = await tx.connection.scalar(in_force(tx, select(table.c.version)))
    return version


async def current_documents(tx: Transaction) -> Documents | None:
    """The documents in force, None before anything was loaded."""
    table = tx.database.metadata.tables["configuration"]
    documents: Documents | None = await tx.connection.scalar(in_force(tx, select(table.c.documents)))
    return documents


def in_force(tx: Transaction, query: Select[T]) -> Select[T]:
    """A query of the configuration, of the one row in force."""
    table = tx.database.metadata.tables["configuration"]
    newest = (table.c.effective_from.desc(), table.c.seq.desc())
    return query.where(table.c.effective_from <= tx.instant).order_by(*newest).limit(1)


async def documents_of(tx: Transaction, version: str) -> Documents | None:
    """The documents of this name, in force or not; None when there were never any."""
    table = tx.database.metadata.tables["configuration"]
    query = select(table.c.documents).where(table.c.version == version).limit(1)
    documents: Documents | None = await tx.connection.scalar(query)
    return documents


class Current(Generic[T]):
    """What the documents in force mean, read again only when another version has come into force.

    They are read in a thread, once for all who ask. Who has waited `patience_s` for another version goes on with the
    one before; the first is waited for. `again` reads documents as `read` does, given what was in force before. A
    reading that fails is logged and done again `pause_s` later; meanwhile the version before goes on, and without one
    the failure is raised.
    """

    def __init__(
        self,
        read: Callable[[Documents], T],
        *,
        again: Callable[[Documents, T], T] | None = None,
        patience_s: float = PATIENCE_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._read = read
        self._again = again
        self._patience_s = patience_s
        self._pause_s = pause_s
        self._known: tuple[str, T] | None = None
        self._before: tuple[str, T] | None = None
        self._reading: dict[str, asyncio.Task[T]] = {}

    async def of(self, tx: Transaction, version: str, find: Find = documents_of) -> T:
        """What the documents of this version mean, in force or not, wherever they are to be found. Raises NotFound."""
        for known in (self._known, self._before):
            if known is not None and known[0] == version:
                return known[1]
        self._before = (version, await asyncio.shield(await self._begun(tx, version, find)))
        return self._before[1]

    async def __call__(self, tx: Transaction) -> T:
        """The configuration in force. Raises Unavailable before anything was loaded."""
        version = await current_version(tx)
        if version is None:
            raise Unavailable("configuration-missing", "No directory is loaded. Run: waymark load-directory DIR")
        if self._known is None or self._known[0] != version:
            reading = await self._begun(tx, version, documents_of)
            await asyncio.wait({reading}, timeout=self._patience_s if self._known else None)
            if self._known is None or (reading.done() and reading.exception() is None):
                self._known = (version, reading.result())
        return self._known[1]

    async def _begun(self, tx: Transaction, version: str, find: Find) -> asyncio.Task[T]:
        """The reading of a version, begun unless it is under way or has just ended."""
        documents = None if version in self._reading else await find(tx, version)
        if version not in self._reading:
            if documents is None:
                raise NotFound("not-found", "There is no version of the rules with this name.")
            under_way = {each: task for each, task in self._reading.items() if not task.done()}
            reading = asyncio.create_task(self._in_thread(documents), name=version)
            reading.add_done_callback(self._ended)
            self._reading = under_way | {version: reading}
        return self._reading[version]

    def _ended(self, reading: asyncio.Task[T]) -> None:
        failure = None if reading.cancelled() else reading.exception()
        if failure is not None:
            log.warning("configuration.failed", version=reading.get_name(), exc_info=failure)
            asyncio.get_running_loop().call_later(self._pause_s, self._forget, reading)

    def _forget(self, reading: asyncio.Task[T]) -> None:
        if self._reading.get(reading.get_name()) is reading:
            del self._reading[reading.get_name()]

    async def _in_thread(self, documents: Documents) -> T:
        if self._again is None or self._known is None:
            return await asyncio.to_thread(self._read, documents)
        return await asyncio.to_thread(self._again, documents, self._known[1])
