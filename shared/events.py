"""Every event on the wire: topic, type, version and fields. Ids, codes and routing facts only, never who the person is.

Rules for change: add optional fields; never rename, retype or remove one: publish a `v2` beside it instead.
Sample payloads of every version are kept for ever in tests/contract/.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from shared.facts import Channel as Channel
from shared.facts import Facts as Facts
from shared.facts import OpenMatch as OpenMatch
from shared.facts import PlaceFacts as PlaceFacts
from shared.facts import Priority as Priority
from shared.facts import Wire as Wire


class Topic(StrEnum):
    """One topic for each publishing service; records are keyed by the referral, so one referral keeps its order."""

    REFERRALS = "referrals"
    ASSIGNMENTS = "assignments"
    NOTIFICATIONS = "notifications"


class Event(Wire):
    """Something that happened to one referral. `sequence` rises with each event a service tells of that referral."""

    topic: ClassVar[Topic]
    type: ClassVar[str]

    referral_id: UUID
    reference: str
    sequence: int = 0


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
    """One or more needs of a referral were offered to one service, which is to be told over `channels` (R58, R59).
    `parent_id` is the assignment whose service passed them on; None is by the router's decision."""

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
    parent_id: UUID | None = None


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
    `outcomes` one for each need once the assignment is done. `move` says what was done where the two states do not:
    "pass_on" or "return", then `needs_moved` are the needs that went to another service or came back.
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
    move: str | None = None
    needs_moved: tuple[str, ...] = ()


class AssignmentReminded(Event):
    """A service has not answered and is to be reminded, once; after `answer_by` the offer expires (R60)."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.assignment.reminded.v1"

    assignment_id: UUID
    service_id: str
    service_name: str
    needs: tuple[str, ...]
    priority: Priority
    district: str | None
    channels: tuple[Channel, ...]
    safe_contact_only: bool = False
    answer_by: datetime
    reminded_at: datetime


class AssignmentOverdue(Event):
    """A deadline passed: `clock` is "first_contact" (the resident was not reached by `due_at`), "respond" where the
    triage desk has not answered, or "review" where somebody should look at how it goes."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.assignment.overdue.v1"

    assignment_id: UUID
    service_id: str
    service_name: str
    needs: tuple[str, ...]
    priority: Priority
    clock: str
    state: str
    due_at: datetime
    overdue_at: datetime


# -- notifications: told by the notifier -------------------------------------------------------------------------------


class MessageEvent(Event):
    """What every event about one message to one contact holds: which message, and which offer it tells whom of."""

    notification_id: UUID
    assignment_id: UUID
    service_id: str
    channel: Channel
    purpose: str


class NotificationSent(MessageEvent):
    """One message to one contact left us: the mail server, gateway or inbox took it."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.sent.v1"

    sent_at: datetime


class NotificationCallAwaited(MessageEvent):
    """A service is to be told by telephone, which only a person can do; nobody has rung it yet."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.call_awaited.v1"

    awaited_at: datetime


class NotificationFailed(MessageEvent):
    """One message to one contact cannot be delivered by this channel; `failure` is the fault's class, not its text."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.failed.v1"

    failure: str
    failed_at: datetime


class NotificationDelivered(MessageEvent):
    """One message to one contact is known to have arrived; not that it was read."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.delivered.v1"

    delivered_at: datetime


class NotificationBounced(MessageEvent):
    """A message that had left came back: `bounce` is "hard" (the address is wrong), "soft" (it may be tried once more)
    or "provider" (the provider could not or would not send it)."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.bounced.v1"

    bounce: str
    bounced_at: datetime


class NotificationUnconfirmed(MessageEvent):
    """Nobody said in time that a message arrived. `final` is whether nobody will be asked after it any more; before,
    the offer goes on to the next channel or contact."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.unconfirmed.v1"

    final: bool = False
    unconfirmed_at: datetime


class NotificationExhausted(Event):
    """Nobody at a service can know of an offer: no message about it got through, and nothing more will be tried.
    `failure` is the class of the last fault, not its text."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.exhausted.v1"

    assignment_id: UUID
    service_id: str
    failure: str
    exhausted_at: datetime


CATALOGUE: tuple[type[Event], ...] = (
    ReferralSubmitted,
    ReferralCancelled,
    ReferralDecided,
    AssignmentOffered,
    AssignmentRecalled,
    AssignmentMoved,
    AssignmentReminded,
    AssignmentOverdue,
    NotificationSent,
    NotificationCallAwaited,
    NotificationFailed,
    NotificationDelivered,
    NotificationBounced,
    NotificationUnconfirmed,
    NotificationExhausted,
)
BY_TYPE: dict[str, type[Event]] = {event.type: event for event in CATALOGUE}
