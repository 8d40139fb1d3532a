"""What has become of a referral, as intake hears it from the router and the notifier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.intake.domain.updates import Listener


class Status(StrEnum):
    """Where a referral stands. FHIR: requested, requested, on-hold, requested, in-progress, completed, failed …"""

    SUBMITTED = "submitted"
    ROUTING = "routing"
    ON_HOLD = "on_hold"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    OUT_OF_AREA = "out_of_area"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# Nothing more is to be done; such a referral no longer counts as open (R11) and cannot be cancelled.
FINISHED = frozenset({Status.COMPLETED, Status.FAILED, Status.CLOSED, Status.CANCELLED})


class AssignmentState(StrEnum):
    """Where one offer to one service stands."""

    OFFERED = "offered"
    OPENED = "opened"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    DONE = "done"
    FAILED = "failed"
    DECLINED = "declined"
    EXPIRED = "expired"
    RECALLED = "recalled"
    HANDED_BACK = "handed_back"


AWAITING_ANSWER = frozenset({AssignmentState.OFFERED, AssignmentState.OPENED})
UNDER_WAY = frozenset({AssignmentState.ACCEPTED, AssignmentState.CONTACTED})
LIVE = AWAITING_ANSWER | UNDER_WAY


class NeedState(StrEnum):
    """What is happening about one need."""

    WAITING = "waiting"
    HELD = "held"
    DUPLICATE = "duplicate"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    ROUTING = "routing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


REOPENED = "reopened"
# Somebody has the need, or is about to: a second referral for it would send a second helper (R11).
IN_HAND = frozenset({NeedState.WAITING, NeedState.ASSIGNED, NeedState.IN_PROGRESS, NeedState.ROUTING})


class Awaited(StrEnum):
    """Which news of a referral is still to come: some that MUST follow soon, some that MAY come at any time because a
    service has it in hand, or NONE."""

    MUST = "must"
    MAY = "may"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Need:
    """One need of a referral. `placed` is what the latest decision made of it (assigned, held, duplicate), None before
    there is one, and REOPENED until there is another; `since` is the router's number of that decision: what came of the
    need before no longer counts. `state` follows from these and from the assignments."""

    code: str
    placed: str | None = None
    service_id: str | None = None
    priority: str | None = None
    state: NeedState = NeedState.WAITING
    since: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The head of the router's latest decision. `sequence` is the router's number of the event that told it, `asks` the
    facts that the caller could still be asked."""

    id: UUID
    rule_set: str
    outcome: str
    district: str | None
    priority: str | None
    flags: tuple[str, ...]
    duplicate_of: str | None
    decided_at: datetime
    sequence: int
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How the work on one need ended: the county's close code, and whether the need was met, be it in part."""

    need: str
    code: str
    met: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """One offer to one service. What only the offer itself tells is empty while just a move of it has been heard;
    `endings` has one for each need once it is done; `parent_id` is the assignment whose service passed the needs on."""

    id: UUID
    service_id: str
    service_name: str
    state: AssignmentState
    sequence: int
    organization_id: str | None = None
    organization_name: str | None = None
    track: str | None = None
    needs: tuple[str, ...] = ()
    priority: str | None = None
    sla: str | None = None
    offered_at: datetime | None = None
    due_at: datetime | None = None
    channels: tuple[str, ...] = ()
    endings: tuple[Ending, ...] = ()
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one contact of a service: `state` is sent, awaiting_call (a person has to
    ring) or failed, `failure` the fault's class; `receipt` is what is known of its arrival: delivered, bounced,
    unconfirmed (not in time), unknown (nobody will say), or None."""

    id: UUID
    assignment_id: UUID
    channel: str
    purpose: str
    state: str
    failure: str | None
    at: datetime
    sequence: int
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why and when a referral was stopped; `reason` is one of `CANCEL_REASONS`."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """A referral without the person: what was asked, decided, offered and told. `sequence` numbers intake's own events
    of it, `sweeps` how often its events were handed out again since it last moved as it should. `listeners` are told
    how it goes; `openings` counts how often it was opened again."""

    id: UUID
    reference: str
    received_at: datetime
    needs: tuple[Need, ...]
    quality: tuple[str, ...] = ()
    status: Status = Status.SUBMITTED
    decision: Decision | None = None
    assignments: tuple[Assignment, ...] = ()
    notices: tuple[Notice, ...] = ()
    cancellation: Cancellation | None = None
    sequence: int = 1
    sweeps: int = 0
    listeners: tuple[Listener, ...] = ()
    openings: int = 0

    @property
    def asks(self) -> tuple[str, ...]:
        """The facts that the caller could still be asked: none once the referral is finished."""
        return self.decision.asks if self.decision and self.status not in FINISHED else ()


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened: `kind` such as "offered", `actor` a service's name, `details` ids and codes."""

    at: datetime
    kind: str
    actor: str
    before: Status | None = None
    after: Status | None = None
    details: Mapping[str, str] = field(default_factory=dict)


# The reasons that may stop a referral before its needs are met; a closed list, so that reports can count them.
CANCEL_REASONS: Mapping[str, str] = {
    "resident_withdrew": "The resident no longer wants help.",
    "referrer_withdrew": "The referrer takes the request back.",
    "consent_withdrawn": "The resident no longer agrees to sharing.",
    "met_another_way": "The need has been met another way.",
    "duplicate": "The same request was made before.",
    "entered_in_error": "It should never have been entered.",
    "moved_away": "The resident has moved away.",
    "died": "The resident has died.",
    "could_not_contact": "The resident could not be reached.",
    "signposted": "The resident was told where to find help, and asks for no more.",
    "no_service": "There is nobody who could help with it.",
    "other": "Another reason.",
}
