"""HTTP in: the contacts that nothing is sent to, and sending there again."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.notifier.domain.message import masked
from services.notifier.domain.notification import Channel
from services.notifier.ports import Begin, Transaction
from services.notifier.ports.receipts import Suppressed
from services.notifier.use_cases.lifting import LiftSuppression
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer
from shared.problems import documented

PROBLEMS = (
    *UNUSABLE_KEY, "malformed-json", "request-in-progress", "validation-failed", "idempotency-key-reused", "not-found",
)  # fmt: skip
# Does the work of one request once, however often it is sent.
Once = Callable[[Request, Callable[[Transaction], Awaitable[Answer]]], Awaitable[Response]]


class SuppressedOut(BaseModel):
    """A contact that nothing is sent to: what went there came back or was complained of. Its address is masked."""

    contact: str = Field(description="the contact's name in the directory")
    service_id: str = Field(description="the service that was being told")
    channel: Channel
    to: str = Field(description='the address with most of it hidden, such as "r***@dva.example"')
    reason: str = Field(description="hard_bounce or complaint")
    since: datetime


class SuppressedListOut(BaseModel):
    """Contacts that nothing is sent to, newest first."""

    contacts: list[SuppressedOut]


class LiftIn(BaseModel):
    """Who found that the contact can be used again, and why. Write nothing about a person who needs help."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,31}$", description='code of a desk or a member of staff, such as "cru-duty-2"'
    )
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")] = Field(
        description='a code of your own, such as "address_put_right"'
    )


class LiftedOut(BaseModel):
    """The contact that is used again."""

    contact: str


def routes(begin: Begin, once: Once) -> APIRouter:
    """/api/v1/contacts."""
    router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"])

    @router.get("/suppressed", summary="List contacts that nothing is sent to")
    async def suppressed(request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> SuppressedListOut:
        """Each stays here until somebody lifts it."""
        async with begin(request.state.origin) as tx:
            found = await tx.suppressions.in_force(limit)
        return SuppressedListOut(contacts=[_out(each) for each in found])

    @router.post(
        "/{contact}/lift",
        summary="Send to a contact again",
        response_model=None,
        openapi_extra={"parameters": [KEY_PARAMETER]},
        responses={200: {"model": LiftedOut}, **documented(*PROBLEMS)},
    )
    async def lift(request: Request, contact: str, lifted: LiftIn) -> Response:
        """From now on; what was not sent meanwhile stays unsent."""

        async def work(tx: Transaction) -> Answer:
            await LiftSuppression()(tx, contact, lifted.by, lifted.reason)
            return Answer(200, LiftedOut(contact=contact).model_dump())

        return await once(request, work)

    return router


def _out(each: Suppressed) -> SuppressedOut:
    return SuppressedOut(
        contact=each.contact,
        service_id=each.service_id,
        channel=each.channel,
        to=masked(each.address),
        reason=each.reason,
        since=each.since,
    )
