"""An urgent message leaves at once, whatever waits: counted in deliveries, with ten thousand rows on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.notifier.domain.message import Hook, Message
from services.notifier.main import LANES
from services.notifier.store.database import NotifierDatabase
from services.notifier.store.rows import row_of
from services.notifier.store.tables import metadata, notification
from shared.clock import new_id, utc_now
from shared.document_set import Documents
from tests.notifier.heard import offered
from tests.notifier.test_holds import an_id
from tests.notifier.world import (
    ORIGIN,
    ScriptedSender,
    World,
    a_notification,
    an_offer,
    keep_directory,
)
from tests.notifier.world import transactions_on as transactions_of

URGENT, ROUTINE = LANES
WAITING = 10_000


@pytest.fixture
async def busy(postgresql_database: str, documents: Documents) -> AsyncIterator[World]:
    """A notifier with ten thousand routine messages that are due."""
    database = NotifierDatabase(postgresql_database, now=utc_now, new_id=new_id)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await keep_directory(database, documents)
    world = World(database, transactions_of(database))
    async with database.begin(ORIGIN) as tx:
        rows = [routine_row(number) for number in range(WAITING)]
        for start in range(0, WAITING, 1_000):
            await tx.connection.execute(notification.insert(), rows[start : start + 1_000])
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE notification"))
    yield world
    await database.close()


def routine_row(number: int) -> dict[str, object]:
    planned_at = utc_now() - timedelta(hours=2)
    offer = an_offer(assignment_id=an_id(number), priority="P4", reply_by=planned_at + timedelta(days=3))
    return row_of(a_notification(offer=offer, planned_at=planned_at)) | {"correlation_id": "routine"}


async def test_an_urgent_message_is_the_next_to_leave_while_ten_thousand_wait_and_the_provider_stalls(
    busy: World,
) -> None:
    left: list[Message | Hook] = []
    stalled, go_on = asyncio.Event(), asyncio.Event()

    async def stall() -> None:
        stalled.set()
        await go_on.wait()

    routine, urgent = ScriptedSender(meanwhile=stall, taken=left), ScriptedSender(taken=left)
    saturated = asyncio.create_task(busy.worker(routine, lane=ROUTINE).run_once())
    await stalled.wait()
    await busy.hear(offered(name="urgent", priority="P1"))
    await busy.worker(urgent, lane=URGENT).run_once()
    assert len(left) == 1
    [sent] = [stored for stored in await busy.stored() if stored.offer.priority == "P1"]
    assert left[0].id == sent.id
    go_on.set()
    assert await saturated
    assert len(left) == 1 + ROUTINE.width


async def test_of_one_lane_too_an_urgent_message_is_claimed_first(busy: World) -> None:
    await busy.hear(offered(name="urgent", priority="P2"))
    async with busy.begin() as tx:
        claims = await tx.notifications.claim(ROUTINE, utc_now())
    assert [claim.notification.offer.priority for claim in claims] == ["P2"] + ["P4"] * (ROUTINE.width - 1)


async def test_claiming_reads_the_index_of_open_messages(busy: World) -> None:
    async with busy.begin() as tx:
        await tx.notifications.claim(URGENT, utc_now())
        await tx.tx.connection.execute(text("SELECT pg_stat_force_next_flush()"))
    scans = text("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'ix_notification_open'")
    async with busy.begin() as tx:
        assert (await tx.tx.connection.execute(scans)).scalar_one() > 0
