"""HTTP in: why a referral is where it is, in words, and why a service does not have a need."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.router.api.views import SERVICE_ID
from services.router.domain.explaining.shapes import Explanation, WhyNot
from services.router.ports import Transaction
from services.router.use_cases.explaining import Explained, PassedOn, explain_referral
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.problems import Problem
from shared.reference import wanted_reference

Stores = Callable[[DatabaseTransaction], Transaction]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such thing"}}
NEED = r"^[a-z0-9_.]{1,64}$"


class ExplainedView(BaseModel):
    """One decision, explained by the version of the rules and the directory that it was made under."""

    decision_id: UUID
    decided_at: datetime
    cause: str = Field(description="submitted, declined, expired, unreachable, handed_back or reopened")
    rule_set: str = Field(description="the version of the rules and the directory")
    explanation: Explanation | None = Field(description="null where that version is not kept any more")


class StoryView(BaseModel):
    """Why a referral is where it is; nothing in it says who the person is."""

    referral_id: UUID
    reference: str = Field(examples=["4WJX-P7K"])
    decisions: list[ExplainedView] = Field(description="newest first")
    passed_on: list[PassedOn] = Field(description="needs that services gave on to others of their own choice")
    why_not: list[WhyNot] = Field(description="of the service asked for, by the newest decision on each need")


def routes(database: Database, stores: Stores) -> APIRouter:
    """What may be read under /api/v1."""
    api = APIRouter(prefix="/api/v1")

    @api.get("/decisions/{reference}/explanation", tags=["decisions"], responses=NOT_FOUND)
    async def explain_decision(
        request: Request,
        reference: str,
        why_not: Annotated[str | None, Query(description="a service's id", pattern=SERVICE_ID)] = None,
        need: Annotated[str | None, Query(description="only this need, for `why_not`", pattern=NEED)] = None,
    ) -> StoryView:
        """Why a referral is where it is: sentences, rules that fired or could not be told, and every service looked at.

        It is derived on demand from what was kept with each decision, and never stored.
        """
        async with database.begin(request.state.origin) as transaction:
            story = await explain_referral(stores(transaction), wanted_reference(reference))
        newest = story.decisions[0].stored
        return StoryView(
            referral_id=newest.referral_id,
            reference=newest.reference,
            decisions=[_view(each) for each in story.decisions],
            passed_on=list(story.passed_on),
            why_not=list(story.why_not(why_not, need)) if why_not is not None else [],
        )

    return api


def _view(explained: Explained) -> ExplainedView:
    stored = explained.stored
    return ExplainedView(
        decision_id=stored.id,
        decided_at=stored.decided_at,
        cause=stored.cause,
        rule_set=stored.rule_set,
        explanation=explained.explanation,
    )
