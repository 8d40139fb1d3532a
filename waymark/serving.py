"""Serves an application over HTTP until it is told to stop, and one service against the real databases and broker."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from services.intake import main as intake
from services.intake.settings import IntakeSettings
from services.notifier import main as notifier
from services.notifier.settings import NotifierSettings
from services.router import main as router
from services.router.settings import RouterSettings
from shared.app import application
from shared.clock import new_id, utc_now
from shared.errors import Refused
from shared.log import get_logger, set_up_logging
from shared.messaging import make_transport
from shared.service import Service
from shared.settings import CommonSettings, read_settings
from waymark.names import ServiceName
from waymark.rules import READERS

DRAIN_S = 1


def _intake() -> Service:
    return intake.build(read_settings(IntakeSettings), now=utc_now, new_id=new_id)


def _router() -> Service:
    return router.build(read_settings(RouterSettings), now=utc_now, new_id=new_id, readers=READERS)


def _notifier() -> Service:
    return notifier.build(read_settings(NotifierSettings), now=utc_now, new_id=new_id)


BUILDERS: Mapping[ServiceName, Callable[[], Service]] = {
    ServiceName.INTAKE: _intake,
    ServiceName.ROUTER: _router,
    ServiceName.NOTIFIER: _notifier,
}


async def serve(name: ServiceName, *, host: str, port: int) -> None:
    """Run one service on the databases and the broker of its settings, until SIGTERM or Ctrl-C."""
    common = read_settings(CommonSettings)
    set_up_logging(common.log_level)
    if common.kafka_url is None:
        raise Refused("kafka-missing", "Set WAYMARK_KAFKA_URL, or run everything in one process with: waymark up")
    transport = make_transport(common.kafka_url)
    app = application([BUILDERS[name]()], transport, public_url=common.public_url, new_id=new_id, behind=f"/{name}")
    async with HttpServer(app, host, port) as server:
        get_logger().info("service.started", service=name.value, port=port)
        await server.until_stopped()
    get_logger().info("service.stopped", service=name.value)


class HttpServer:
    """An application on one port. Entering starts it, background work included; leaving drains and stops it."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._address = (host, port)
        self._stop = asyncio.Event()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Raises Refused when the port is taken, and whatever the application's start raises."""
        loop = asyncio.get_running_loop()
        # Before anything else: a signal during the start must not kill the process half-way.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        listener = self._listen()
        await self._stack.enter_async_context(self._app.router.lifespan_context(self._app))
        config = uvicorn.Config(
            self._app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=DRAIN_S
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))

        async def finish() -> None:
            server.should_exit = True
            await serving

        self._stack.push_async_callback(finish)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer what is being asked, then stop the background work and close the connections."""
        await self._stack.__aexit__(kind, error, trace)

    async def until_stopped(self) -> None:
        """Wait for SIGINT or SIGTERM."""
        await self._stop.wait()

    def _listen(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(self._address)
        except OSError as error:
            listener.close()
            host, port = self._address
            detail = f"Port {port} on {host} cannot be used ({error.strerror}). Name another with --port."
            raise Refused("port-taken", detail) from None
        return listener


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers, which would end the process before our own background work has stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
