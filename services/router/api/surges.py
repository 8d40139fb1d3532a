"""HTTP in: surges: which there are, which are on, and switching one on or off."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.router.api.rule_sets import PROBLEMS, Once, WordIn
from services.router.domain.publishing import in_force
from services.router.domain.surge import Surge, running
from services.router.ports import Transaction
from services.router.use_cases.surging import SwitchOff, SwitchOn
from shared.db import Database
from shared.document_set import Documents
from shared.idempotency import KEY_PARAMETER
from shared.problems import documented

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,30}$", description="a surge's name, such as snow")]


class SwitchIn(WordIn):
    """Who switches it on, by whose authority, why, and for how long."""

    authority: str = Field(
        min_length=3, max_length=120, description="the office that orders it, such as Director of Public Health"
    )
    until: AwareDatetime = Field(description="when it ends by itself")


class SurgeView(BaseModel):
    """One time that a surge was switched on."""

    name: str
    authority: str
    switched_by: str
    reason: str
    began_at: datetime
    until: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


class SurgesView(BaseModel):
    """The surges of the version in force by name, those that are on, what decisions name meanwhile, and every switch,
    oldest first."""

    surges: dict[str, str]
    running: list[str]
    rule_set: str
    history: list[SurgeView]


def routes(
    database: Database,
    once: Once,
    titles: Callable[[Documents], Mapping[str, str]],
    switch_on: SwitchOn,
    switch_off: SwitchOff,
) -> APIRouter:
    """/api/v1/surges."""
    router = APIRouter(prefix="/api/v1/surges", tags=["rules"])
    keyed = {"parameters": [KEY_PARAMETER]}

    @router.get("", summary="Surges", responses=documented("configuration-missing"))
    async def read_all(request: Request) -> SurgesView:
        """What can be switched on, what is on, and every switch."""
        async with database.begin(request.state.origin) as transaction:
            tx = once.stores(transaction)
            history, present = await tx.surges.all(), await tx.rule_sets.present()
            current = in_force(await tx.rule_sets.history(), present)
            documents = await tx.rule_sets.documents(current.version) if current else None
            return SurgesView(
                surges=dict(titles(documents or {})),
                running=list(running(history, present)),
                rule_set=(await tx.county()).version,
                history=[_view(surge) for surge in history],
            )

    @router.post("/{name}/on", summary="Switch a surge on", response_model=None, openapi_extra=keyed,
                 responses={200: {"model": SurgeView},
                            **documented(*PROBLEMS, "surge-running", "effective-time-past")})  # fmt: skip
    async def on(request: Request, name: Name, body: SwitchIn) -> Response:
        """Its rows count at once in every process, before those of the rules, until its end; decisions name a version
        of their own meanwhile."""

        async def work(tx: Transaction) -> BaseModel:
            present = await tx.rule_sets.present()
            return _view(await switch_on(tx, Surge(name, body.authority, body.by, body.reason, present, body.until)))

        return await once(request, work)

    @router.post("/{name}/off", summary="End a surge", response_model=None, openapi_extra=keyed,
                 responses={200: {"model": SurgeView}, **documented(*PROBLEMS, "surge-not-running")})  # fmt: skip
    async def off(request: Request, name: Name, body: WordIn) -> Response:
        """End it before its time."""

        async def work(tx: Transaction) -> BaseModel:
            return _view(await switch_off(tx, name, body.by, body.reason))

        return await once(request, work)

    return router


def _view(surge: Surge) -> SurgeView:
    fields = asdict(surge)
    del fields["seq"]
    return SurgeView(**fields)
