"""HTTP in: revoking the links that an assignment's e-mails had."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.router.api.answering import AnswerIn
from services.router.domain.assignment import Actor
from services.router.domain.links import Revocation, Revoked
from services.router.ports import Transaction
from services.router.use_cases.links import RevokeLinks
from shared.clock import Clock
from shared.db import Transaction as DatabaseTransaction
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer, Idempotency
from shared.problems import documented

Stores = Callable[[DatabaseTransaction], Transaction]
PROBLEMS = (*UNUSABLE_KEY, "malformed-json", "not-found", "request-in-progress", "validation-failed",
            "idempotency-key-reused")  # fmt: skip


class RevokeIn(AnswerIn):
    """Which links are to be useless from now on, and why."""

    reason: Revocation
    notification_id: UUID | None = Field(
        None, description="the message whose link it is; without it all links of the assignment, later ones included"
    )


class RevokedView(BaseModel):
    """Links that were revoked."""

    assignment_id: UUID
    notification_id: UUID | None = Field(description="null: all links of the assignment")
    reason: Revocation
    actor: str = Field(description="partner or staff")
    by: str
    revoked_at: datetime


def routes(stores: Stores, idempotency: Idempotency, now: Clock) -> APIRouter:
    """The part of /api/v1/assignments that is about links."""
    router = APIRouter(prefix="/api/v1/assignments/{assignment_id}/links", tags=["assignments"])
    revoke = RevokeLinks(now)

    @router.post("/revoke", summary="Revoke links", response_model=None,
                 openapi_extra={"parameters": [KEY_PARAMETER]},
                 responses={200: {"model": RevokedView}, **documented(*PROBLEMS)})  # fmt: skip
    async def revoke_them(request: Request, assignment_id: UUID, body: RevokeIn) -> Response:
        """Whoever still has such a link is told to ring. The assignment itself stays as it is."""

        async def work(tx: DatabaseTransaction) -> Answer:
            actor = Actor(body.role, body.by)
            revoked = await revoke(stores(tx), assignment_id, body.notification_id, body.reason, actor)
            return Answer(200, _view(revoked).model_dump(mode="json"))

        return await idempotency(request, request.headers.get("authorization", ""), request.state.origin, work)

    return router


def _view(revoked: Revoked) -> RevokedView:
    return RevokedView(
        assignment_id=revoked.assignment_id,
        notification_id=revoked.notification_id,
        reason=revoked.reason,
        actor=revoked.actor.kind,
        by=revoked.actor.code,
        revoked_at=revoked.at,
    )
