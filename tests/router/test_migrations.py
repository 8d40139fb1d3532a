"""The router's migrations lead there and back."""

import asyncio

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select

from services.router.store.tables import decision, metadata
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.migrations import ALEMBIC_INI, upgrade


def downgrade(service: str, url: str) -> None:
    config = Config(ALEMBIC_INI, ini_section=service)
    config.attributes["url"] = url
    command.downgrade(config, "base")


def upgrade_to(revision: str, url: str) -> None:
    config = Config(ALEMBIC_INI, ini_section="router")
    config.attributes["url"] = url
    command.upgrade(config, revision)


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


@pytest.mark.parametrize("service", ["intake", "router", "notifier"])
async def test_every_step_can_be_taken_back(service: str, database_url: str) -> None:
    database = Database(service, database_url, metadata, now=utc_now, new_id=new_id)
    await asyncio.to_thread(upgrade, service, database_url)
    async with database.engine.connect() as connection:
        assert {"inbox", "outbox", "configuration"} <= await connection.run_sync(tables)
    await asyncio.to_thread(downgrade, service, database_url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(tables) == set()
    await asyncio.to_thread(upgrade, service, database_url)
    await database.close()


async def test_the_schema_is_the_one_of_the_code_after_going_back_and_forth(database_url: str) -> None:
    database = Database("router", database_url, metadata, now=utc_now, new_id=new_id)
    await asyncio.to_thread(upgrade, "router", database_url)
    await asyncio.to_thread(downgrade, "router", database_url)
    await asyncio.to_thread(upgrade, "router", database_url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_what_decisions_from_before_hold_is_watched_too(database_url: str) -> None:
    await asyncio.to_thread(upgrade_to, "router_0011", database_url)
    database = Database("router", database_url, metadata, now=utc_now, new_id=new_id)
    for held in ([], ["food.bank"]):
        made = {"id": new_id(), "referral_id": new_id(), "reference": "4WJX-P7K", "decided_at": utc_now(), "facts": {}}
        made |= {"rule_set": "rules-1", "outcome": "routed", "document": {"held_needs": held}}
        async with database.engine.begin() as connection:
            await connection.execute(decision.insert().inline().values(made))
    await asyncio.to_thread(upgrade, "router", database_url)
    async with database.engine.connect() as connection:
        rows = await connection.execute(select(decision.c.document, decision.c.unplaced))
        assert {tuple(row.document["held_needs"]): row.unplaced for row in rows} == {(): None, ("food.bank",): "held"}
    await database.close()
