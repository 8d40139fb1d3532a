"""HTTP in: which messages were sent for a referral, and ticking off calls."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.notifier.domain.arrival import Arrival
from services.notifier.domain.ladder import Wait, waits_for
from services.notifier.domain.message import masked
from services.notifier.domain.notification import CallOutcome, Channel, Notification, Purpose, State
from services.notifier.domain.update import addressed_to
from services.notifier.ports import Attempt, Begin, Search, Transaction
from services.notifier.use_cases.calls import NOT_FOUND, RecordCall
from shared.db import Transaction as DatabaseTransaction
from shared.envelope import Origin
from shared.errors import NotFound
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer, Idempotency
from shared.problems import Problem, documented

Responses = dict[int | str, dict[str, Any]]  # as FastAPI types them


class AttemptOut(BaseModel):
    """One try to tell the contact."""

    number: int = Field(description="1 for the first try")
    started_at: datetime
    ended_at: datetime | None = Field(description="null while the try is going on")
    outcome: str | None = Field(
        description="sent; a failure's class (transient, rate, daily_cap, permanent_recipient, auth, policy, config, "
        "ambiguous, absent); lost or not_tried; or a call's outcome"
    )
    code: str | None = Field(description='the figures that the other side gave, such as "550 5.1.1"')
    rung_by: str | None = Field(description="the code of who rang")


class NotificationOut(BaseModel):
    """One message to one contact of one service, or to the referral's resident or referrer, of whom it says no more.

    It shows no address in full.
    """

    id: UUID
    reference: str = Field(description="the referral's; empty where it is about the service itself")
    assignment_id: UUID | None = Field(description="null for the resident and the referrer")
    service_id: str | None
    service_name: str | None
    channel: Channel
    purpose: Purpose = Field(
        description="offer, reminder when it was not answered, recall when it was taken back, capacity to be "
        "confirmed, confirmation of an acceptance, returned when what was passed on came back, or late_contact, "
        "late_answer, late_review for the triage desk; for the resident and the referrer the step that they are told of"
    )
    priority: str
    to: str = Field(
        description='the address with most hidden, such as "r***@dva.example" or "…001"; or "the resident by text"'
    )
    state: State = Field(description="sent, failed, skipped and posted are final")
    reason: str | None = Field(description="why it was skipped, failed or put off")
    planned_at: datetime
    try_at: datetime | None = Field(description="when it is tried next; null unless it is queued")
    reply_by: datetime | None = Field(description="when the service has to reply")
    sent_at: datetime | None
    receipt: Arrival | None = Field(description="what is known of its arrival, null while nothing is")
    receipt_at: datetime | None
    confirm_by: datetime | None = Field(
        description="when another way is taken unless it is known to have arrived; null where no clock runs"
    )
    waits_for: Wait | None = Field(
        description="why that clock runs: for a receipt, because this way gives none, for a call, or for its being sent"
    )
    template: str | None = Field(description='name and version of the words that were sent, such as "offer.email@1"')
    attempts: list[AttemptOut]


class NotificationsOut(BaseModel):
    """Messages, newest first."""

    notifications: list[NotificationOut]


class CallIn(BaseModel):
    """What came of ringing a contact. Write nothing about the person who needs help."""

    model_config = ConfigDict(extra="forbid")

    outcome: CallOutcome = Field(description="reached ends the need to ring; wrong_number fails the message")
    rung_by: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,31}$", description='code of a desk or a member of staff, such as "cru-duty-2"'
    )


PROBLEMS: Responses = {404: {"model": Problem, "description": "There is no such notification"}}
CALL_PROBLEMS = (*UNUSABLE_KEY, "malformed-json", "not-found", "illegal-transition", "request-in-progress",
                 "validation-failed", "idempotency-key-reused")  # fmt: skip


def routes(
    begin: Begin,
    stores: Callable[[DatabaseTransaction], Transaction],
    idempotency: Idempotency,
    record_call: RecordCall,
) -> APIRouter:
    """The notifier's API."""
    router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

    @router.get("", summary="List messages")
    async def find(
        request: Request,
        referral: Annotated[str | None, Query(description="a referral's reference", max_length=16)] = None,
        assignment: Annotated[UUID | None, Query(description="an assignment's id")] = None,
        state: Annotated[State | None, Query(description="awaiting_call gives the list of calls to make")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> NotificationsOut:
        """Messages that match all that is given, newest first."""
        async with begin(_origin(request)) as tx:
            found = await tx.notifications.find(Search(referral, assignment, state, limit))
        return NotificationsOut(notifications=[_out(*each) for each in found])

    @router.get("/{notification_id}", summary="Read one message", responses=PROBLEMS)
    async def read(request: Request, notification_id: UUID) -> NotificationOut:
        """One message with its attempts."""
        async with begin(_origin(request)) as tx:
            found = await tx.notifications.read(notification_id)
        if found is None:
            raise NotFound("not-found", NOT_FOUND)
        return _out(*found)

    @router.post("/{notification_id}/called", summary="Tick off a call", response_model=None,
                 openapi_extra={"parameters": [KEY_PARAMETER]},
                 responses={200: {"model": NotificationOut}, **documented(*CALL_PROBLEMS)})  # fmt: skip
    async def called(request: Request, notification_id: UUID, call: CallIn) -> Response:
        """Note that somebody rang the contact. A message for which no call is awaited answers 409."""

        async def work(transaction: DatabaseTransaction) -> Answer:
            tx = stores(transaction)
            rung = await record_call(tx, notification_id, call.rung_by, call.outcome)
            found = await tx.notifications.read(rung.id)
            return Answer(200, _out(rung, found[1] if found else ()).model_dump(mode="json"))

        return await idempotency(request, request.headers.get("authorization", ""), _origin(request), work)

    return router


def _origin(request: Request) -> Origin:
    # The chassis puts it there for every request.
    return cast(Origin, request.state.origin)


def _out(notification: Notification, attempts: Sequence[Attempt]) -> NotificationOut:
    offer, is_update, wait = notification.offer, notification.is_update, waits_for(notification)
    return NotificationOut(
        id=notification.id,
        reference=offer.reference,
        assignment_id=None if is_update else offer.assignment_id,
        service_id=offer.service_id or None,
        service_name=offer.service_name or None,
        channel=notification.channel,
        purpose=notification.purpose,
        priority=offer.priority,
        to=addressed_to(notification) if is_update else masked(notification.address),
        state=notification.state,
        reason=notification.reason,
        planned_at=notification.planned_at,
        try_at=notification.try_at if notification.state is State.QUEUED else None,
        reply_by=None if is_update else offer.reply_by,
        sent_at=notification.sent_at,
        receipt=notification.receipt,
        receipt_at=notification.receipt_at,
        confirm_by=notification.confirm_by if wait else None,
        waits_for=wait,
        template=notification.template,
        attempts=[_attempt(attempt) for attempt in attempts],
    )


def _attempt(attempt: Attempt) -> AttemptOut:
    return AttemptOut(
        number=attempt.number,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        outcome=attempt.outcome,
        code=attempt.code,
        rung_by=attempt.rung_by,
    )
