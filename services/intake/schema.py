"""The bodies of intake's HTTP interface: what may be sent, and what is answered."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from services.intake.domain.progress import CANCEL_REASONS, AssignmentState, NeedState, Progress, Status
from services.intake.domain.referral import Consent, Person, Referrer, Submission, Updates
from services.intake.domain.reopening import REOPEN_REASONS
from services.intake.people_schema import Body, ConsentBody, Number, PersonBody, ReferrerBody, Short, UpdatesBody
from services.intake.use_cases import Found

SET_BY_US = frozenset({"ref_id", "received_at", "context"})
Code = Annotated[str, Field(max_length=64)]

EXAMPLE: dict[str, JsonValue] = {
    "channel": "phone",
    "request_kind": "help",
    "referrer_kind": "self",
    "person": {"name": "Maureen Example", "age": 78, "phone": "01632 960001", "language": "en"},
    "address": "1 Example Street",
    "postcode": "S40 1US",
    "consent": {"status": "given", "by": "self"},
    "needs": ["food.shopping", "medicine.prescription"],
    "flags": ["shielded", "lives_alone"],
    "food_days_left": 2,
    "notes": "Rings back after four. The dog is friendly.",
}


class ReferralBody(Body):
    """One request for one person (or organisation), with one or more needs."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    channel: Literal["phone", "web_form", "shielded_list"] = "phone"
    request_kind: Literal["help", "volunteer_offer", "org_support", "concern_report"] = "help"
    referrer_kind: Literal[
        "self", "family", "friend", "neighbour", "professional", "partner", "public", "landlord", "staff_outbound"
    ] = "self"
    person: PersonBody = Field(default_factory=PersonBody)
    address: Annotated[str, Field(max_length=1_000)] | None = None
    postcode: Short | None = Field(None, description="As typed, whole or in part.")
    district_hint: Short | None = Field(None, description="GSS code of the district that staff picked.")
    household_size: Number | None = None
    consent: ConsentBody = Field(default_factory=ConsentBody)
    needs: list[Code] = Field(default_factory=list, max_length=100, description="Need codes of the county's list.")
    flags: list[Code] = Field(default_factory=list, max_length=100)
    food_days_left: Number | None = None
    meds_days_left: Number | None = None
    requested_priority: Literal["P1", "P2", "P3", "P4"] | None = None
    shield_list_match: bool | None = None
    notes: Annotated[str, Field(max_length=20_000)] | None = Field(None, description="Free text, kept as it is.")
    referrer: ReferrerBody = Field(default_factory=ReferrerBody)
    updates: UpdatesBody = Field(default_factory=UpdatesBody)

    @model_validator(mode="before")
    @classmethod
    def _ours_to_set(cls, data: Any) -> Any:  # whatever was sent
        if isinstance(data, dict) and not SET_BY_US.isdisjoint(data):
            raise PydanticCustomError(
                "set_by_us", "Leave out ref_id, received_at and context: intake sets them itself."
            )
        return data

    def submission(self) -> Submission:
        """The same, for the domain."""
        own = {name: getattr(self, name) for name in type(self).model_fields}
        return Submission(
            **own
            | {
                "person": Person(**self.person.model_dump()),
                "consent": Consent(**self.consent.model_dump()),
                "referrer": Referrer(**self.referrer.model_dump()),
                "updates": Updates(**self.updates.model_dump()),
                "needs": tuple(self.needs),
                "flags": tuple(self.flags),
            }
        )


class CancelBody(Body):
    """Why a referral is stopped."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "resident_withdrew"}]})

    reason: str = Field(json_schema_extra={"enum": list(CANCEL_REASONS)})

    @model_validator(mode="after")
    def _is_listed(self) -> "CancelBody":
        if self.reason not in CANCEL_REASONS:
            raise PydanticCustomError("unknown_reason", f"The reason must be one of: {', '.join(CANCEL_REASONS)}.")
        return self


class ReopenBody(Body):
    """Why a finished referral is opened again, and for which of its needs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "not_met", "needs": ["food.shopping"]}]})

    reason: str = Field(json_schema_extra={"enum": list(REOPEN_REASONS)})
    needs: list[Code] | None = Field(None, min_length=1, max_length=100, description="All that ended, unless given.")

    @model_validator(mode="after")
    def _is_listed(self) -> "ReopenBody":
        if self.reason not in REOPEN_REASONS:
            raise PydanticCustomError("unknown_reason", f"The reason must be one of: {', '.join(REOPEN_REASONS)}.")
        return self


class NeedView(BaseModel):
    """One need: who has it, and what is happening about it."""

    code: str
    state: NeedState
    service: str | None
    priority: str | None


