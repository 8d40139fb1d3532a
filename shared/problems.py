"""Errors as the outside sees them: RFC 9457 problem details, without internals and without what the caller sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from shared.errors import Conflict, NotFound, Refused, Unavailable, WaymarkError
from shared.log import get_logger

log = get_logger()
MEDIA_TYPE = "application/problem+json"
SAFE_NAME = re.compile(r"^[A-Za-z0-9_-]{1,40}$")


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
    "not-found": Kind(404, "There is no such thing"),
    "method-not-allowed": Kind(405, "That method is not allowed here"),
    "payload-too-large": Kind(413, "The body is too large"),
    "unsupported-media-type": Kind(415, "The body must be JSON"),
    "rate-limited": Kind(429, "Too many requests"),
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
CODE_OF_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "payload-too-large", 415: "unsupported-media-type"}


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
        headers = dict(getattr(error, "headers", None) or {})
        if status == 503:
            headers.setdefault("Retry-After", "5")
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

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        log.error("request.failed", method=request.method, path=_route(request), exc_info=error)
        return answer(request, "internal-error", 500)


def _status(error: WaymarkError) -> int:
    given: int | None = getattr(error, "status", None)
    if given is not None:
        return given
    if error.code in KINDS:
        return KINDS[error.code].status
    return next((status for kind, status in STATUS_OF_CLASS if isinstance(error, kind)), 500)


def _field_problem(fault: Mapping[str, Any]) -> dict[str, str]:
    # Never `input` or `ctx`: they quote what the caller sent. A field's name is theirs too unless it looks like one.
    path = [part if SAFE_NAME.match(part) else "?" for part in map(str, fault["loc"]) if part != "body"]
    return {"pointer": "#" + "".join("/" + part for part in path), "code": fault["type"], "detail": fault["msg"]}


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return getattr(route, "path", "unmatched")


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
