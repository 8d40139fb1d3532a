"""HTTP in: what is missing in the directory, and whose details nobody has checked lately."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.router.domain.coverage import Band, Cell, Cover, coverage
from services.router.openreferral.source import Source, read_source
from services.router.openreferral.stale import stale
from services.router.ports import Transaction
from shared.clock import Clock
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.documents import Current
from shared.problems import documented

Stores = Callable[[DatabaseTransaction], Transaction]
AGE_MAX = 130


class GapView(BaseModel):
    """One need in one district in one kind of hours."""

    district: str = Field(description="the GSS code")
    district_name: str
    need: str
    need_label: str
    hours: Band
    cover: Cover = Field(description="who is open: a local service, county-wide ones alone, the desk alone, nobody")
    open: list[str] = Field(description="services that take it and are open then, in the order in which they are asked")
    closed: list[str] = Field(description="services that take it and are closed then")
    share: float = Field(description="of these hours, the part in which one of `open` is", ge=0, le=1)


class StaleView(BaseModel):
    """A service whose published details want checking."""

    service_id: str
    service_name: str
    organization_id: str
    organization_name: str
    assurance: str = Field(description="due, lapsed or never")
    assured_date: date | None
    source: str | None = Field(description="whose details they are, if imported")


def routes(database: Database, stores: Stores, now: Clock) -> APIRouter:
    """The directory under /api/v1."""
    router = APIRouter(prefix="/api/v1/directory", tags=["directory"], responses=documented("configuration-missing"))
    sources: Current[Source] = Current(read_source)

    @router.get("/gaps", summary="Where nobody, or nobody local, is there")
    async def read_gaps(
        request: Request,
        hours: Annotated[Band | None, Query(description="Only these hours.")] = None,
        district: Annotated[str | None, Query(max_length=9, description="Only this GSS code.")] = None,
        need: Annotated[str | None, Query(max_length=80, description="Only this need.")] = None,
        age: Annotated[int | None, Query(ge=0, le=AGE_MAX, description="Years; else as rules take it.")] = None,
        whole: Annotated[bool, Query(description="Also where a local service is open.")] = False,
    ) -> list[GapView]:
        """By the directory and the rules in force, for somebody of whom nothing else is known; capacity counts not."""
        async with database.begin(request.state.origin) as transaction:
            county = await stores(transaction).county()
        # Half a second of work, in which other requests go on.
        cells = await asyncio.to_thread(lambda: list(coverage(county, age)))
        return [
            _gap(cell)
            for cell in cells
            if (whole or cell.cover is not Cover.LOCAL)
            and hours in (None, cell.band)
            and district in (None, cell.district.code)
            and need in (None, cell.need.code)
        ]

    @router.get("/stale", summary="Services whose details nobody has checked lately")
    async def read_stale(request: Request) -> list[StaleView]:
        """Those that were never checked first, then the oldest check."""
        async with database.begin(request.state.origin) as transaction:
            source = await sources(transaction)
        return [
            StaleView(
                service_id=each.service_id,
                service_name=each.service_name,
                organization_id=each.organization_id,
                organization_name=each.organization_name,
                assurance=each.worth.value,
                assured_date=each.assured_date,
                source=each.source,
            )
            for each in stale(source, source.county.today(now()))
        ]

    return router


def _gap(cell: Cell) -> GapView:
    return GapView(
        district=cell.district.code,
        district_name=cell.district.name,
        need=cell.need.code,
        need_label=cell.need.label,
        hours=cell.band,
        cover=cell.cover,
        open=list(cell.open),
        closed=list(cell.closed),
        share=round(cell.share, 4),
    )
