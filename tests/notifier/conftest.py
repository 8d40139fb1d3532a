"""The notifier's parts on a database of each kind."""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from services.notifier.channels.notify import Notify
from services.notifier.store.database import NotifierDatabase
from services.notifier.store.tables import metadata
from shared.clock import new_id, utc_now
from shared.document_set import Documents
from tests.notifier.http_server import Script, web_server
from tests.notifier.notify_server import FakeNotify, notify_server
from tests.notifier.partner import Partner, leading_here, sender_by
from tests.notifier.smtp_server import self_signed
from tests.notifier.world import DIRECTORY, World, keep_directory, transactions_on

OpenWorld = Callable[[], World]


@pytest.fixture
def documents() -> Documents:
    """The directory of tests, as it is stored."""
    parts = asdict(DIRECTORY)
    parts["contacts"] = parts.pop("addresses")
    # These have none; the tests of quiet hours and digests store their own.
    del parts["arrangements"]
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


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def trust(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    return self_signed(tmp_path)


@pytest.fixture
def port(script: Script, trust: tuple[ssl.SSLContext, Path]) -> Iterator[int]:
    with web_server(script, tls=trust[0]) as port:
        yield port


@pytest.fixture
async def partner(script: Script, port: int, trust: tuple[ssl.SSLContext, Path]) -> AsyncIterator[Partner]:
    sender = sender_by(leading_here(trust[1]))
    yield Partner(script, port, sender)
    await sender.rest()


@pytest.fixture
def fake() -> Iterator[FakeNotify]:
    with notify_server() as fake:
        yield fake


@pytest.fixture
async def notify(fake: FakeNotify) -> AsyncIterator[Notify]:
    notify = Notify(fake.account(), utc_now, limits_s=(2, 2))
    yield notify
    await notify.rest()
