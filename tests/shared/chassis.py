"""A small service in the whole chassis: it takes notes, tells of them, and fails as it is bidden."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Request
from fastapi.responses import StreamingResponse
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, ConfigDict, EmailStr, Field
from sqlalchemy.exc import OperationalError

from shared.app import application
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.embedded import Embedded
from shared.errors import Conflict, NotFound, Refused, Unavailable
from shared.log import set_up_logging
from shared.service import Service
from shared.transport import Transport
from tests.shared.world import METADATA, a_cancellation

PUBLIC_URL = "http://waymark.example"
CANARY = "Zzmaureen Canary-Qwertz"
FAULTS: dict[str, Exception] = {
    "refused": Refused("validation-failed", "Say it otherwise."),
    "conflict": Conflict("illegal-transition", "It is finished."),
    "missing": NotFound("not-found", "There is no such note."),
    "unavailable": Unavailable("configuration-missing", "No directory is loaded."),
    "unlisted": Conflict("something-of-its-own", "It has its own code."),
    "bug": ZeroDivisionError(CANARY),
    "database": OperationalError(CANARY, {"name": CANARY}, ConnectionRefusedError(CANARY)),
    "network": ConnectionRefusedError(CANARY),
}


class Note(BaseModel):
    """A body with fields of every kind that may be refused."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=10, pattern="^[a-z]*$")] = "anna"
    age: int = 0
    id: UUID | None = None
    mail: EmailStr | None = None
    kind: Literal["one", "two"] = "one"
    tags: dict[str, int] = {}


def note_routes(database: Database) -> APIRouter:
    """The routes of the small service."""
    router = APIRouter(prefix="/notes")

    @router.post("", status_code=201)
    async def write(request: Request, note: Note) -> dict[str, str]:
        async with database.begin(request.state.origin) as transaction:
            await transaction.publish(a_cancellation(request.state.request_id, reason=note.kind))
        return {"stored": "yes"}

    @router.get("/failing/{how}")
    async def fail(how: str) -> None:
        raise FAULTS[how]

    @router.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"the first half"
            raise ZeroDivisionError(CANARY)

        return StreamingResponse(parts())

    @router.get("/{number}")
    async def read(number: int, page: int = 1, x_number: Annotated[int, Header()] = 1) -> dict[str, int]:
        return {"number": number, "page": page, "x_number": x_number}

    return router


@dataclass
class Chassis:
    """An application that runs, a client of it, and what it wrote to its log."""

    app: FastAPI
    client: AsyncClient
    database: Database
    written: StringIO = field(default_factory=StringIO)

    @property
    def log(self) -> list[dict[str, Any]]:  # JSON
        """The log's lines so far."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def lines(self, event: str) -> list[dict[str, Any]]:  # JSON
        """The log's lines of one event."""
        return [line for line in self.log if line["event"] == event]


@asynccontextmanager
async def running(services: Sequence[Service], transport: Transport | None = None) -> AsyncIterator[Chassis]:
    """The chassis around `services`, while the block runs."""
    written = StringIO()
    set_up_logging(stream=written)
    app = application(services, transport or Embedded(), public_url=PUBLIC_URL, new_id=new_id)
    http = ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), AsyncClient(transport=http, base_url="http://test") as client:
        yield Chassis(app, client, services[0].database, written)


@asynccontextmanager
async def notes(url: str) -> AsyncIterator[Chassis]:
    """The small service in the chassis, on a database at `url` that does not exist yet."""
    database = Database("notes", url, METADATA, now=utc_now, new_id=new_id)
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    async with running([Service("notes", database, routers=(note_routes(database),))]) as chassis:
        yield chassis
