"""HTTP in: what a person must act on, and stopping, resuming and dropping what would be sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.notifier.domain.hold import Hold, Scope, WayNames
from services.notifier.domain.notification import Notification
from services.notifier.ports import Backlog, Begin, Transaction
from services.notifier.ports.receipts import Quarantined
from services.notifier.use_cases.operations import (
    DealWith,
    DropHeld,
    Intervention,
    Operations,
    ReadOperations,
    ResumeSending,
    StopSending,
)
from shared.db import Transaction as DatabaseTransaction
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer, Idempotency
from shared.problems import documented

Stores = Callable[[DatabaseTransaction], Transaction]
Work = Callable[[Transaction], Awaitable[Answer]]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")]
Subject = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,95}$")]
PROBLEMS = (*UNUSABLE_KEY, "malformed-json", "request-in-progress", "validation-failed", "idempotency-key-reused")


class InterventionIn(BaseModel):
    """Who does it and why. Write nothing about the person who needs help."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,31}$", description='code of a desk or a member of staff, such as "cru-duty-2"'
    )
    reason: Code = Field(description='a code of your own, such as "wrong_wording"')


class StopIn(InterventionIn):
    """What is to stop."""

    scope: Literal["everything", "way", "template", "service"]
    subject: Subject | None = Field(
        None, description='a way out ("email-by-smtp"), a template ("offer.email") or a service\'s id; none: everything'
    )


class WaitingOut(BaseModel):
    """Messages that wait."""

    count: int
    oldest: datetime | None = Field(description="when the oldest of them was planned; null when there is none")


class HoldOut(BaseModel):
    """Something that does not go out at present. Its messages stay queued; none is lost."""

    id: UUID
    scope: Scope
    subject: str = Field(description='what is held back: "" for everything; a service\'s id for a webhook')
    kind: str = Field(
        description="breaker: the way out does not work, and is tried again by itself; parked: mend a template's or a "
        "webhook's setting, then resume; stopped: somebody stopped it"
    )
    reason: str = Field(description="a failure's class, daily_cap, gone, template_drift, or whoever stopped it gave it")
    code: str | None = Field(description="the figures that the other side gave")
    by: str | None = Field(description="the code of who stopped it")
    since: datetime
    next_probe_at: datetime | None = Field(description="when one message is let through to see")
    waiting: WaitingOut


class FailedOut(BaseModel):
    """A message that was given up while what it tells of is still open."""

    id: UUID
    reference: str
    assignment_id: UUID | None = Field(description="null for the resident and the referrer")
    service_id: str | None
    channel: str
    purpose: str
    priority: str
    reason: str | None
    planned_at: datetime
    reply_by: datetime


class QuarantinedOut(BaseModel):
    """A receipt of no message of ours, or one that could not be read: the provider may be set up wrongly."""

    provider: str
    message_id: UUID | None = Field(description="the message that it names, if any")
    status: str = Field(description='the provider\'s own word; "unreadable" where there was none to read')
    code: str | None
    kept_at: datetime


class OperationsOut(BaseModel):
    """All that waits for a person; empty lists and zeros mean that nothing does."""

    holds: list[HoldOut]
    failed: list[FailedOut] = Field(description="oldest first, at most 200; deal with each to take it off")
    calls: WaitingOut = Field(description="listed by /api/v1/notifications?state=awaiting_call")
    quarantined: list[QuarantinedOut] = Field(description="of the last seven days, newest first, at most 100")


class DroppedOut(BaseModel):
    """What was given up."""

    dropped: int = Field(description="at most 1,000 at once; send a new request for the rest")


