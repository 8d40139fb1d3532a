"""HTTP in: the receipts that GOV.UK Notify calls back with."""

from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import Any, cast

from fastapi import APIRouter, Request, Response

from services.notifier.domain.arrival import Report
from services.notifier.ports import Begin
from services.notifier.use_cases.receipts import KeepReports
from shared.envelope import Origin
from shared.errors import Refused
from shared.problems import documented

SCHEME = "bearer "
# What is read of Notify's body; whatever else comes is taken all the same, so nothing here is checked.
FIELDS = {
    "id": "Notify's own id of the message",
    "reference": "ours, the id of a notification",
    "status": "delivered, permanent-failure, temporary-failure or technical-failure",
    "completed_at": "when that became known",
    "complaint_id": "of a complaint alone, which has no status",
    "notification_id": "of a complaint alone, Notify's own id of the message",
}
DOCUMENTATION: dict[str, Any] = {  # OpenAPI, as FastAPI types it
    "requestBody": {
        "required": True,
        "description": "A delivery receipt or a complaint, as GOV.UK Notify posts them, with a bearer token of ours.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        name: {"type": ["string", "null"], "description": what} for name, what in FIELDS.items()
                    },
                }
            }
        },
    },
}


class Unauthorised(Refused):
    """The bearer token is not one of ours."""

    status = 401

    def __init__(self) -> None:
        super().__init__("unauthorised", "The bearer token is missing or wrong.")
        self.headers = {"WWW-Authenticate": "Bearer"}


def routes(begin: Begin, keep: KeepReports, read: Callable[[bytes], Report], tokens: Sequence[str]) -> APIRouter:
    """Where receipts arrive. `tokens` are the ones in force: two while one is being replaced, none to take nothing."""
    router = APIRouter(prefix="/api/v1/receipts", tags=["receipts"])

    @router.post("/notify", status_code=202, summary="Take a receipt of GOV.UK Notify", openapi_extra=DOCUMENTATION,
                 responses=documented("unauthorised", "dependency-unavailable"))  # fmt: skip
    async def notify(request: Request) -> Response:
        """Kept at once and applied soon after, whatever it says: Notify asks again after a 5xx and after nothing else.
        Only a wrong token is refused."""
        if not _may_tell(request.headers.get("authorization", ""), tokens):
            raise Unauthorised
        # The chassis puts it there for every request.
        origin = cast(Origin, request.state.origin)
        report = read(await request.body())
        async with begin(origin) as tx:
            await keep(tx, report)
        return Response(status_code=202)

    return router


def _may_tell(header: str, tokens: Sequence[str]) -> bool:
    given = header[len(SCHEME) :].strip().encode() if header.lower().startswith(SCHEME) else b""
    may_tell = False
    for token in tokens:
        # Each in constant time, and all of them, so that the time taken tells nothing.
        may_tell |= compare_digest(given, token.encode())
    return may_tell
