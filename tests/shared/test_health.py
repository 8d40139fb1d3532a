"""Whether a process lives and may be given work, and what to do when not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.router.main import build
from services.router.settings import RouterSettings
from shared.clock import Clock, new_id, utc_now
from shared.embedded import Embedded
from shared.health import RELAY_AGE_LIMIT_S, Health
from shared.loops import LATE_AFTER_S, Loops
from shared.migrations import upgrade
from shared.service import Loop, Service
from tests.links import LINK_KEYS
from tests.shared.chassis import Chassis, running
from tests.shared.world import a_cancellation, publish


class BrokerAway(Embedded):
    """A transport that reaches nobody."""

    def healthy(self) -> bool:
        """See Transport."""
        return False


class Idle:
    """Work of which there is none."""

    async def run_once(self) -> bool:
        """See Work."""
        return False


def router(url: str, now: Clock = utc_now) -> Service:
    return build(RouterSettings(router_database_url=url, link_keys=LINK_KEYS), now=now, new_id=new_id)


@asynccontextmanager
async def migrated(url: str, transport: Embedded | None = None) -> AsyncIterator[Chassis]:
    await asyncio.to_thread(upgrade, "router", url)
    async with running([router(url)], transport) as chassis:
        yield chassis


async def readiness(chassis: Chassis) -> tuple[int, str, dict[str, dict[str, Any]]]:  # JSON
    """Status, overall state, and the checks by name."""
    answer = await chassis.client.get("/readyz")
    report = answer.json()
    return answer.status_code, report["state"], {check["name"]: check for check in report["checks"]}


async def test_a_process_is_ready_when_all_it_needs_answers(sqlite_database: str) -> None:
    async with migrated(sqlite_database) as chassis:
        status, state, checks = await readiness(chassis)
    assert (status, state) == (200, "ok")
    assert {name: check["state"] for name, check in checks.items()} == {"router": "ok", "broker": "ok"}


async def test_a_broker_that_is_away_only_degrades_since_events_wait(sqlite_database: str) -> None:
    async with migrated(sqlite_database, BrokerAway()) as chassis:
        status, state, checks = await readiness(chassis)
    assert (status, state) == (200, "ok")
    assert checks["broker"]["state"] == "degraded"
    assert "outbox" in checks["broker"]["detail"]


async def test_a_database_without_its_tables_keeps_work_away_and_says_what_to_do(sqlite_database: str) -> None:
    async with running([router(sqlite_database)]) as chassis:
        status, state, checks = await readiness(chassis)
    assert (status, state) == (503, "failed")
    assert "waymark migrate" in checks["router"]["detail"]


async def test_a_database_that_does_not_answer_keeps_work_away() -> None:
    # Nothing listens there: the port is not one that a program without privileges could have.
    service = router("postgresql+asyncpg://router:secret@127.0.0.1:1/router")
    report = await Health([service], Embedded(), Loops([])).ready()
    [database, _] = report.checks
    assert (report.state, database.state) == ("failed", "failed")
    assert database.detail == "The database does not answer: ConnectionRefusedError"
    await service.database.close()


async def test_an_event_that_waits_too_long_is_told(sqlite_database: str) -> None:
    at = datetime.fromisoformat("2020-05-06T12:00:00+00:00")
    moments = {"now": at}
    await asyncio.to_thread(upgrade, "router", sqlite_database)
    service = router(sqlite_database, lambda: moments["now"])
    await publish(service.database, a_cancellation(new_id()))
    health = Health([service], Embedded(), Loops([]))
    assert (await health.ready()).checks[0].state == "ok"
    moments["now"] = at + timedelta(seconds=RELAY_AGE_LIMIT_S + 60)
    late = (await health.ready()).checks[0]
    assert (late.state, late.detail) == ("degraded", "An event has waited 360 s to leave the outbox.")
    await service.database.close()


async def test_a_process_lives_while_its_background_work_moves(sqlite_database: str) -> None:
    async with migrated(sqlite_database) as chassis:
        answer = await chassis.client.get("/livez")
    assert (answer.status_code, answer.json()["state"]) == (200, "ok")


@pytest.mark.parametrize(("still_for_s", "state"), [(LATE_AFTER_S, "ok"), (LATE_AFTER_S + 6, "failed")])
async def test_background_work_that_stands_still_is_named(still_for_s: float, state: str) -> None:
    loops = Loops([Loop("router.relay", Idle(), idle_s=5)])
    loops.beats["router.relay"] = asyncio.get_running_loop().time() - still_for_s
    report = Health([], Embedded(), loops).alive()
    assert report.state == state
    assert report.checks[0].detail == ("router.relay" if state == "failed" else None)
