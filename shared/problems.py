"""Errors as the outside sees them: RFC 9457 problem details, without internals and without what the caller sent."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socket import gaierror
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Conflict, NotFound, Refused, Unavailable, WaymarkError
from shared.log import get_logger

log = get_logger()
MEDIA_TYPE = "application/problem+json"
# What our own fields look like. An unknown field is named only if it may be one of them misspelt.
SAFE_NAME = re.compile(r"[a-z][a-z_-]{0,39}")
RETRY_AFTER = {"Retry-After": "5"}
AWAY = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError, gaierror)
# The classes in which PostgreSQL says "not now": connections, room, and an operator's doing, such as a start.
NOT_NOW = ("08", "53", "57P")


class FieldProblem(BaseModel):
    """One field at fault: `pointer` is a JSON Pointer fragment such as "#/person/age"."""

    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """A problem document. `code` is stable; `detail` says how to mend it; `trace_id` finds it in the logs."""

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    code: str
    errors: list[FieldProblem] = Field(default_factory=list)
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status and its fixed title."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "validation-failed": Kind(422, "Some of what was sent is not as expected"),
    "malformed-json": Kind(400, "The body is not JSON"),
    "incomplete": Kind(422, "The referral needs more before it can be sent"),
    "idempotency-key-missing": Kind(400, "This call needs an Idempotency-Key"),
    "idempotency-key-invalid": Kind(400, "The Idempotency-Key is not well formed"),
    "idempotency-key-reused": Kind(422, "The Idempotency-Key was used for another request"),
    "request-in-progress": Kind(409, "The same request is still being handled"),
    "illegal-transition": Kind(409, "It is not in a state that allows this"),
    "version-conflict": Kind(412, "It has changed since you read it"),
    "reason-unknown": Kind(422, "That is not one of the codes"),
    "outcomes-missing": Kind(422, "Each need of the assignment must have an outcome"),
    "county_refused": Kind(422, "The county's files cannot be used"),
    "onward-refused": Kind(422, "The needs cannot be passed on to that service"),
    "needs-not-held": Kind(409, "The assignment no longer has these needs itself"),
    "needs-not-ended": Kind(422, "Only needs that have ended can be opened again"),
    "children-open": Kind(409, "Others to whom needs were passed on still have them"),
    "rule-set-not-ready": Kind(409, "This version of the rules is not ready for that"),
    "rule-set-not-in-force": Kind(409, "That version of the rules is not in force"),
    "rule-set-too-large": Kind(422, "These documents are too large"),
    "surge-running": Kind(409, "This surge is on"),
    "surge-not-running": Kind(409, "This surge is not on"),
    "second-person-needed": Kind(409, "Somebody else has to do this"),
    "effective-time-taken": Kind(409, "Another version begins at that very time"),
    "effective-time-past": Kind(422, "That time has passed"),
    "unauthorised": Kind(401, "You are not known here"),
    "not-to-be-told": Kind(409, "This is not to be told, or no longer"),
    "not-found": Kind(404, "There is no such thing"),
    "method-not-allowed": Kind(405, "That method is not allowed here"),
    "payload-too-large": Kind(413, "The body is too large"),
    "unsupported-media-type": Kind(415, "The body must be JSON"),
    "postcode-unknown": Kind(422, "Nothing is known of that postcode here"),
    "rate-limited": Kind(429, "Too many requests"),
    "simulation-running": Kind(503, "Another draft is being simulated"),
    "dependency-unavailable": Kind(503, "Something we depend on is away"),
    "configuration-missing": Kind(503, "No directory is loaded yet"),
    "internal-error": Kind(500, "Something went wrong on our side"),
}
STATUS_OF_CLASS: tuple[tuple[type[WaymarkError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 422),
    (Unavailable, 503),
)
CODE_OF_STATUS = {
    400: "malformed-json",
    404: "not-found",
    405: "method-not-allowed",
    413: "payload-too-large",
    415: "unsupported-media-type",
}
Answer = Callable[..., JSONResponse]


def install(app: FastAPI, public_url: str) -> None:
    """Answer every error of `app` as problem+json, whose types are documented under `public_url`/problems/."""

    def answer(request: Request, code: str, status: int, **members: Any) -> JSONResponse:  # members are JSON values
        kind = KINDS.get(code)
        headers = members.pop("headers", None) or {}
        trace_id = getattr(request.state, "correlation_id", None)
        request_id = getattr(request.state, "request_id", None)
        document = {
            "type": f"{public_url}/problems/{code}",
            "title": kind.title if kind else code.replace("-", " ").capitalize(),
            "status": status,
            "instance": f"urn:uuid:{request_id}" if request_id else None,
            "code": code.replace("-", "_"),
            "trace_id": trace_id,
            **members,
        }
        body = {key: value for key, value in document.items() if value is not None}
        return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)

    @app.exception_handler(WaymarkError)
    async def on_expected(request: Request, error: WaymarkError) -> JSONResponse:
        status = _status(error)
        headers = (RETRY_AFTER if status == 503 else {}) | dict(getattr(error, "headers", None) or {})
        extensions = getattr(error, "extensions", None) or {}
        return answer(request, error.code, status, detail=error.detail, headers=headers, **extensions)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = error.errors()
        if any(fault["type"] == "json_invalid" for fault in faults):
            return answer(request, "malformed-json", 400, detail="Send a JSON object.")
        errors = [_field_problem(fault) for fault in faults]
        return answer(request, "validation-failed", 422, detail="See `errors` for each field.", errors=errors)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        code = CODE_OF_STATUS.get(error.status_code, "validation-failed")
        return answer(request, code, error.status_code, headers=error.headers)

    app.add_middleware(Faults, answer=answer)
    _document(app)


class Faults:
    """ASGI middleware that answers whatever nobody expected, and tells the log of it.

    The framework's own place for this is outside of `Edge`, where neither the answer would get the safe headers nor
    the log line the correlation id.
    """

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises again what happened after half an answer had left: the server then breaks the connection off."""
        started = False

        async def noticed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noticed)
        except Exception as error:
            if scope["type"] != "http":
                raise
            request = Request(scope)
            log.error("request.failed", method=request.method, path=route_of(scope), exc_info=error)
            if started:
                raise
            await self._answer_to(error, request)(scope, receive, send)

    def _answer_to(self, error: Exception, request: Request) -> JSONResponse:
        if _is_away(error):
            detail = "The database is away. Send it again in a while."
            return self.answer(request, "dependency-unavailable", 503, detail=detail, headers=RETRY_AFTER)
        return self.answer(request, "internal-error", 500)


