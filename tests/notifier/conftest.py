"""The notifier's parts on a database of each kind."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict

import pytest

from services.notifier.store.database import NotifierDatabase
from services.notifier.store.tables import metadata
from shared.clock import new_id, utc_now
from shared.documents import Documents
from tests.notifier.world import DIRECTORY, World, keep_directory, transactions_on

OpenWorld = Callable[[], World]


@pytest.fixture
def documents() -> Documents:
    """The directory of tests, as it is stored."""
    parts = asdict(DIRECTORY)
    parts["contacts"] = parts.pop("addresses")
    return {name: json.dumps(part) for name, part in parts.items()}


@pytest.fixture
async def open_world(database_url: str, documents: Documents) -> AsyncIterator[OpenWorld]:
    """Opens the notifier on the test's database; a second call opens it again, as another process would."""
    opened: list[NotifierDatabase] = []

    def open_one() -> World:
        database = NotifierDatabase(database_url, now=utc_now, new_id=new_id)
        opened.append(database)
        return World(database, transactions_on(database))

    first = open_one()
    async with first.database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await keep_directory(first.database, documents)
    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    return open_world()
