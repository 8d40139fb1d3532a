"""The migrations make the very tables that the code works with."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from services.intake.store.tables import metadata
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.migrations import is_current, upgrade


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_a_migrated_database_has_the_tables_of_the_code(database_url: str) -> None:
    await asyncio.to_thread(upgrade, "intake", database_url)
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_a_migrated_database_is_current_and_an_empty_one_is_not(database_url: str) -> None:
    database = Database("intake", database_url, metadata, now=utc_now, new_id=new_id)
    assert not await is_current(database)
    await asyncio.to_thread(upgrade, "intake", database_url)
    assert await is_current(database)
    await database.close()