def _is_away(error: Exception) -> bool:
    """Whether the database cannot be reached or does not take work at present."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, AWAY)
    state: str = getattr(error.orig, "sqlstate", None) or ""
    return isinstance(error, AWAY) or error.connection_invalidated or state.startswith(NOT_NOW)


def _status(error: WaymarkError) -> int:
    given: int | None = getattr(error, "status", None)
    if given is not None:
        return given
    if error.code in KINDS:
        return KINDS[error.code].status
    return next((status for kind, status in STATUS_OF_CLASS if isinstance(error, kind)), 500)


def _field_problem(fault: Mapping[str, Any]) -> dict[str, str]:
    # Never `input` or `ctx`: they quote what the caller sent.
    path = [_named(part) for part in fault["loc"] if part != "body"]
    return {"pointer": "#" + "".join("/" + part for part in path), "code": fault["type"], "detail": _told(fault)}


def _told(fault: Mapping[str, Any]) -> str:
    # "Input should be a valid UUID, invalid character … found `M` at 1": what comes after the comma quotes.
    message: str = fault["msg"]
    return message.partition(", ")[0] if fault["type"].endswith("_parsing") else message


def _named(part: int | str) -> str:
    return str(part) if isinstance(part, int) or SAFE_NAME.fullmatch(part) else "?"


def route_of(scope: Scope) -> str:
    """The pattern of the route that took a request, never the path as typed: a path may hold anything."""
    path: str = getattr(scope.get("route"), "path", "unmatched")
    return path


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:  # OpenAPI, as FastAPI types it
    """Documentation of the problems a route may answer, by status."""
    responses: dict[int | str, dict[str, Any]] = {}
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for code in codes:
        status = responses.setdefault(KINDS[code].status, {"description": "", "content": {MEDIA_TYPE: schema}})
        status["description"] += f"`{code}`: {KINDS[code].title}. "
    return responses


def _document(app: FastAPI) -> None:
    """Have the OpenAPI document say of every error what `install` makes true of it."""
    describe = app.openapi

    def described() -> dict[str, Any]:  # JSON
        document = describe()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(own.pop("$defs"), Problem=own)
        # The framework's own shape of a refusal, which it never has here.
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for operation in (each for path in document["paths"].values() for each in path.values()):
            for status, response in operation["responses"].items():
                if status >= "4":
                    response["content"] = content
        return document

    app.openapi = described  # type: ignore[method-assign]  # the framework's documented way to extend it


def pages() -> APIRouter:
    """What each kind of problem is, at the address that problem documents give as their type."""
    router = APIRouter(include_in_schema=False)

    @router.get("/problems/{code}")
    async def read_problem(code: str) -> dict[str, Any]:  # JSON
        kind = KINDS.get(code)
        if kind is None:
            raise NotFound("not-found", "There is no such kind of problem.")
        return {"code": code.replace("-", "_"), "title": kind.title, "status": kind.status}

    return router
