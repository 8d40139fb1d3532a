"""Old rows go, and never too early; the gauges tell what the tables hold."""

from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from shared.clock import Clock, new_id, utc_now
from shared.db import Database
from shared.errors import Refused, Unavailable
from shared.housekeeping import Measure, Purge
from tests.shared.world import OpenDatabase, Scribe, a_cancellation, a_record, an_inbox, publish, rows


def days_ago(days: int) -> Clock:
    def clock() -> datetime:
        return utc_now() - timedelta(days=days)

    return clock


async def left(database: Database) -> tuple[int, int]:
    """Rows in the outbox and in the inbox."""
    return len(await rows(database, database.outbox)), len(await rows(database, database.inbox))


async def mark_published(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(database.outbox.update().values(published_at=database.instant))


@pytest.mark.parametrize(("days", "outbox", "inbox"), [(99, 1, 1), (101, 0, 1), (199, 0, 1), (201, 0, 0)])
async def test_claims_outlive_the_events_that_could_come_again(
    open_database: OpenDatabase, days: int, outbox: int, inbox: int
) -> None:
    then, now = await open_database(now=days_ago(days)), await open_database()
    await publish(then, a_cancellation(new_id()))
    await mark_published(then)
    await an_inbox(then, Scribe()).process(a_record(a_cancellation(new_id())))
    assert not await Purge(now).run_once()
    assert await left(now) == (outbox, inbox)


async def test_what_is_not_finished_is_kept_however_old(open_database: OpenDatabase) -> None:
    then, now = await open_database(now=days_ago(500)), await open_database()
    await publish(then, a_cancellation(new_id()))
    inbox = an_inbox(then, Scribe({"dead": [Refused("no", "No.")], "retry": [Unavailable("full", "No room.")]}))
    for reason in ("dead", "retry"):
        await inbox.process(a_record(a_cancellation(new_id(), reason)))
    await Purge(now).run_once()
    assert await left(now) == (1, 2)


async def test_a_purge_goes_in_bounded_batches(open_database: OpenDatabase) -> None:
    then, now = await open_database(now=days_ago(150)), await open_database()
    await publish(then, *(a_cancellation(new_id()) for _ in range(1_100)))
    await mark_published(then)
    purge = Purge(now)
    assert await purge.run_once()
    assert await left(now) == (100, 0)
    assert not await purge.run_once()
    assert await left(now) == (0, 0)


async def test_the_gauges_tell_what_waits_and_for_how_long(open_database: OpenDatabase) -> None:
    name = f"gauges-{new_id()}"
    database = await open_database(name=name)
    an_hour_ago = await open_database(name=name, now=lambda: utc_now() - timedelta(hours=1))
    await publish(an_hour_ago, a_cancellation(new_id()), a_cancellation(new_id()))
    scribe = Scribe({"dead": [Refused("no", "No.")], "retry": [Unavailable("full", "No room.")]})
    for reason in ("dead", "retry", "fine"):
        await an_inbox(an_hour_ago, scribe).process(a_record(a_cancellation(new_id(), reason)))
    await Measure(database).run_once()

    def gauge(metric: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(f"waymark_{metric}", {"service": name} | labels) or 0.0

    assert gauge("outbox_waiting") == 2
    assert gauge("inbox_open", state="retry") == 1
    assert gauge("inbox_open", state="dead") == 1
    assert 3_600 <= gauge("outbox_oldest_age_seconds") < 3_700
    assert 3_600 <= gauge("inbox_oldest_retry_age_seconds") < 3_700