class NotificationView(BaseModel):
    """One message to a service; `failure` is the fault's class, when it could not be delivered. `receipt` is what is
    known of its arrival, null while nothing is; unconfirmed means not in time, unknown that nobody will say."""

    channel: str
    purpose: str
    state: Literal["sent", "awaiting_call", "failed"]
    receipt: Literal["delivered", "bounced", "unconfirmed", "unknown"] | None
    failure: str | None
    at: datetime


class AssignmentView(BaseModel):
    """One offer to one service, which is to reply by `due_at`; `outcomes` tell how each need ended, once it is done."""

    id: UUID
    service: str
    service_name: str
    organisation: str | None
    organisation_name: str | None
    track: str | None
    needs: list[str]
    priority: str | None
    offered_at: datetime | None
    due_at: datetime | None
    state: AssignmentState
    outcomes: dict[str, str]
    parent_id: UUID | None
    notifications: list[NotificationView]


class TimelineView(BaseModel):
    """One thing that happened. `before` and `after` are given when it changed the referral's status."""

    at: datetime
    kind: str
    actor: str
    before: Status | None
    after: Status | None
    details: dict[str, str]


class UpdateView(BaseModel):
    """Somebody who will be told how it goes."""

    who: Literal["resident", "referrer"]
    by: Literal["email", "sms"]


class ReceiptView(BaseModel):
    """A referral as stored. `flags` tell what was odd about what was sent, such as "phone_invalid"."""

    id: UUID
    reference: str = Field(examples=["3NQK-8N1"], description="Say this on the telephone; a slip in it is noticed.")
    status: Status
    outcome: str | None
    received_at: datetime
    needs: list[NeedView]
    flags: list[str]
    updates: list[UpdateView] = Field(description="Who is told how it goes: fewer than asked for where that is safer.")


class QuestionView(BaseModel):
    """One thing that the caller could still be asked, for the answer could change where the referral goes."""

    fact: str = Field(examples=["age"])
    question: str = Field(examples=["How old is the person?"], description="To be read out as it stands.")


class ReferralView(ReceiptView):
    """A referral and what became of it, without the person."""

    district: str | None
    district_name: str | None
    priority: str | None
    decision_id: UUID | None
    duplicate_of: str | None
    cancel_reason: str | None
    questions: list[QuestionView] = Field(description="What to ask the caller, in this order.")
    assignments: list[AssignmentView]
    timeline: list[TimelineView]


def receipt(progress: Progress) -> ReceiptView:
    """What the sender is told at once."""
    decision = progress.decision
    found = (*progress.quality, *(decision.flags if decision else ()))
    return ReceiptView(
        id=progress.id,
        reference=progress.reference,
        status=progress.status,
        outcome=decision.outcome if decision else None,
        received_at=progress.received_at,
        needs=[
            NeedView(code=need.code, state=need.state, service=need.service_id, priority=need.priority)
            for need in progress.needs
        ],
        flags=list(dict.fromkeys(found)),
        updates=[
            UpdateView.model_validate({"who": listener.audience.value, "by": listener.channel})
            for listener in progress.listeners
        ],
    )


def view(found: Found) -> ReferralView:
    """What anyone who knows the reference may see."""
    progress = found.progress
    decision, cancellation = progress.decision, progress.cancellation
    return ReferralView(
        **dict(receipt(progress)),
        district=decision.district if decision else None,
        district_name=found.district_name,
        priority=decision.priority if decision else None,
        decision_id=decision.id if decision else None,
        duplicate_of=decision.duplicate_of if decision else None,
        cancel_reason=cancellation.reason if cancellation else None,
        questions=[QuestionView(fact=fact, question=question) for fact, question in found.questions.items()],
        assignments=_assignments(progress),
        timeline=[
            TimelineView(
                at=entry.at,
                kind=entry.kind,
                actor=entry.actor,
                before=entry.before,
                after=entry.after,
                details=dict(entry.details),
            )
            for entry in found.timeline
        ],
    )


def _assignments(progress: Progress) -> list[AssignmentView]:
    return [
        AssignmentView(
            id=offer.id,
            service=offer.service_id,
            service_name=offer.service_name,
            organisation=offer.organization_id,
            organisation_name=offer.organization_name,
            track=offer.track,
            needs=list(offer.needs),
            priority=offer.priority,
            offered_at=offer.offered_at,
            due_at=offer.due_at,
            state=offer.state,
            outcomes={ending.need: ending.code for ending in offer.endings},
            parent_id=offer.parent_id,
            notifications=[
                NotificationView.model_validate(notice, from_attributes=True)
                for notice in progress.notices
                if notice.assignment_id == offer.id
            ],
        )
        for offer in progress.assignments
    ]
