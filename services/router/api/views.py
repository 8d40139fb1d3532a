"""Assignments as the outside sees them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.router.domain.assignment import State
from services.router.ports import Moved, Offer


class AssignmentView(BaseModel):
    """One offer of one or more needs to one service."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    reference: str = Field(examples=["4WJX-P7K"])
    service_id: str
    service_name: str
    organization_id: str
    organization_name: str
    track: str
    needs: tuple[str, ...]
    priority: str
    sla: str
    district: str | None
    channels: tuple[str, ...] = Field(description="how the service is told")
    safe_contact_only: bool
    state: State
    version: int = Field(description="rises with every move; send it as If-Match to answer only what you have read")
    offered_at: datetime
    due_at: datetime = Field(description="reply by")
    notified_at: datetime | None = Field(description="when the service was first told")
    outcomes: dict[str, str] = Field(description="how the work on each need ended, once it is done")
    reason: str | None = Field(description="why it lies with the triage desk, where others could not take it")


class MoveView(BaseModel):
    """One move: by whom, from where to where, and why."""

    at: datetime
    actor: str = Field(description="partner, staff, router, intake or clock")
    by: str = Field(description="the code of who it was")
    before: State | None
    to: State
    reason: str | None = Field(description="a code of the county's")


class AssignmentHistoryView(AssignmentView):
    """One assignment and everything that was done with it, oldest first."""

    moves: list[MoveView]


def view(offer: Offer) -> AssignmentView:
    """An assignment."""
    return AssignmentView.model_validate(offer)


def view_with_moves(offer: Offer, moves: list[Moved]) -> AssignmentHistoryView:
    """An assignment and its moves."""
    told = [
        MoveView(at=each.at, actor=each.actor.kind, by=each.actor.code, before=each.before, to=each.to,
                 reason=each.reason)
        for each in moves
    ]  # fmt: skip
    return AssignmentHistoryView(**dict(view(offer)), moves=told)
