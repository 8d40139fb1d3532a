"""The chassis: turns one service, or all three, into a web application with health, errors and background work."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from shared import problems
from shared.asyncapi import document
from shared.clock import NewId
from shared.health import Health, health_routes
from shared.http import BodyLimit, Edge
from shared.loops import Loops
from shared.messaging import Messaging
from shared.pages import static_files
from shared.service import Service
from shared.transport import Transport

DESCRIPTION = """Takes a call for help, gets it to the right local partner, and makes sure someone answers.

Errors are problem documents (RFC 9457). What changes something takes an `Idempotency-Key`, so sending it twice is safe.
The events behind it are described by [AsyncAPI](/asyncapi.json)."""


def application(
    services: Sequence[Service], transport: Transport, *, public_url: str, new_id: NewId, behind: str = ""
) -> FastAPI:
    """One application of `services`, which hear and tell their events over `transport` while it runs.

    `behind` is the path, such as "/intake", under which its documentation stands, so that a front door can show three.
    """
    messaging = [Messaging(service, transport) for service in services]
    every_loop = [loop for service in services for loop in service.loops] + [lo for m in messaging for lo in m.loops]
    loops = Loops(every_loop)
    health = Health(services, transport, loops)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for service in services:
                stack.push_async_callback(service.database.close)
                if service.close is not None:
                    stack.push_async_callback(service.close)
            for each in messaging:
                await each.claim_data()
            # Left in reverse: first the loops end their steps, then the transport drains, then connections close.
            stack.push_async_callback(transport.stop)
            await transport.start()
            await stack.enter_async_context(loops.running())
            yield

    names = ", ".join(service.name for service in services)
    app = FastAPIOffline(
        title=f"Waymark: {names}",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        redoc_url=None,
        openapi_url=f"{behind}/openapi.json",
        docs_url=f"{behind}/docs",
        static_url=f"{behind}/static-offline-docs",
    )
    # For whoever drives them instead of `lifespan`.
    app.state.loops = every_loop
    problems.install(app, public_url)
    for service in services:
        for router in service.routers:
            app.include_router(router)
    app.include_router(health_routes(health))
    app.include_router(problems.pages())
    app.mount("/static", static_files(), name="static")
    _add_machine_pages(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Edge, new_id=new_id)
    return app


def _add_machine_pages(app: FastAPI) -> None:
    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi() -> Response:
        return Response(document(), media_type="application/json")
