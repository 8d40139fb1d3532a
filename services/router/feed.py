"""The public feed, assembled: an application of its own, which reads the directory in force and nothing else."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from secrets import token_bytes

from fastapi import Depends, FastAPI, Request
from fastapi_offline import FastAPIOffline

from services.router.openreferral.filters import Find
from services.router.openreferral.openness import OpenToAll
from services.router.openreferral.routes import routes
from services.router.openreferral.snapshot import Snapshot, snapshot
from services.router.openreferral.source import read_source
from services.router.settings import FeedSettings
from services.router.store.confirmations import ConfirmationTable
from services.router.store.tables import metadata
from shared import problems
from shared.clock import Clock, NewId
from shared.db import Database
from shared.documents import Current
from shared.envelope import Origin
from shared.http import BodyLimit, Edge
from shared.rate_limit import RateLimit

DESCRIPTION = """The county's services as open data, by the Human Services Data Specification 3.0 and its UK profile.

No key is needed. An answer may be kept for half a minute, and asked for again by its ETag. Times are those of the clock
on the wall in the United Kingdom. Errors are problem documents (RFC 9457)."""
POOL_SIZE = 4


class InForce:
    """The public directory as it is now: made anew when another version is in force, or another day has begun."""

    def __init__(self, database: Database, base: str, now: Clock) -> None:
        self._database = database
        self._base = base
        self._now = now
        self._sources = Current(read_source)
        self._made: tuple[str, date, Snapshot] | None = None

    async def __call__(self) -> Snapshot:
        """Raises Unavailable before a directory is loaded."""
        async with self._database.begin(Origin("feed")) as tx:
            source = await self._sources(tx)
            loaded_at = await ConfirmationTable(tx).loaded_at()
        version, today = source.county.version, source.county.today(self._now())
        if self._made is None or self._made[:2] != (version, today):
            self._made = version, today, snapshot(source, self._base, loaded_at, today)
        return self._made[2]


def build_feed(settings: FeedSettings, *, now: Clock, new_id: NewId, find: Find | None = None) -> FastAPI:
    """The feed as an application. `find` says where a postcode is; None if no postcodes are known."""
    base = settings.feed_url.rstrip("/")
    database = Database("router", settings.router_database_url, metadata, now=now, new_id=new_id, pool_size=POOL_SIZE)
    only_reads(database)
    current = InForce(database, base, now)
    secret = token_bytes(32)

    def disguise(caller: str) -> str:
        return hmac.digest(secret, caller.encode(), "sha256").hex()

    limit = RateLimit(settings.feed_requests_per_minute, None, now=now, disguise=disguise)

    async def count(request: Request) -> None:
        await limit(request.client.host if request.client else "")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await database.close()

    app = FastAPIOffline(
        title="Public directory",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    problems.install(app, base)
    app.include_router(routes(current, find, base), dependencies=[Depends(count)])
    app.include_router(problems.pages())
    _add_health(app, current)
    app.add_middleware(BodyLimit)
    app.add_middleware(Edge, new_id=new_id)
    app.add_middleware(OpenToAll)
    return app


def only_reads(database: Database) -> None:
    """Have PostgreSQL refuse whatever would change something: nothing of the router's can be changed from here."""
    if database.is_postgresql:
        database.engine = database.engine.execution_options(postgresql_readonly=True)


def _add_health(app: FastAPI, current: InForce) -> None:
    @app.get("/livez", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"state": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> dict[str, str]:
        # Without a database or a directory this is a problem of status 503, as every other answer is.
        await current()
        return {"state": "ok"}
