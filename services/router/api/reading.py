"""HTTP in: reading decisions with their reasons, and the assignments that came of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.router.api.views import SERVICE_ID, AssignmentHistoryView, AssignmentView, view, view_with_moves
from services.router.domain.assignment import State
from services.router.domain.chase import ClockState
from services.router.domain.decision import Decision
from services.router.domain.rule_set import RuleSet
from services.router.ports import StoredDecision, Transaction
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.errors import NotFound
from shared.events import Facts
from shared.problems import Problem
from shared.reference import wanted_reference

Late = Literal["warned", "breached"]
Stores = Callable[[DatabaseTransaction], Transaction]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such thing"}}


class MadeView(BaseModel):
    """A decision as it was made, and why it had to be: what came back, or that the referral was received."""

    decision_id: UUID
    decided_at: datetime
    cause: str = Field(description="submitted, declined, expired, unreachable, handed_back or reopened")
    cause_words: str = Field(description="the same in a sentence", examples=["Doorstep help said no: Out of area."])
    rule_set: str = Field(description="the version of the rules and the directory: SHA-256 of their content")
    facts: Facts = Field(description="all that the router knew; nothing that says who the person is")
    decision: Decision = Field(description="after the first, of those needs alone that had to be placed again")


class DecisionView(MadeView):
    """The newest decision of a referral, all of its decisions, and what each rule that they name says."""

    referral_id: UUID
    reference: str = Field(examples=["4WJX-P7K"])
    rules: dict[str, str] = Field(description="what the rules named in any decision say, in short")
    questions: dict[str, str] = Field(description="the words in which the caller is asked, for each fact of `asks`")
    decisions: list[MadeView] = Field(description="every decision, newest first")


def routes(database: Database, stores: Stores) -> APIRouter:
    """What may be read under /api/v1."""
    api = APIRouter(prefix="/api/v1")

    @api.get("/decisions/{reference}", tags=["decisions"], responses=NOT_FOUND)
    async def read_decision(request: Request, reference: str) -> DecisionView:
        """Why a referral went where it went: facts, rules that fired, and every candidate with why or why not."""
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            stored = await tx.decisions.all(wanted_reference(reference))
            if not stored:
                raise NotFound("not-found", "There is no decision of a referral with this reference.")
            return _history(stored, (await tx.county()).rules)

    @api.get("/assignments", tags=["assignments"])
    async def list_assignments(
        request: Request,
        service: Annotated[str | None, Query(description="a service's id", pattern=SERVICE_ID)] = None,
        state: State | None = None,
        referral: Annotated[str | None, Query(description="a referral's reference")] = None,
        clock: Annotated[Late | None, Query(description="live ones that were reminded, or are late")] = None,
    ) -> list[AssignmentView]:
        """Assignments, soonest reply first, at most 200."""
        reference = wanted_reference(referral) if referral is not None else None
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            offers = await tx.offers.find(
                service=service,
                state=state,
                reference=reference,
                among=await tx.clocks.late(ClockState(clock)) if clock else None,
            )
            clocks = await tx.clocks.of([offer.id for offer in offers])
        return [view(offer, clocks.get(offer.id, ())) for offer in offers]

    @api.get("/assignments/{assignment_id}", tags=["assignments"], responses=NOT_FOUND)
    async def read_assignment(request: Request, response: Response, assignment_id: UUID) -> AssignmentHistoryView:
        """One assignment, with everything that was done with it."""
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            offers = await tx.offers.find(assignment_id=assignment_id)
            moves = await tx.offers.history(assignment_id)
            clocks = await tx.clocks.of([assignment_id])
        if not offers:
            raise NotFound("not-found", "There is no assignment with this id.")
        response.headers["ETag"] = f'"{offers[0].version}"'
        return view_with_moves(offers[0], clocks.get(assignment_id, ()), moves)

    return api


def _history(stored: Sequence[StoredDecision], rules: RuleSet) -> DecisionView:
    named: set[str] = set().union(*(_rules_named(each.document) for each in stored))
    asked = {ask["fact"] for each in stored for ask in each.document.get("asks", ())}
    newest = {"referral_id": stored[0].referral_id, "reference": stored[0].reference, **_made(stored[0])}
    said = {
        "rules": {rule: rules.texts[rule].text for rule in sorted(named) if rule in rules.texts},
        "questions": {fact: question for fact, question in rules.questions.items() if fact in asked},
        "decisions": list(map(_made, stored)),
    }
    return DecisionView.model_validate(newest | said)


def _made(stored: StoredDecision) -> dict[str, object]:
    return {
        "decision_id": stored.id,
        "decided_at": stored.decided_at,
        "cause": stored.cause,
        "cause_words": stored.cause_words,
        "rule_set": stored.rule_set,
        "facts": stored.facts,
        "decision": stored.document,
    }


def _rules_named(document: Any) -> set[str]:  # any JSON value
    """Every rule that a decision names, wherever in it."""
    if isinstance(document, dict):
        own = {rule for key in ("because", "rules") for rule in document.get(key) or ()}
        return own.union(*(_rules_named(value) for value in document.values()))
    if isinstance(document, list):
        return set().union(*(_rules_named(value) for value in document))
    return set()
