"""Whether a process lives, and whether it is ready to be given work."""

import asyncio
from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from shared.db import Database
from shared.loops import Loops
from shared.migrations import is_current
from shared.service import Service
from shared.transport import Transport

CHECK_TIMEOUT_S = 3.0
RELAY_AGE_LIMIT_S = 300.0


class Check(BaseModel):
    """One thing that was looked at. `detail` says what to do when it is not well."""

    name: str
    state: Literal["ok", "failed", "degraded"]
    detail: str | None = None


class Report(BaseModel):
    """All checks together: "failed" when one failed; what is only degraded does not keep work away."""

    state: Literal["ok", "failed"]
    checks: list[Check]


class Health:
    """Looks at a process's databases, schema, outboxes, broker and background work."""

    def __init__(self, services: Sequence[Service], transport: Transport, loops: Loops) -> None:
        self._services = services
        self._transport = transport
        self._loops = loops

    def alive(self) -> Report:
        """Whether all background work moves; a process whose work stands still should be restarted."""
        late = self._loops.late()
        return _report([Check(name="loops", state="failed" if late else "ok", detail=", ".join(late) or None)])

    async def ready(self) -> Report:
        """Whether work can be taken. A broker that is away only degrades: what is accepted waits in the outbox."""
        checks = [await self._database(service.database) for service in self._services]
        broker = self._transport.healthy()
        detail = None if broker else "The broker cannot be reached; events wait in the outbox."
        checks.append(Check(name="broker", state="ok" if broker else "degraded", detail=detail))
        return _report(checks)

    async def _database(self, database: Database) -> Check:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                current = await is_current(database)
                # A schema of another version may have no outbox to look at.
                age = await _relay_age_s(database) if current else 0.0
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            return Check(
                name=database.name, state="failed", detail=f"The database does not answer: {type(error).__name__}"
            )
        if not current:
            return Check(name=database.name, state="failed", detail="The schema is not this version's: waymark migrate")
        if age > RELAY_AGE_LIMIT_S:
            waiting = f"An event has waited {round(age)} s to leave the outbox."
            return Check(name=database.name, state="degraded", detail=waiting)
        return Check(name=database.name, state="ok")


async def _relay_age_s(database: Database) -> float:
    outbox = database.outbox
    async with database.engine.connect() as connection:
        oldest = await connection.scalar(select(func.min(outbox.c.created_at)).where(outbox.c.published_at.is_(None)))
    return (database.now() - oldest).total_seconds() if oldest else 0.0


def _report(checks: list[Check]) -> Report:
    return Report(state="failed" if any(check.state == "failed" for check in checks) else "ok", checks=checks)


def health_routes(health: Health) -> APIRouter:
    """/livez and /readyz: 200 when well, 503 when not, with the checks as JSON."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez(response: Response) -> Report:
        return _answer(health.alive(), response)

    @router.get("/readyz")
    async def readyz(response: Response) -> Report:
        return _answer(await health.ready(), response)

    return router


def _answer(report: Report, response: Response) -> Report:
    response.status_code = 503 if report.state == "failed" else 200
    return report
