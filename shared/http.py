"""What every HTTP request gets: a correlation id, safe headers, one log line and one measurement."""

import re
from time import perf_counter

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import NewId
from shared.envelope import Origin
from shared.log import get_logger
from shared.metrics import HTTP_SECONDS
from shared.problems import route_of

log = get_logger()
CORRELATION = re.compile(r"[A-Za-z0-9._-]{8,64}")
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
QUIET = frozenset({"/livez", "/readyz", "/metrics"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BODY_MAX = 256 * 1024
# Swagger's page needs inline script and style; every other page gets by without either.
DOCS = "/docs"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
)


class Edge:
    """ASGI middleware around everything. `request.state` gets `correlation_id`, `request_id` and `origin`."""

    def __init__(self, app: ASGIApp, new_id: NewId) -> None:
        self.app = app
        self.new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind the correlation id for the time of the request, then tell how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = self.new_id()
        correlation_id = _matching(CORRELATION, headers.get("x-correlation-id")) or str(request_id)
        origin = Origin(correlation_id, traceparent=_matching(TRACEPARENT, headers.get("traceparent")))
        scope.setdefault("state", {}).update(request_id=request_id, correlation_id=correlation_id, origin=origin)
        answer = _Answer(send, scope["path"], correlation_id)
        began = perf_counter()
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            try:
                await self.app(scope, receive, answer)
            finally:
                self._tell(scope, answer.status, perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        path = route_of(scope)
        # A method may be any word too, and each new one would be kept for ever.
        method = scope["method"] if scope["method"] in METHODS else "other"
        HTTP_SECONDS.labels(method=method, path=path, status=str(status)).observe(seconds)
        if path not in QUIET:
            log.info("request.finished", method=method, path=path, status=status, duration_ms=round(seconds * 1000))


class _Answer:
    """`send`, adding headers to the answer and remembering its status."""

    def __init__(self, send: Send, path: str, correlation_id: str) -> None:
        self.send = send
        self.path = path
        self.correlation_id = correlation_id
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Correlation-Id"] = self.correlation_id
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "no-referrer")
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("Content-Security-Policy", DOCS_POLICY if self.path.endswith(DOCS) else POLICY)
        await self.send(message)


class BodyLimit:
    """ASGI middleware that refuses a body of over `BODY_MAX` bytes, declared or not, before it fills the memory."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what arrives; too much raises the 413 that the problem handlers answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        left = BODY_MAX - (int(declared) if declared.isdecimal() and int(declared) > BODY_MAX else 0)

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def _matching(pattern: re.Pattern[str], value: str | None) -> str | None:
    return value if value and pattern.fullmatch(value) else None
