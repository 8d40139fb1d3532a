"""HTTP in: what a partner, or staff who rang it, answers to an assignment."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.router.api.views import SERVICE_ID, AssignmentView, view
from services.router.domain.assignment import Actor, Move, states_before
from services.router.ports import Offer, Transaction
from services.router.use_cases.answering import (
    AcceptOffer,
    CompleteOffer,
    DeclineOffer,
    HandBack,
    OpenOffer,
    RecordContact,
)
from services.router.use_cases.given import Given
from services.router.use_cases.onward import PassOn, Wish
from services.router.use_cases.rerouting import PlaceAgain
from shared.clock import Clock, NewId
from shared.db import Transaction as DatabaseTransaction
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer, Idempotency
from shared.problems import documented

Stores = Callable[[DatabaseTransaction], Transaction]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,47}$")]
NeedCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_.]{1,63}$")]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^(\*|"?\d{1,9}"?)$',
        description="The `version` that was read. When the assignment has changed since: 412, and nothing is done.",
        examples=['"3"'],
    ),
]


class AnswerIn(BaseModel):
    """Who answers. Write nothing about the person who needs help."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,31}$", description='code of a desk or a person, such as "dva-desk-2"'
    )
    role: Literal["partner", "staff"] = Field("partner", description="staff: somebody of ours, who rang the partner")


class ReasonIn(AnswerIn):
    """Why not."""

    reason: Code = Field(description="one of the county's codes; an unknown one is refused with those `known`")


class ContactIn(AnswerIn):
    """What came of trying to reach the resident."""

    outcome: Code = Field(description="one of the county's codes, such as reached or no_answer")


class CompleteIn(AnswerIn):
    """How the work on each need ended."""

    outcomes: dict[NeedCode, Code] = Field(
        description="a close code for every need that the assignment has itself; what was passed on has its own",
        max_length=100,
        examples=[{"food.shopping": "met"}],
    )
    reason: Code | None = Field(
        None, description="only while others to whom needs were passed on still have them: why not to wait for them"
    )


class PassOnIn(ReasonIn):
    """Which needs another service is to have, and why."""

    service: str = Field(pattern=SERVICE_ID, description="the other service's id in the directory")
    needs: list[NeedCode] | None = Field(
        None, min_length=1, max_length=100, description="all that the assignment still has itself, unless given"
    )


Work = Callable[[Transaction, Given], Awaitable[Offer]]


@dataclass(frozen=True, slots=True)
class Once:
    """Does the work of one answer once, however often it is sent."""

    stores: Stores
    idempotency: Idempotency

    async def __call__(
        self, request: Request, body: AnswerIn, assignment_id: UUID, if_match: str | None, work: Work
    ) -> Response:
        """The assignment after `work`, or the answer that an equal request got before."""
        given = Given(assignment_id, Actor(body.role, body.by), _version(if_match))

        async def once(tx: DatabaseTransaction) -> Answer:
            stores = self.stores(tx)
            offer = await work(stores, given)
            clocks = await stores.clocks.of([offer.id])
            return Answer(200, view(offer, clocks.get(offer.id, ())).model_dump(mode="json"))

        client = request.headers.get("authorization", "")
        return await self.idempotency(request, client, request.state.origin, once)


def routes(stores: Stores, idempotency: Idempotency, now: Clock, new_id: NewId, place_again: PlaceAgain) -> APIRouter:
    """The partner's side of /api/v1/assignments."""
    router = APIRouter(prefix="/api/v1/assignments/{assignment_id}", tags=["assignments"])
    answer = Once(stores, idempotency)
    _add_answers(router, answer, now, place_again)
    _add_work(router, answer, now, place_again)
    _add_onward(router, answer, PassOn(now, new_id))
    return router


