"""A county's documents in a database: named by their content, never changed, the newest in force."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import MetaData, func, select

from shared.clock import new_id, utc_now
from shared.db import NAMING, Database
from shared.documents import (
    Current,
    Documents,
    configuration_table,
    current_documents,
    current_version,
    save_documents,
    version_of,
)
from shared.envelope import Origin
from shared.errors import Refused, Unavailable
from shared.inbox import inbox_table
from shared.outbox import outbox_table

METADATA = MetaData(naming_convention=NAMING)
CONFIGURATION = configuration_table(METADATA)
outbox_table(METADATA)
inbox_table(METADATA)
REQUEST = Origin("test-request")
FIRST = {"rules.yaml": "a: 1", "partners.yaml": "b: ä"}
SECOND = FIRST | {"rules.yaml": "a: 2"}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database("router", database_url, METADATA, now=utc_now, new_id=new_id)
    async with opened.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield opened
    await opened.close()


async def save(database: Database, documents: Documents) -> str:
    async with database.begin(REQUEST) as transaction:
        return await save_documents(transaction, documents)


async def sets(database: Database) -> int:
    async with database.engine.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(CONFIGURATION)) or 0)


class Reader:
    """Reads documents and counts how often it had to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, documents: Documents) -> str:
        self.times += 1
        if documents["rules.yaml"] == "broken":
            raise Refused("county-refused", "rules.yaml: it is broken")
        return documents["rules.yaml"]


def test_a_version_depends_on_the_content_and_on_nothing_else() -> None:
    assert version_of(FIRST) == version_of(dict(reversed(FIRST.items())))
    assert version_of(FIRST) != version_of(SECOND)
    assert version_of({"a": "b"}) != version_of({"b": "a"})
    assert len(version_of({})) == 64


async def test_before_anything_is_loaded_there_is_nothing_and_the_reader_is_told_what_to_do(
    database: Database,
) -> None:
    async with database.begin(REQUEST) as transaction:
        assert (await current_version(transaction), await current_documents(transaction)) == (None, None)
        with pytest.raises(Unavailable, match="waymark load-directory"):
            await Current(Reader())(transaction)


async def test_the_newest_set_is_in_force_also_when_it_is_an_old_one_again(database: Database) -> None:
    for documents in (FIRST, SECOND, FIRST):
        assert await save(database, documents) == version_of(documents)
        async with database.begin(REQUEST) as transaction:
            assert await current_version(transaction) == version_of(documents)
            assert await current_documents(transaction) == documents
    assert await sets(database) == 3


async def test_what_is_in_force_already_is_not_stored_again(database: Database) -> None:
    await save(database, FIRST)
    await save(database, dict(reversed(FIRST.items())))
    assert await sets(database) == 1


async def test_documents_are_read_again_only_when_others_came_into_force(database: Database) -> None:
    reader = Reader()
    current = Current(reader)
    await save(database, FIRST)
    for _ in range(3):
        async with database.begin(REQUEST) as transaction:
            assert await current(transaction) == "a: 1"
    assert reader.times == 1
    await save(database, SECOND)
    async with database.begin(REQUEST) as transaction:
        assert await current(transaction) == "a: 2"
    assert reader.times == 2


async def test_documents_that_cannot_be_read_are_not_taken_for_the_ones_before(database: Database) -> None:
    current = Current(Reader())
    await save(database, FIRST)
    async with database.begin(REQUEST) as transaction:
        await current(transaction)
    await save(database, FIRST | {"rules.yaml": "broken"})
    for _ in range(2):
        async with database.begin(REQUEST) as transaction:
            with pytest.raises(Refused):
                await current(transaction)
