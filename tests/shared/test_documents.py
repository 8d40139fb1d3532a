"""A county's documents in a database: named by their content, never changed, the newest in force."""

import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData, func, select
from structlog.testing import capture_logs

from shared.clock import new_id, utc_now
from shared.db import NAMING, Database
from shared.document_set import Documents, packed, read_folder, unpacked, version_of
from shared.documents import (
    Current,
    configuration_table,
    current_documents,
    current_version,
    documents_of,
    save_documents,
)
from shared.envelope import Origin
from shared.errors import Refused, Unavailable
from shared.inbox import inbox_table
from shared.outbox import outbox_table
from tests.eventually import eventually

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


def test_documents_travel_as_short_plain_text() -> None:
    assert unpacked(packed(FIRST)) == FIRST
    assert packed(FIRST).isascii()
    assert len(packed({"a": "b" * 10_000})) < 100


def test_a_folder_is_read_by_name_with_what_its_surges_are(tmp_path: Path) -> None:
    (tmp_path / "surges").mkdir()
    for name in ("rules.yaml", "districts.csv", "surges/snow.yaml", "demo.jsonl", "surges/notes.txt"):
        (tmp_path / name).write_text(f"\ufeff{name}", encoding="utf-8")
    assert read_folder(tmp_path) == {name: name for name in ("districts.csv", "rules.yaml", "surges/snow.yaml")}
    (tmp_path / "rules.yaml").write_bytes(b"\xff")
    with pytest.raises(Refused, match=r"rules\.yaml"):
        read_folder(tmp_path)


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


async def test_documents_come_into_force_at_their_time_by_the_databases_clock(database_url: str) -> None:
    clock = [utc_now()]
    opened = Database("router", database_url, METADATA, now=lambda: clock[0], new_id=new_id)
    async with opened.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await save(opened, FIRST)
    async with opened.begin(REQUEST) as transaction:
        present = (await transaction.connection.execute(select(transaction.instant))).scalar_one()
        await save_documents(transaction, SECOND, present + timedelta(hours=1))
        assert await current_version(transaction) == version_of(FIRST)
        await save_documents(transaction, SECOND, present)
        assert await current_version(transaction) == version_of(SECOND)
        await save_documents(transaction, FIRST, present - timedelta(hours=1))
        assert await current_version(transaction) == version_of(SECOND)
        assert await documents_of(transaction, version_of(FIRST)) == FIRST
        assert await documents_of(transaction, "0" * 64) is None
    await opened.close()


async def test_of_two_for_the_same_time_the_one_kept_later_counts(database: Database) -> None:
    at = utc_now() - timedelta(hours=1)
    async with database.begin(REQUEST) as transaction:
        for documents in (FIRST, SECOND):
            await save_documents(transaction, documents, at)
        assert await current_version(transaction) == version_of(SECOND)


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


async def test_while_documents_cannot_be_read_the_ones_before_go_on_and_the_log_says_so(database: Database) -> None:
    reader = Reader()
    current = Current(reader)
    await save(database, FIRST)
    broken = FIRST | {"rules.yaml": "broken"}
    with capture_logs() as lines:
        for documents in (FIRST, broken, broken):
            await save(database, documents)
            async with database.begin(REQUEST) as transaction:
                assert await current(transaction) == "a: 1"
    assert [(line["event"], line["version"]) for line in lines] == [("configuration.failed", version_of(broken))]
    assert reader.times == 2


@pytest.mark.parametrize("before", [(), (FIRST,)])
async def test_a_reading_that_failed_is_done_again(database: Database, before: tuple[Documents, ...]) -> None:
    failures = iter([MemoryError()])

    def read(documents: Documents) -> str:
        if documents == SECOND:
            for failure in failures:
                raise failure
        return documents["rules.yaml"]

    current = Current(read, pause_s=0)

    async def asked() -> str:
        async with database.begin(REQUEST) as transaction:
            return await current(transaction)

    for documents in before:
        await save(database, documents)
        assert await asked() == "a: 1"
    await save(database, SECOND)
    if before:
        assert await asked() == "a: 1"
    else:
        with pytest.raises(MemoryError):
            await asked()
    await eventually(asked, lambda seen: seen == "a: 2")


class Slow:
    """Reads all but the first documents only when it is let."""

    def __init__(self) -> None:
        self.let, self.begun = threading.Event(), 0

    def read(self, documents: Documents) -> str:
        return documents["rules.yaml"]

    def again(self, documents: Documents, before: str) -> str:
        self.begun += 1
        assert self.let.wait(timeout=60)
        return f"{documents['rules.yaml']} after {before}"


async def test_while_another_version_is_read_the_one_before_goes_on_and_nobody_is_held_up(database: Database) -> None:
    slow = Slow()
    current = Current(slow.read, again=slow.again, patience_s=0)

    async def asked() -> str:
        async with database.begin(REQUEST) as transaction:
            return await current(transaction)

    await save(database, FIRST)
    assert await asked() == "a: 1"
    await save(database, SECOND)
    assert {await asked() for _ in range(5)} == {"a: 1"}
    slow.let.set()
    await eventually(asked, lambda seen: seen == "a: 2 after a: 1")
    assert slow.begun == 1


async def test_who_waits_for_another_version_has_it_as_soon_as_it_is_read(database: Database) -> None:
    slow = Slow()
    slow.let.set()
    current = Current(slow.read, again=slow.again, patience_s=60)
    for documents, read in ((FIRST, "a: 1"), (SECOND, "a: 2 after a: 1")):
        await save(database, documents)
        async with database.begin(REQUEST) as transaction:
            assert await current(transaction) == read
