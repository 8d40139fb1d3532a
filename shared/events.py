"""Every event on the wire: topic, type, version and fields. Ids, codes and routing facts only, never who the person is.

Rules for change: add optional fields; never rename, retype or remove one: publish a `v2` beside it instead.
Sample payloads of every version are kept for ever in tests/contract/.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.event import AnyEvent as AnyEvent
from shared.event import Event as Event
from shared.event import ServiceEvent as ServiceEvent
from shared.event import Topic as Topic
from shared.facts import Channel as Channel
from shared.facts import Facts as Facts
from shared.facts import OpenMatch as OpenMatch
from shared.facts import PlaceFacts as PlaceFacts
from shared.facts import Priority as Priority
from shared.facts import Wire as Wire
from shared.notification_events import MessageEvent as MessageEvent
from shared.notification_events import NotificationBounced as NotificationBounced
from shared.notification_events import NotificationCallAwaited as NotificationCallAwaited
from shared.notification_events import NotificationDelivered as NotificationDelivered
from shared.notification_events import NotificationExhausted as NotificationExhausted
from shared.notification_events import NotificationFailed as NotificationFailed
from shared.notification_events import NotificationSent as NotificationSent
from shared.notification_events import NotificationUnconfirmed as NotificationUnconfirmed
from shared.notification_events import ServiceReachable as ServiceReachable
from shared.updates import UpdateDropped as UpdateDropped
from shared.updates import UpdateDue as UpdateDue
from shared.updates import UpdateSent as UpdateSent

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


class ReferralReopened(Event):
    """A finished referral was opened again: these of its needs must be placed once more. `ask_everyone` asks services,
    too, that said no before."""

    topic = Topic.REFERRALS
    type = "org.waymark.referral.reopened.v1"

    reason: str
    needs: tuple[str, ...]
    ask_everyone: bool = False
    reopened_at: datetime


# -- assignments: told by the router -----------------------------------------------------------------------------------


class NeedPlaced(Wire):
    """What became of one need: `state` is "assigned" (then `service_id` has it), "held" (consent) or "duplicate"."""

    code: str
    state: Literal["assigned", "held", "duplicate"]
    service_id: str | None = None
    priority: Priority | None = None


class FactAsked(Wire):
    """A fact that the router does not know, and the rules to which it could matter."""

    fact: str
    rules: tuple[str, ...]


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
    asks: tuple[FactAsked, ...] = ()


class AssignmentOffered(Event):
    """One or more needs of a referral were offered to one service, which is to be told over `channels` (R58, R59).
    `parent_id` is the assignment whose service passed them on; None is by the router's decision. By `due_at` the
    resident is to be reached, by `answer_by` the service is to reply; None in events from before that was told."""

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
    answer_by: datetime | None = None


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
    """How the work on one need ended: `outcome` is the county's close code, `met` whether the need was met.
    `ends_referral` is the reason why the whole referral ends with it, None where the other needs go on."""

    need: str
    outcome: str
    met: bool
    ends_referral: str | None = None


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
    second_contact: bool = False
    reminded_at: datetime


class AssignmentOverdue(Event):
    """A deadline passed: `clock` is "first_contact" (the resident was not reached by `due_at`), "respond" where the
    triage desk has not answered, or "review" where somebody should look at how it goes. `triage_desk` is the service
    that sees to it; None, and nobody is told, in events from before it was named."""

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
    district: str | None = None
    safe_contact_only: bool = False
    triage_desk: str | None = None


class ReferralReviewDue(Event):
    """Somebody should look at needs that no service was given: held for want of consent, or taken to be in hand in
    another referral. `service_id` has them meanwhile."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.referral.review_due.v1"

    service_id: str
    needs: tuple[str, ...]
    due_at: datetime
    noticed_at: datetime


class ServiceUnconfirmed(ServiceEvent):
    """Nobody has confirmed the capacity of a service since `confirmed_at`, and it is to be asked to: without an answer
    it counts as `step` from `decays_at` on, "limited" (asked last) or "paused" (offered nothing)."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.service.unconfirmed.v1"

    service_name: str
    organization_id: str
    organization_name: str
    step: Literal["limited", "paused"]
    confirmed_at: datetime
    decays_at: datetime
    reminded_at: datetime


class RuleSetPublished(AnyEvent):
    """From `effective_from` on these are a county's documents, unless something else is told of a later time, or later
    of the same. `documents` are packed (shared/documents.py); `version` is their name."""

    topic = Topic.ASSIGNMENTS
    type = "org.waymark.rule_set.published.v1"

    version: str
    effective_from: datetime
    documents: str

    @property
    def key(self) -> str:
        """The same for all: versions keep their order."""
        return "rule-set"

    @property
    def subject(self) -> str:
        """rule-set/ and the version."""
        return f"rule-set/{self.version}"


CATALOGUE: tuple[type[AnyEvent], ...] = (
    ReferralSubmitted,
    ReferralCancelled,
    ReferralReopened,
    ReferralDecided,
    AssignmentOffered,
    AssignmentRecalled,
    AssignmentMoved,
    AssignmentReminded,
    AssignmentOverdue,
    ReferralReviewDue,
    ServiceUnconfirmed,
    RuleSetPublished,
    NotificationSent,
    NotificationCallAwaited,
    NotificationFailed,
    NotificationDelivered,
    NotificationBounced,
    NotificationUnconfirmed,
    NotificationExhausted,
    ServiceReachable,
    UpdateDue,
    UpdateSent,
    UpdateDropped,
)
BY_TYPE: dict[str, type[AnyEvent]] = {event.type: event for event in CATALOGUE}
