"""Who may publish a database's outbox: one process at a time, so that events of one referral leave in order."""

import fcntl
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import Database
from shared.errors import Conflict

RELAY_LOCK = 7_761_796_101


class Ownership(Protocol):
    """The right to work on a database alone."""

    async def held(self) -> bool:
        """Whether the right is ours at this moment; takes it when it is free."""

    async def give_up(self) -> None:
        """Let another process have it."""


def ownership_of(database: Database) -> Ownership:
    """A PostgreSQL database is shared by processes of which one leads; a SQLite file belongs to one process."""
    return SessionLock(database) if database.is_postgresql else FileLock(database)


class SessionLock:
    """A PostgreSQL session advisory lock on a connection of its own: it ends with that connection, however it dies."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._connection: AsyncConnection | None = None

    async def held(self) -> bool:
        """Asks the server each time: a leader whose connection died must notice before it publishes again."""
        if self._connection is not None:
            try:
                await self._connection.execute(text("SELECT 1"))
            except BaseException:
                await self.give_up()
                raise
            return True
        connection = await self._engine.connect()
        try:
            # Outside a transaction, which the server would end as idle, and the lock with it.
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            granted = bool(await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": RELAY_LOCK}))
        except BaseException:
            await _drop(connection)
            raise
        if granted:
            self._connection = connection
        else:
            await connection.close()
        return granted

    async def give_up(self) -> None:
        """Ends the session: a pooled connection would keep the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await _drop(connection)


async def _drop(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()


class FileLock:
    """A lock file beside a SQLite file: two processes on the same data would each hand out its events."""

    def __init__(self, database: Database) -> None:
        self._path = Path(f"{make_url(database.url).database}.lock")
        self._descriptor: int | None = None

    async def held(self) -> bool:
        """True, or Conflict("data_in_use") with a sentence for the person who started a second process."""
        if self._descriptor is None:
            self._descriptor = self._lock()
        return True

    async def give_up(self) -> None:
        """Closes the file, which frees the lock; the empty file stays, since removing it would race with a taker."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _lock(self) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise Conflict(
                "data_in_use",
                f"Another Waymark process is using the data in {self._path.parent}. "
                "Stop it first, or give this one a directory of its own.",
            ) from error
        return descriptor
