"""Every event on the wire: topic, type, version and fields. Ids, codes and routing facts only, never who the person is.

Rules for change: add optional fields; never rename, retype or remove one: publish a `v2` beside it instead.
Sample payloads of every version are kept for ever in tests/contract/.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Priority = Literal["P1", "P2", "P3", "P4"]
Channel = Literal["email", "sms", "phone", "portal"]
DistrictMethod = Literal["unit", "sector", "outcode", "hint", "none"]


class Topic(StrEnum):
    """One topic for each publishing service; records are keyed by the referral, so one referral keeps its order."""

    REFERRALS = "referrals"
    ASSIGNMENTS = "assignments"
    NOTIFICATIONS = "notifications"


class Wire(BaseModel):
    """A part of an event. Unknown fields are ignored, so that a newer publisher does not stop an older consumer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Wire):
    """Something that happened to one referral. `sequence` rises with each event a service tells of that referral."""

    topic: ClassVar[Topic]
    type: ClassVar[str]

    referral_id: UUID
    reference: str
    sequence: int = 0


# -- facts -------------------------------------------------------------------------------------------------------------


class PlaceFacts(Wire):
    """Where the person is, as far as intake could tell (rules R02-R07).

    `district` is one GSS code (which may lie outside the county) or None; `candidates` are the GSS codes of a
    straddling sector or outcode (R05), empty otherwise; `outcode` such as "SK13" when a usable postcode was given.
    """

    district: str | None = None
    method: DistrictMethod = "none"
    candidates: tuple[str, ...] = ()
    outcode: str | None = None


class OpenMatch(Wire):
    """An open referral of the same person received in the last seven days (R11), oldest first in the list."""

    reference: str
    needs: tuple[str, ...]
    priority: Priority | None
    received_at: datetime


class Facts(Wire):
    """What the router may know of a referral. No name, address, phone, e-mail, date of birth, postcode or note.

    `age` is in whole years or None when unknown (R10). `quality` holds the result flags that intake's own rules set
    (such as "postcode_corrected"), `because` the rules that set them. `red_flags` are the categories of phrases found
    in the notes that no ticked flag covers (R19). `flags` are the ticked ones, as given.
    """

    received_at: datetime
    channel: str
    request_kind: str
    referrer_kind: str
    consent_status: Literal["given", "refused", "unknown"]
    consent_by: Literal["self", "representative", "none"]
    needs: tuple[str, ...]
    flags: tuple[str, ...] = ()
    age: int | None = None
    language: str = "en"
    household_size: int | None = None
    food_days_left: int | None = None
    meds_days_left: int | None = None
    requested_priority: Priority | None = None
    shield_list_match: bool | None = None
    has_note: bool = False
    contactable: bool = True
    red_flags: tuple[str, ...] = ()
    place: PlaceFacts = PlaceFacts()
    open_matches: tuple[OpenMatch, ...] = ()
    quality: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


# -- referrals: told by intake -----------------------------------------------------------------------------------------


class ReferralSubmitted(Event):
    """A referral was accepted and stored; the router must decide it."""

    topic = Topic.REFERRALS
    type = "org.waymark.referral.submitted.v1"

    facts: Facts


class ReferralCancelled(Event):
    """A referral was stopped by the resident, the referrer or staff; whatever is open must be recalled."""

    topic = Topic.REFERRALS
    type = "org.waymark.referral.cancelled.v1"

    reason: str
    cancelled_at: datetime


# -- assignments: told by the router -----------------------------------------------------------------------------------


class NeedPlaced(Wire):
    """What became of one need: `state` is "assigned" (then `service_id` has it), "held" (consent) or "duplicate"."""

    code: str
    state: Literal["assigned", "held", "duplicate"]
    service_id: str | None = None
    priority: Priority | None = None


class ReferralDecided(Event):
    """The router decided a referral. The decision with its reasons stays in the router under `decision_id`."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.referral.decided.v1"

    decision_id: UUID
    rule_set: str
    outcome: str
    district: str | None
    priority: Priority | None
    needs: tuple[NeedPlaced, ...]
    flags: tuple[str, ...] = ()
    duplicate_of: str | None = None
    decided_at: datetime


class AssignmentOffered(Event):
    """One or more needs of a referral were offered to one service, which is to be told over `channels` (R58, R59)."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.assignment.offered.v1"

    assignment_id: UUID
    service_id: str
    service_name: str
    organization_id: str
    organization_name: str
    track: str
    needs: tuple[str, ...]
    priority: Priority
    sla: str
    offered_at: datetime
    due_at: datetime
    district: str | None
    channels: tuple[Channel, ...]
    safe_contact_only: bool = False


class AssignmentRecalled(Event):
    """An offer was taken back; nothing more is to be done for it."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.assignment.recalled.v1"

    assignment_id: UUID
    service_id: str
    service_name: str
    reason: str
    recalled_at: datetime


class NeedOutcome(Wire):
    """How the work on one need ended: `outcome` is the county's close code, `met` whether the need was met."""

    need: str
    outcome: str
    met: bool


class AssignmentMoved(Event):
    """A service answered, said nothing for too long, or told how it went; `from_state` and `to_state` may be the same.

    `reason` is a code of the county or None, `actor` the kind of who did it, `version` the assignment's after the move,
    `outcomes` one for each need once the assignment is done.
    """

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.assignment.moved.v1"

    assignment_id: UUID
    service_id: str
    service_name: str
    from_state: str
    to_state: str
    reason: str | None
    actor: str
    version: int
    needs: tuple[str, ...]
    outcomes: tuple[NeedOutcome, ...] = ()
    moved_at: datetime


# -- notifications: told by the notifier -------------------------------------------------------------------------------


class NotificationSent(Event):
    """One message to one contact left us: the mail server, gateway or inbox took it."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.sent.v1"

    notification_id: UUID
    assignment_id: UUID
    service_id: str
    channel: Channel
    purpose: str
    sent_at: datetime


class NotificationCallAwaited(Event):
    """A service is to be told by telephone, which only a person can do; nobody has rung it yet."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.call_awaited.v1"

    notification_id: UUID
    assignment_id: UUID
    service_id: str
    channel: Channel
    purpose: str
    awaited_at: datetime


class NotificationFailed(Event):
    """One message to one contact cannot be delivered by this channel; `failure` is the fault's class, not its text."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.failed.v1"

    notification_id: UUID
    assignment_id: UUID
    service_id: str
    channel: Channel
    purpose: str
    failure: str
    failed_at: datetime


CATALOGUE: tuple[type[Event], ...] = (
    ReferralSubmitted,
    ReferralCancelled,
    ReferralDecided,
    AssignmentOffered,
    AssignmentRecalled,
    AssignmentMoved,
    NotificationSent,
    NotificationCallAwaited,
    NotificationFailed,
)
BY_TYPE: dict[str, type[Event]] = {event.type: event for event in CATALOGUE}
