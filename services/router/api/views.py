"""Assignments as the outside sees them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.router.domain.assignment import Move, State
from services.router.domain.chase import Clock, ClockState, Kind
from services.router.ports import Moved, Offer

SERVICE_ID = r"^[A-Za-z0-9._-]{1,64}$"


class ClockView(BaseModel):
    """What is waited for, and until when: running, warned (reminded once), breached (in vain) or stopped."""

    model_config = ConfigDict(from_attributes=True)

    kind: Kind
    due_at: datetime
    state: ClockState


class AssignmentView(BaseModel):
    """One offer of one or more needs to one service."""

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
    due_at: datetime = Field(description="by when the resident is to be reached")
    notified_at: datetime | None = Field(description="when the service was first told")
    outcomes: dict[str, str] = Field(description="how the work on each need ended, once it is done")
    clocks: list[ClockView] = Field(description="the answer, the first contact, and a review")
    parent_id: UUID | None = Field(description="the assignment whose service passed the needs on to this one")
    reason: str | None = Field(description="why it lies with the triage desk, where others could not take it")


class MoveView(BaseModel):
    """One move: by whom, from where to where, and why."""

    at: datetime
    actor: str = Field(description="partner, staff, router, intake or clock")
    by: str = Field(description="the code of who it was")
    before: State | None
    to: State
    reason: str | None = Field(description="a code of the county's")
    move: Move | None = Field(description="what was done where the states do not say it: pass_on or return")


class AssignmentHistoryView(AssignmentView):
    """One assignment and everything that was done with it, oldest first."""

    moves: list[MoveView]


def view(offer: Offer, clocks: Sequence[Clock]) -> AssignmentView:
    """An assignment with its clocks."""
    told = [ClockView.model_validate(clock) for clock in clocks]
    return AssignmentView.model_validate(asdict(offer) | {"clocks": told})


def view_with_moves(offer: Offer, clocks: Sequence[Clock], moves: Sequence[Moved]) -> AssignmentHistoryView:
    """An assignment and its moves."""
    told = [
        MoveView(at=each.at, actor=each.actor.kind, by=each.actor.code, before=each.before, to=each.to,
                 reason=each.reason, move=each.move)
        for each in moves
    ]  # fmt: skip
    return AssignmentHistoryView(**dict(view(offer, clocks)), moves=told)