def _add_answers(router: APIRouter, answer: Once, now: Clock, place_again: PlaceAgain) -> None:
    """The answers to an offer."""
    opened, accept, decline = OpenOffer(now), AcceptOffer(now), DeclineOffer(now, place_again)

    @router.post("/open", **_documentation("Say that it was looked at", Move.OPEN))
    async def open_it(request: Request, assignment_id: UUID, body: AnswerIn, if_match: IfMatch = None) -> Response:
        """Somebody at the service has looked at the offer. This answers nothing yet."""
        return await answer(request, body, assignment_id, if_match, opened)

    @router.post("/accept", **_documentation("Take it on", Move.ACCEPT))
    async def accept_it(request: Request, assignment_id: UUID, body: AnswerIn, if_match: IfMatch = None) -> Response:
        """The service will help."""
        return await answer(request, body, assignment_id, if_match, accept)

    @router.post("/decline", **_documentation("Say no", Move.DECLINE, "reason-unknown"))
    async def decline_it(request: Request, assignment_id: UUID, body: ReasonIn, if_match: IfMatch = None) -> Response:
        """The service cannot help. Its needs are placed again at once, never with a service that has said no."""
        return await answer(request, body, assignment_id, if_match, lambda tx, given: decline(tx, given, body.reason))


def _add_work(router: APIRouter, answer: Once, now: Clock, place_again: PlaceAgain) -> None:
    """What is told of the work."""
    contact, complete, hand_back = RecordContact(now), CompleteOffer(now), HandBack(now, place_again)

    @router.post(
        "/contact", **_documentation("Tell of an attempt to reach the resident", Move.CONTACT, "reason-unknown")
    )
    async def contacted(request: Request, assignment_id: UUID, body: ContactIn, if_match: IfMatch = None) -> Response:
        """The first attempt that reached the resident stops the clock of first contact."""
        return await answer(request, body, assignment_id, if_match, lambda tx, given: contact(tx, given, body.outcome))

    @router.post(
        "/complete",
        **_documentation("Say how it ended", Move.COMPLETE, "reason-unknown", "outcomes-missing", "children-open"),
    )
    async def complete_it(
        request: Request, assignment_id: UUID, body: CompleteIn, if_match: IfMatch = None
    ) -> Response:
        """The work is done: each need has an outcome, met or not."""

        async def work(tx: Transaction, given: Given) -> Offer:
            return await complete(tx, given, body.outcomes, body.reason)

        return await answer(request, body, assignment_id, if_match, work)

    @router.post("/hand-back", **_documentation("Give it back", Move.HAND_BACK, "reason-unknown"))
    async def hand_it_back(request: Request, assignment_id: UUID, body: ReasonIn, if_match: IfMatch = None) -> Response:
        """The service took it on and cannot go on. Its needs are placed again at once."""
        return await answer(request, body, assignment_id, if_match, lambda tx, given: hand_back(tx, given, body.reason))


def _add_onward(router: APIRouter, answer: Once, pass_on: PassOn) -> None:
    """Passing needs on."""

    @router.post(
        "/pass-on",
        **_documentation("Pass needs on", Move.PASS_ON, "reason-unknown", "needs-not-held", "onward-refused",
                         answered="The new assignment, a child of this one."),
    )  # fmt: skip
    async def pass_it_on(request: Request, assignment_id: UUID, body: PassOnIn, if_match: IfMatch = None) -> Response:
        """Offer needs that were taken on to another service. This assignment stays open, and has back whatever the
        other one declines, hands back or does not answer. `why` says what is against it, where something is."""
        wish = Wish(body.service, body.reason, tuple(body.needs) if body.needs is not None else None)
        return await answer(request, body, assignment_id, if_match, lambda tx, given: pass_on(tx, given, wish))


def _version(if_match: str | None) -> int | None:
    return None if if_match in (None, "*") else int(if_match.strip('"'))


def _documentation(
    summary: str, move: Move, *codes: str, answered: str = "The assignment after this."
) -> dict[str, Any]:  # arguments of FastAPI's decorators
    problems = documented(*UNUSABLE_KEY, "malformed-json", "not-found", "illegal-transition", "request-in-progress",
                          "version-conflict", "validation-failed", "idempotency-key-reused", "configuration-missing",
                          *codes)  # fmt: skip
    states = " or ".join(state.replace("_", " ") for state in states_before(move))
    problems[409]["description"] += f"Possible only while it is {states}; `state` and `allowed` say where it stands."
    return {
        "summary": summary,
        "response_model": None,
        "openapi_extra": {"parameters": [KEY_PARAMETER]},
        "responses": {200: {"model": AssignmentView, "description": answered}, **problems},
    }
