"""Databases with the tables of a test service, opened as often as there would be processes."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.clock import Clock, new_id, utc_now
from shared.db import Database
from tests.shared.world import METADATA, OpenDatabase


@pytest.fixture
async def create_postgresql(postgres_url: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Makes empty PostgreSQL databases, each call one, and drops them after the test; the answer is a URL."""
    server = create_async_engine(postgres_url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    async def create() -> str:
        made.append(f"test_{new_id().hex}")
        async with server.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {made[-1]}"))
        return make_url(postgres_url).set(database=made[-1]).render_as_string(hide_password=False)

    yield create
    async with server.connect() as connection:
        for name in made:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@pytest.fixture
async def open_any_database() -> AsyncIterator[Callable[..., object]]:
    """Opens databases by URL, with the tables of the test service, and closes them after the test."""
    opened: list[Database] = []

    async def open_one(url: str, *, name: str = "router", now: Clock = utc_now) -> Database:
        database = Database(name, url, METADATA, now=now, new_id=new_id, pool_size=10)
        opened.append(database)
        async with database.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
        return database

    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture
def open_database(open_any_database: OpenDatabase, database_url: str) -> OpenDatabase:
    """Opens the test's database; a second call opens the same one again, as another process would."""

    async def open_one(*, name: str = "router", now: Clock = utc_now) -> Database:
        return await open_any_database(database_url, name=name, now=now)

    return open_one


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return await open_database()
