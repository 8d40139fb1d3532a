"""HTTP in: what room each service has and how far that is to be believed, and taking its word on it."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.router.api.answering import AnswerIn
from services.router.api.pausing import PROBLEMS, ServiceId
from services.router.domain.assignment import Actor
from services.router.domain.capacity import TAKES_NOTHING, Availability, Step, is_watched
from services.router.domain.county import County
from services.router.ports import Transaction
from services.router.use_cases.confirming import ConfirmCapacity, Room, counted_from, room
from shared.clock import Clock
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.errors import NotFound
from shared.idempotency import KEY_PARAMETER, Answer, Idempotency
from shared.problems import documented

Stores = Callable[[DatabaseTransaction], Transaction]


class CapacityIn(AnswerIn):
    """What a service says of its capacity. Sending what stands already confirms it."""

    state: Literal["open", "limited", "waitlist", "full"] = Field(
        description="limited: assesses first, and is asked after others; waitlist and full are offered nothing"
    )
    places: int | None = Field(None, ge=0, le=10_000, description="places a day; null: as many as the directory says")


class CapacityView(BaseModel):
    """The room that one service has today, and who said so when."""

    service_id: str
    service_name: str
    organization_id: str
    places: int | None = Field(description="places a day; null: they are not counted")
    taken: int = Field(description="places taken today")
    left: int | None = Field(description="places left today; null: they are not counted")
    state: Literal["open", "limited", "waitlist", "full", "paused"] = Field(
        description="what it counts as now: full also without a place left, limited also if nobody confirmed it in time"
    )
    confirmed_at: datetime = Field(
        description="since when this stands: when the directory was loaded, if never confirmed"
    )
    confirmed_by: str | None = Field(description="the code of who said so; null: the directory")
    role: str | None = Field(description="partner or staff; null: the directory")
    decays_at: datetime | None = Field(
        description="when it counts for less unless somebody confirms it; null: it does not"
    )


def routes(database: Database, stores: Stores, idempotency: Idempotency, now: Clock) -> APIRouter:
    """Capacity under /api/v1."""
    router = APIRouter(prefix="/api/v1", tags=["services"])
    confirm = ConfirmCapacity(now)

    @router.get("/capacity", summary="What room the services have", responses=documented("configuration-missing"))
    async def read_capacity(request: Request) -> list[CapacityView]:
        """Every active service, those that nobody confirmed for longest first."""
        async with database.begin(request.state.origin) as transaction:
            views = await _views(stores(transaction), now())
        return sorted(views, key=lambda view: (view.confirmed_at, view.service_id))

    @router.post("/services/{service_id}/capacity", summary="Confirm or change its capacity", response_model=None,
                 openapi_extra={"parameters": [KEY_PARAMETER]},
                 responses={200: {"model": CapacityView}, **documented(*PROBLEMS)})  # fmt: skip
    async def confirm_it(request: Request, service_id: ServiceId, body: CapacityIn) -> Response:
        """It stands from now on, until it decays again. A pause for want of it ends; no other pause does."""

        async def work(transaction: DatabaseTransaction) -> Answer:
            tx = stores(transaction)
            await confirm(tx, service_id, Availability(body.state), body.places, Actor(body.role, body.by))
            found = [view for view in await _views(tx, now()) if view.service_id == service_id]
            if not found:
                raise NotFound("not-found", "There is no active service with this id.")
            return Answer(200, found[0].model_dump(mode="json"))

        return await idempotency(request, request.headers.get("authorization", ""), request.state.origin, work)

    return router


async def _views(tx: Transaction, at: datetime) -> list[CapacityView]:
    county = await tx.county()
    found, taken = await room(tx, county, at), await tx.capacity.taken(county.today(at))
    counted = await counted_from(tx, county)
    return [
        _view(county, service.id, found, taken.get(service.id, 0), counted[service.id])
        for service in county.services.values()
        if service.active
    ]


def _view(county: County, service_id: str, found: Room, taken: int, since: datetime) -> CapacityView:
    service, word, places = county.services[service_id], found.words.get(service_id), found.places.get(service_id)
    return CapacityView(
        service_id=service_id,
        service_name=service.name,
        organization_id=service.organization_id,
        places=places,
        taken=taken,
        left=None if places is None else max(0, places - taken),
        state=_state(service_id, found),
        confirmed_at=since,
        confirmed_by=word.actor.code if word else None,
        role=word.actor.kind if word else None,
        decays_at=_decays_at(county, service_id, found, since) if is_watched(service, found.words) else None,
    )


def _state(service_id: str, found: Room) -> Literal["open", "limited", "waitlist", "full", "paused"]:
    word = found.words.get(service_id)
    if service_id in found.paused:
        return "paused"
    if word is not None and word.availability in TAKES_NOTHING:
        return "waitlist" if word.availability is Availability.WAITLIST else "full"
    if found.remaining.get(service_id, 1) <= 0:
        return "full"
    return "limited" if service_id in found.limited else "open"


def _decays_at(county: County, service_id: str, found: Room, since: datetime) -> datetime | None:
    """The next step down; a reminder that came late puts it off."""
    if service_id in found.paused:
        return None
    step = Step.PAUSED if service_id in found.limited else Step.LIMITED
    due = county.rules.decay.due(step, since)
    told = [each.decays_at for each in found.reminders if each.service_id == service_id and each.step is step]
    return max(due, *told) if told else due
