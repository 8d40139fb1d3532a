"""HTTP in: what a draft of the rules would change, on past decisions; one at a time, beside everything else."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from services.router.api.reading import Stores
from services.router.api.rule_sets import base_of
from services.router.domain.county import County
from services.router.domain.simulation.history import History
from services.router.domain.simulation.report import Report, csv_of
from services.router.domain.surge import running
from services.router.use_cases.simulating import Workbench, past_decisions, prepared, simulated
from shared.clock import Clock
from shared.db import Database, Transaction
from shared.document_set import Documents
from shared.documents import current_documents
from shared.problems import documented

# Of one simulation that is asked for while the router does its work.
DAYS_MAX, DECISIONS_MAX, DECISIONS_SHOWN = 90, 10_000, 200
CSV = "text/csv"
Table = Literal["safeguarding", "decisions", "moves", "tracks", "priorities", "deadlines", "flags", "load", "nobody",
                "rules"]  # fmt: skip
PROBLEMS = ("malformed-json", "validation-failed", "county_refused", "not-found", "payload-too-large",
            "simulation-running", "configuration-missing")  # fmt: skip
REPORT: TypeAdapter[Report] = TypeAdapter(Report)


class DraftIn(BaseModel):
    """A draft: a version that is stored, or the texts of those files in which it differs from the rules in force."""

    model_config = ConfigDict(extra="forbid")

    documents: dict[str, str] | None = Field(None, examples=[{"rules.yaml": "version: '1.1'\n…"}])
    version: str | None = Field(None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of its documents")
    days: int = Field(30, ge=1, le=DAYS_MAX, description="how far back")

    @model_validator(mode="after")
    def _is_one_draft(self) -> Self:
        if (self.documents is None) == (self.version is None):
            raise ValueError("either documents or a version is needed")
        return self


def routes(
    database: Database,
    stores: Stores,
    read: Callable[[Documents, Sequence[str]], County],
    workbench: Workbench,
    now: Clock,
) -> APIRouter:
    """The simulation under /api/v1/rule-sets; `read` compiles documents with the surges of these names on, or raises
    Refused."""
    router = APIRouter(prefix="/api/v1/rule-sets", tags=["rules"])

    @router.post("/simulations", summary="Simulate a draft", response_model=None,
                 responses={200: {"model": Report, "content": {CSV: {}}}, **documented(*PROBLEMS)})  # fmt: skip
    async def simulate(
        request: Request,
        body: DraftIn,
        table: Annotated[Table, Query(description="which table, when text/csv is asked for")] = "decisions",
    ) -> Response:
        """What a draft would change, on the first decisions of the last days by the rules in force; nothing is stored.

        Surges that are on count for both, as they would if the draft were published now. All tables, and of `decisions`
        the first 200, the gravest first. With `Accept: text/csv` one table, whole.
        """
        with workbench.taken():
            report = await _report(request, body)
        if CSV in request.headers.get("accept", ""):
            return Response(await asyncio.to_thread(csv_of, report, table), media_type=CSV)
        shown = replace(report, decisions=report.decisions[:DECISIONS_SHOWN])
        return Response(REPORT.dump_json(shown), media_type="application/json")

    async def _report(request: Request, body: DraftIn) -> Report:
        async with database.reading(request.state.origin) as transaction:
            tx = stores(transaction)
            in_force = await tx.county()
            draft = await _draft(body, transaction)
            since = now() - timedelta(days=body.days)
            past = workbench.known(in_force, body.days) or await past_decisions(tx, since, DECISIONS_MAX)
        # Decided once the transaction is over: this may take seconds.
        if isinstance(past, History):
            past = workbench.keep(await prepared(past, in_force), in_force, body.days)
        return await simulated(past, draft)

    async def _draft(body: DraftIn, transaction: Transaction) -> County:
        tx = stores(transaction)
        on = running(await tx.surges.all(), await tx.rule_sets.present())
        # One that a surge made for a time is no rule set, and has that surge in it.
        if body.version is not None and not (on and await tx.rule_sets.find(body.version)):
            return await tx.county_of(body.version)
        base = await base_of(tx, body.version) if on else await current_documents(transaction) or {}
        return await asyncio.to_thread(read, {**base, **(body.documents or {})}, on)

    return router
