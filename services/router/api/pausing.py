"""HTTP in: which services pause, and pausing and resuming one."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from services.router.api.answering import AnswerIn, Code
from services.router.api.views import SERVICE_ID
from services.router.domain.answers import Pause
from services.router.domain.assignment import Actor
from services.router.domain.capacity import Pausing
from services.router.ports import Transaction
from services.router.use_cases.pausing import PauseService, ResumeService
from shared.clock import Clock
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer, Idempotency
from shared.problems import documented

Stores = Callable[[DatabaseTransaction], Transaction]
ServiceId = Annotated[str, Path(pattern=SERVICE_ID, description="a service's id")]
PROBLEMS = (*UNUSABLE_KEY, "malformed-json", "not-found", "request-in-progress", "validation-failed",
            "idempotency-key-reused", "configuration-missing")  # fmt: skip


class PauseIn(AnswerIn):
    """Why a service is to be offered nothing, and for how long."""

    reason: Code = Field(description="one of the county's reasons to decline")
    length: Literal["today", "resumed"] = Field("resumed", description="until midnight, or until it is resumed")


class PauseView(BaseModel):
    """A service that is offered nothing."""

    service_id: str
    reason: str
    actor: str = Field(description="partner, staff or router")
    by: str
    since: datetime
    until: datetime | None = Field(description="null: until it is resumed")


class ResumedView(BaseModel):
    """A service that is offered what comes its way."""

    service_id: str


def routes(database: Database, stores: Stores, idempotency: Idempotency, now: Clock) -> APIRouter:
    """The services' part of /api/v1."""
    router = APIRouter(prefix="/api/v1/services", tags=["services"])
    pause, resume = PauseService(now), ResumeService(now)

    @router.get("/pauses", summary="Services that pause")
    async def read_pauses(request: Request) -> list[PauseView]:
        """Every pause that is running, oldest first."""
        async with database.begin(request.state.origin) as tx:
            return [_view(pausing) for pausing in await stores(tx).pauses.running(now())]

    @router.post("/{service_id}/pause", summary="Pause a service", response_model=None,
                 openapi_extra={"parameters": [KEY_PARAMETER]},
                 responses={200: {"model": PauseView}, **documented(*PROBLEMS, "reason-unknown")})  # fmt: skip
    async def pause_it(request: Request, service_id: ServiceId, body: PauseIn) -> Response:
        """Offer a service nothing more; what it has stays with it. Like one that is full it is passed over (R57)."""

        async def work(tx: DatabaseTransaction) -> Answer:
            actor = Actor(body.role, body.by)
            pausing = await pause(stores(tx), service_id, body.reason, Pause(body.length), actor)
            return Answer(200, _view(pausing).model_dump(mode="json"))

        return await idempotency(request, request.headers.get("authorization", ""), request.state.origin, work)

    @router.post("/{service_id}/resume", summary="Resume a service", response_model=None,
                 openapi_extra={"parameters": [KEY_PARAMETER]},
                 responses={200: {"model": ResumedView}, **documented(*PROBLEMS)})  # fmt: skip
    async def resume_it(request: Request, service_id: ServiceId, body: AnswerIn) -> Response:
        """Offer a service what comes its way again, whatever made it pause."""

        async def work(tx: DatabaseTransaction) -> Answer:
            await resume(stores(tx), service_id, Actor(body.role, body.by))
            return Answer(200, ResumedView(service_id=service_id).model_dump())

        return await idempotency(request, request.headers.get("authorization", ""), request.state.origin, work)

    return router


def _view(pausing: Pausing) -> PauseView:
    return PauseView(
        service_id=pausing.service_id,
        reason=pausing.reason,
        actor=pausing.actor.kind,
        by=pausing.actor.code,
        since=pausing.since,
        until=pausing.until,
    )
