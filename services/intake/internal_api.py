"""HTTP in for the notifier alone: the address for one update, behind a secret and outside the documented API."""

import hmac
from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, SecretStr

from services.intake.people import DiscloseContact
from services.intake.ports import Transaction
from shared import db
from shared.errors import Refused

Opened = Callable[[db.Transaction], Transaction]


class ContactView(BaseModel):
    """Where one update is to be sent, now."""

    address: str


class Unauthorised(Refused):
    """Not who it was meant for."""

    status = 401

    def __init__(self) -> None:
        super().__init__("unauthorised", "This is for another service of ours, which has a secret.")
        self.headers = {"WWW-Authenticate": "Bearer"}


def internal_routes(
    database: db.Database, opened: Opened, disclose: DiscloseContact, token: SecretStr | None
) -> APIRouter:
    """The route by which the notifier asks. Without a `token` nobody is let in."""
    router = APIRouter(prefix="/internal/v1", include_in_schema=False)

    @router.post("/updates/{update_id}/contact")
    async def contact(request: Request, update_id: UUID) -> ContactView:
        if not _is_known(request.headers.get("authorization", ""), token):
            raise Unauthorised
        async with database.begin(request.state.origin) as tx:
            return ContactView(address=await disclose(opened(tx), update_id))

    return router


def _is_known(authorization: str, token: SecretStr | None) -> bool:
    if token is None:
        return False
    wanted = f"Bearer {token.get_secret_value()}"
    return hmac.compare_digest(authorization.encode(), wanted.encode())
