"""What was planned and tried stays so when messages get their occasions, and when that is taken back."""

import asyncio
from dataclasses import replace
from uuid import uuid5

from alembic import command
from alembic.config import Config

from services.notifier.store.database import NotifierDatabase
from shared.clock import new_id, utc_now
from shared.migrations import ALEMBIC_INI, upgrade
from tests.notifier.world import ALL, IDS, World, a_notification, transactions_on


def downgrade(url: str) -> None:
    config = Config(ALEMBIC_INI, ini_section="notifier")
    config.attributes["url"] = url
    command.downgrade(config, "notifier_0004")


async def test_what_was_planned_and_tried_is_kept_and_still_planned_once(database_url: str) -> None:
    await asyncio.to_thread(upgrade, "notifier", database_url)
    database = NotifierDatabase(database_url, now=utc_now, new_id=new_id)
    world = World(database, transactions_on(database))
    async with world.begin() as tx:
        await tx.notifications.add(a_notification())
        await tx.notifications.claim(ALL, await tx.present())
    before = await world.stored_with_attempts()
    await database.close()
    await asyncio.to_thread(downgrade, database_url)
    await asyncio.to_thread(upgrade, "notifier", database_url)
    assert await world.stored_with_attempts() == before
    async with world.begin() as tx:
        assert not await tx.notifications.add(replace(a_notification(), id=uuid5(IDS, "again")))
    await database.close()
