"""HTTP in: read the request, call one use case in a transaction, answer."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.intake.ports import Transaction
from services.intake.schema import CancelBody, ReceiptView, ReferralBody, ReferralView, ReopenBody, receipt, view
from services.intake.use_cases import CancelReferral, FindReferral, ReopenReferral, SubmitReferral
from shared import db
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer, Idempotency
from shared.problems import documented

PREFIX = "/api/v1/referrals"
Opened = Callable[[db.Transaction], Transaction]
Limit = Callable[[str], Awaitable[None]]
Reference = Annotated[
    str,
    Path(
        description="As printed or spoken: any case, hyphen or none, O for 0 and I or L for 1.",
        max_length=40,
        examples=["3NQK-8N1"],
    ),
]


def routes(
    database: db.Database,
    opened: Opened,
    idempotency: Idempotency,
    limit: Limit,
    submit_referral: SubmitReferral,
    find_referral: FindReferral,
    cancel_referral: CancelReferral,
    reopen_referral: ReopenReferral,
) -> APIRouter:
    """The routes of referrals. `opened` turns a transaction into the use cases' view of it, `limit` counts a caller."""
    router = APIRouter(prefix=PREFIX, tags=["referrals"])

    @router.post(
        "",
        status_code=201,
        summary="Refer someone",
        response_model=None,
        openapi_extra={"parameters": [KEY_PARAMETER]},
        responses={
            201: {"model": ReceiptView, "description": "Stored. Where it goes is decided within a second or so."},
            **documented(*UNUSABLE_KEY, "malformed-json", "request-in-progress", "incomplete", "validation-failed",
                        "idempotency-key-reused", "rate-limited", "configuration-missing"),
        },
    )  # fmt: skip
    async def submit(request: Request, body: ReferralBody) -> Response:
        """Store a referral and hand it on for routing. Too little to act on is refused as `incomplete`, with what is
        `missing`: a need, a way to make contact, or both."""
        await limit(_address(request))

        async def work(tx: db.Transaction) -> Answer:
            progress = await submit_referral(opened(tx), body.submission())
            return _answer(201, receipt(progress), f"{PREFIX}/{progress.reference}")

        return await idempotency(request, _client(request), request.state.origin, work)

    @router.get(
        "/{reference}",
        summary="What became of a referral",
        responses=documented("not-found", "validation-failed"),
    )
    async def find(request: Request, reference: Reference) -> ReferralView:
        """Status, needs, assignments and timeline. Nothing of this says who the person is."""
        async with database.begin(request.state.origin) as tx:
            return view(await find_referral(opened(tx), reference))

    @router.post(
        "/{reference}/cancel",
        summary="Stop a referral",
        response_model=None,
        openapi_extra={"parameters": [KEY_PARAMETER]},
        responses={
            200: {"model": ReceiptView, "description": "Stopped; services that had it are told so."},
            **documented(*UNUSABLE_KEY, "malformed-json", "not-found", "illegal-transition", "request-in-progress",
                        "validation-failed", "idempotency-key-reused", "rate-limited"),
        },
    )  # fmt: skip
    async def cancel(request: Request, reference: Reference, body: CancelBody) -> Response:
        """Stop a referral that is not finished. The reason is one of a closed list."""
        await limit(_address(request))

        async def work(tx: db.Transaction) -> Answer:
            return _answer(200, receipt(await cancel_referral(opened(tx), reference, body.reason)), None)

        return await idempotency(request, _client(request), request.state.origin, work)

    @router.post(
        "/{reference}/reopen",
        summary="Open a finished referral again",
        response_model=None,
        openapi_extra={"parameters": [KEY_PARAMETER]},
        responses={
            200: {"model": ReceiptView, "description": "Its needs are being placed again."},
            **documented(*UNUSABLE_KEY, "malformed-json", "not-found", "illegal-transition", "request-in-progress",
                        "validation-failed", "needs-not-ended", "idempotency-key-reused", "rate-limited"),
        },
    )  # fmt: skip
    async def reopen(request: Request, reference: Reference, body: ReopenBody) -> Response:
        """Have needs placed again that ended, of a referral that is completed, failed or closed. The reason is one of a
        closed list; `circumstances_changed` also asks services that said no before."""
        await limit(_address(request))
        needs = tuple(body.needs) if body.needs is not None else None

        async def work(tx: db.Transaction) -> Answer:
            return _answer(200, receipt(await reopen_referral(opened(tx), reference, body.reason, needs)), None)

        return await idempotency(request, _client(request), request.state.origin, work)

    return router


def _answer(status: int, body: ReceiptView, location: str | None) -> Answer:
    return Answer(status, body.model_dump(mode="json"), location)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _client(request: Request) -> str:
    # Whoever calls without credentials is one client: keyed by address, a telephone that changes networks between two
    # tries would make two referrals. Keys are drawn at random, so strangers do not meet.
    return request.headers.get("authorization", "")
