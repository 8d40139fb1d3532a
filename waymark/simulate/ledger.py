"""The three databases as they are in their files, read beside the services, for whoever checks their books."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from waymark.names import ServiceName

Row = Sequence[Any]  # what the columns hold


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reads the databases of one data folder."""

    connections: dict[str, sqlite3.Connection]

    def rows(self, service: str, query: str, *values: object) -> list[Row]:
        """What a query of the service's database finds."""
        found: list[Row] = self.connections[service].execute(query, values).fetchall()
        return found

    def pairs(self, service: str, query: str) -> dict[str, Any]:  # as the second column holds
        """What a query for two columns finds, the second by the first."""
        return dict(map(tuple, self.rows(service, query)))

    def earliest(self, service: str, query: str) -> datetime | None:
        """The instant that a query for one finds."""
        [[found]] = self.rows(service, query)
        return instant(found)

    def tables(self, service: str) -> Iterator[tuple[str, str]]:
        """Each table's name and all that it holds, as text."""
        for [name] in self.rows(service, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            yield name, "\n".join(map(repr, self.rows(service, f'SELECT * FROM "{name}"')))  # noqa: S608 - its own


@contextmanager
def ledger(data: Path) -> Iterator[Ledger]:
    """The books of the folder `data`, while the block runs."""
    connections = {
        name.value: sqlite3.connect(f"file:{data / name}.db?mode=ro", uri=True, isolation_level=None)
        for name in ServiceName
    }
    try:
        yield Ledger(connections)
    finally:
        for connection in connections.values():
            connection.close()


def instant(stored: str | None) -> datetime | None:
    """An instant as SQLite keeps it."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) if stored else None
