"""Each service's schema comes from its migrations, on both databases, and is what its code expects."""

import asyncio
import sys
from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from shared.clock import new_id, utc_now
from shared.db import Database
from shared.migrations import ALEMBIC_INI, head, is_current, upgrade

every_service = pytest.mark.parametrize("service", ["intake", "router", "notifier"])


def metadata_of(service: str) -> MetaData:
    found = import_module(f"services.{service}.store.tables").metadata
    assert isinstance(found, MetaData)
    return found


@every_service
async def test_a_database_is_current_once_it_was_migrated(service: str, database_url: str) -> None:
    database = Database(service, database_url, metadata_of(service), now=utc_now, new_id=new_id)
    assert head(service) is not None
    assert not await is_current(database)
    upgrade(service, database_url)
    assert await is_current(database)
    upgrade(service, database_url)
    assert await is_current(database)
    await database.close()


@every_service
async def test_the_migrations_make_the_tables_that_the_code_names(service: str, database_url: str) -> None:
    metadata = metadata_of(service)
    database = Database(service, database_url, metadata, now=utc_now, new_id=new_id)
    await asyncio.to_thread(upgrade, service, database_url)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


@pytest.mark.real
async def test_several_replicas_may_migrate_at_the_same_moment(postgresql_database: str) -> None:
    line = (sys.executable, "-m", "alembic", "-n", "intake", "-x", f"url={postgresql_database}", "upgrade", "head")
    replicas = [await asyncio.create_subprocess_exec(*line, cwd=ALEMBIC_INI.parent) for _ in range(3)]
    assert [await replica.wait() for replica in replicas] == [0, 0, 0]
    database = Database("intake", postgresql_database, metadata_of("intake"), now=utc_now, new_id=new_id)
    assert await is_current(database)
    await database.close()