class DoneOut(BaseModel):
    """It is done."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Once:
    """Does the work of one request once, however often it is sent."""

    stores: Stores
    idempotency: Idempotency

    async def __call__(self, request: Request, work: Work) -> Response:
        """The answer of `work`, or the one that an equal request got before."""

        async def once(tx: DatabaseTransaction) -> Answer:
            return await work(self.stores(tx))

        client = request.headers.get("authorization", "")
        return await self.idempotency(request, client, request.state.origin, once)


def routes(begin: Begin, once: Once, ways: WayNames) -> APIRouter:
    """/api/v1/operations."""
    router = APIRouter(prefix="/api/v1/operations", tags=["operations"])
    read = ReadOperations(ways)

    @router.get("", summary="What a person must act on")
    async def find(request: Request) -> OperationsOut:
        """Holds with what waits behind each, messages that failed, calls to make: ids and codes only."""
        async with begin(request.state.origin) as tx:
            return _out(await read(tx))

    _add_holds(router, once, ways)

    @router.post("/failed/{notification_id}/dealt-with", **_documentation("Deal with a failure", DoneOut))
    async def deal_with_it(request: Request, notification_id: UUID, body: InterventionIn) -> Response:
        """Take a message that failed off the list: somebody has told the service, or need not."""

        async def work(tx: Transaction) -> Answer:
            dealt_with = await DealWith()(tx, notification_id, _given(body))
            return Answer(200, DoneOut(id=dealt_with.id).model_dump(mode="json"))

        return await once(request, work)

    return router


def _add_holds(router: APIRouter, once: Once, ways: WayNames) -> None:
    stop, resume, drop = StopSending(ways), ResumeSending(), DropHeld(ways)

    @router.post("/holds", status_code=201, **_documentation("Stop sending", DoneOut, 201))
    async def stop_it(request: Request, body: StopIn) -> Response:
        """Hold everything, a way out, a template or a service back until it is resumed. Nothing is lost."""

        async def work(tx: Transaction) -> Answer:
            hold = await stop(tx, Scope(body.scope), body.subject or "", _given(body))
            return Answer(201, DoneOut(id=hold.id).model_dump(mode="json"))

        return await once(request, work)

    @router.post("/holds/{hold_id}/resume", **_documentation("Resume", DoneOut))
    async def resume_it(request: Request, hold_id: UUID, body: InterventionIn) -> Response:
        """End a hold of any kind; what waited leaves, the nearest deadline first."""

        async def work(tx: Transaction) -> Answer:
            await resume(tx, hold_id, _given(body))
            return Answer(200, DoneOut(id=hold_id).model_dump(mode="json"))

        return await once(request, work)

    @router.post("/holds/{hold_id}/drop", **_documentation("Drop what waits", DroppedOut))
    async def drop_it(request: Request, hold_id: UUID, body: InterventionIn) -> Response:
        """Give up the messages that wait behind a hold; each counts as failed. The hold stays."""

        async def work(tx: Transaction) -> Answer:
            return Answer(200, DroppedOut(dropped=await drop(tx, hold_id, _given(body))).model_dump())

        return await once(request, work)


def _documentation(summary: str, answer: type[BaseModel], status: int = 200) -> dict[str, Any]:  # FastAPI's keywords
    return {
        "summary": summary,
        "response_model": None,
        "openapi_extra": {"parameters": [KEY_PARAMETER]},
        "responses": {status: {"model": answer}, **documented(*PROBLEMS, "not-found", "illegal-transition")},
    }


def _given(body: InterventionIn) -> Intervention:
    return Intervention(body.by, body.reason)


def _out(operations: Operations) -> OperationsOut:
    return OperationsOut(
        holds=[_hold(hold, backlog) for hold, backlog in operations.holds],
        failed=[_failed(failed) for failed in operations.failed],
        calls=_waiting(operations.calls),
        quarantined=[_quarantined(each) for each in operations.quarantined],
    )


def _hold(hold: Hold, backlog: Backlog) -> HoldOut:
    return HoldOut(
        id=hold.id,
        scope=hold.scope,
        subject=hold.subject,
        kind=hold.kind.value,
        reason=hold.reason,
        code=hold.code,
        by=hold.by,
        since=hold.since,
        next_probe_at=hold.probe_at,
        waiting=_waiting(backlog),
    )


def _failed(failed: Notification) -> FailedOut:
    offer = failed.offer
    return FailedOut(
        id=failed.id,
        reference=offer.reference,
        assignment_id=None if failed.is_update else offer.assignment_id,
        service_id=offer.service_id or None,
        channel=failed.channel.value,
        purpose=failed.purpose.value,
        priority=offer.priority,
        reason=failed.reason,
        planned_at=failed.planned_at,
        reply_by=offer.reply_by,
    )


def _waiting(backlog: Backlog) -> WaitingOut:
    return WaitingOut(count=backlog.count, oldest=backlog.oldest)


def _quarantined(each: Quarantined) -> QuarantinedOut:
    report = each.report
    return QuarantinedOut(
        provider=report.provider,
        message_id=report.message_id,
        status=report.status,
        code=report.code,
        kept_at=each.kept_at,
    )
