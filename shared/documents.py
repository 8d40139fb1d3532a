"""A county's configuration inside a service's database: immutable sets of documents, named by their content."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from sqlalchemy import Column, MetaData, String, Table, select

from shared.db import BIG, DOCUMENT, Instant, Transaction
from shared.errors import NotFound, Unavailable

Documents = Mapping[str, str]
T = TypeVar("T")


def configuration_table(metadata: MetaData) -> Table:
    """Sets of documents (name to text); the one with the highest `seq` is current, none is ever changed."""
    return Table(
        "configuration",
        metadata,
        Column("seq", BIG, primary_key=True, autoincrement=True),
        Column("version", String(64), nullable=False),
        Column("documents", DOCUMENT, nullable=False),
        Column("loaded_at", Instant, nullable=False),
    )


def version_of(documents: Documents) -> str:
    """The name of a set of documents: SHA-256, hexadecimal, of its canonical JSON."""
    canonical = json.dumps(dict(documents), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def save_documents(tx: Transaction, documents: Documents) -> str:
    """Make `documents` current and answer their version; saving what is current already changes nothing."""
    table = tx.database.metadata.tables["configuration"]
    version = version_of(documents)
    if await current_version(tx) != version:
        row = {"version": version, "documents": dict(documents), "loaded_at": tx.database.now()}
        await tx.connection.execute(table.insert().inline(), row)
    return version


async def current_version(tx: Transaction) -> str | None:
    """The version in force, None before anything was loaded."""
    table = tx.database.metadata.tables["configuration"]
    query = select(table.c.version).order_by(table.c.seq.desc()).limit(1)
    version: str | None = await tx.connection.scalar(query)
    return version


async def current_documents(tx: Transaction) -> Documents | None:
    """The documents in force, None before anything was loaded."""
    table = tx.database.metadata.tables["configuration"]
    query = select(table.c.documents).order_by(table.c.seq.desc()).limit(1)
    documents: Documents | None = await tx.connection.scalar(query)
    return documents


async def documents_of(tx: Transaction, version: str) -> Documents | None:
    """The documents of this name, in force or not; None when there were never any."""
    table = tx.database.metadata.tables["configuration"]
    query = select(table.c.documents).where(table.c.version == version).limit(1)
    documents: Documents | None = await tx.connection.scalar(query)
    return documents


class Current(Generic[T]):
    """What the documents in force mean, read again only when another version has come into force."""

    def __init__(self, read: Callable[[Documents], T]) -> None:
        self._read = read
        self._known: tuple[str, T] | None = None
        self._before: tuple[str, T] | None = None

    async def of(self, tx: Transaction, version: str) -> T:
        """What the documents of this version mean, in force or not. Raises NotFound."""
        for known in (self._known, self._before):
            if known is not None and known[0] == version:
                return known[1]
        documents = await documents_of(tx, version)
        if documents is None:
            raise NotFound("not-found", "There is no version of the rules with this name.")
        self._before = (version, self._read(documents))
        return self._before[1]

    async def __call__(self, tx: Transaction) -> T:
        """The configuration in force. Raises Unavailable before anything was loaded."""
        version = await current_version(tx)
        if self._known is None or self._known[0] != version:
            documents = await current_documents(tx)
            if version is None or documents is None:
                raise Unavailable("configuration-missing", "No directory is loaded. Run: waymark load-directory DIR")
            self._known = (version, self._read(documents))
        return self._known[1]
