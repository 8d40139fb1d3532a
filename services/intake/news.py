"""What the router's and the notifier's events mean to intake: its own words, and a line in the timeline."""

from collections.abc import Mapping

from services.intake.domain.progress import (
    Assignment,
    AssignmentState,
    Decision,
    Ending,
    Need,
    Notice,
    TimelineEntry,
)
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentOverdue,
    AssignmentRecalled,
    AssignmentReminded,
    NotificationBounced,
    NotificationCallAwaited,
    NotificationDelivered,
    NotificationExhausted,
    NotificationFailed,
    NotificationSent,
    NotificationUnconfirmed,
    ReferralDecided,
    ReferralReviewDue,
)

ROUTER, NOTIFIER = "router", "notifier"
WITHIN_A_STATE: Mapping[str | None, str] = {"pass_on": "passed_on", "return": "returned"}
Chased = AssignmentReminded | AssignmentOverdue | ReferralReviewDue
Told = NotificationSent | NotificationCallAwaited | NotificationFailed
ReceiptNews = NotificationDelivered | NotificationBounced | NotificationUnconfirmed
OfAssignment = (
    AssignmentOffered
    | AssignmentRecalled
    | AssignmentMoved
    | AssignmentReminded
    | AssignmentOverdue
    | Told
    | ReceiptNews
    | NotificationExhausted
)


def decision_of(event: ReferralDecided) -> Decision:
    """The head of a decision."""
    return Decision(
        id=event.decision_id,
        rule_set=event.rule_set,
        outcome=event.outcome,
        district=event.district,
        priority=event.priority,
        flags=event.flags,
        duplicate_of=event.duplicate_of,
        decided_at=event.decided_at,
        sequence=event.sequence,
        asks=tuple(ask.fact for ask in event.asks),
    )


def needs_of(event: ReferralDecided) -> tuple[Need, ...]:
    """What a decision made of each need."""
    return tuple(
        Need(need.code, need.state, need.service_id, need.priority, since=event.sequence) for need in event.needs
    )


def offer_of(event: AssignmentOffered) -> Assignment:
    """An assignment as offered."""
    return Assignment(
        id=event.assignment_id,
        service_id=event.service_id,
        service_name=event.service_name,
        state=AssignmentState.OFFERED,
        sequence=event.sequence,
        organization_id=event.organization_id,
        organization_name=event.organization_name,
        track=event.track,
        needs=event.needs,
        priority=event.priority,
        sla=event.sla,
        offered_at=event.offered_at,
        due_at=event.due_at,
        channels=event.channels,
        parent_id=event.parent_id,
    )


def recall_of(event: AssignmentRecalled) -> Assignment:
    """An assignment of which only its recall is known."""
    return Assignment(
        id=event.assignment_id,
        service_id=event.service_id,
        service_name=event.service_name,
        state=AssignmentState.RECALLED,
        sequence=event.sequence,
    )


def move_of(event: AssignmentMoved) -> Assignment:
    """An assignment of which only this move is known; done without a need met, it has failed."""
    endings = tuple(Ending(each.need, each.outcome, each.met) for each in event.outcomes)
    failed = bool(endings) and not any(ending.met for ending in endings)
    return Assignment(
        id=event.assignment_id,
        service_id=event.service_id,
        service_name=event.service_name,
        state=AssignmentState.FAILED if failed else AssignmentState(event.to_state),
        sequence=event.sequence,
        needs=event.needs,
        endings=endings,
    )


def end_of(event: AssignmentMoved) -> str | None:
    """The reason why the whole referral ends with this move; None where it goes on."""
    return next((each.ends_referral for each in event.outcomes if each.ends_referral is not None), None)


def notice_of(event: Told) -> Notice:
    """A message that left, a call that has to be made, or what could not be delivered."""
    match event:
        case NotificationSent():
            state, failure, at = "sent", None, event.sent_at
        case NotificationCallAwaited():
            state, failure, at = "awaiting_call", None, event.awaited_at
        case NotificationFailed():
            state, failure, at = "failed", event.failure, event.failed_at
    return Notice(
        id=event.notification_id,
        assignment_id=event.assignment_id,
        channel=event.channel,
        purpose=event.purpose,
        state=state,
        failure=failure,
        at=at,
        sequence=event.sequence,
    )


def receipt_of(event: ReceiptNews) -> Notice:
    """What is known of a message's arrival; it had left, or nothing could be known of it."""
    match event:
        case NotificationDelivered():
            receipt, at = "delivered", event.delivered_at
        case NotificationBounced():
            receipt, at = "bounced", event.bounced_at
        case NotificationUnconfirmed():
            receipt, at = "unknown" if event.final else "unconfirmed", event.unconfirmed_at
    return Notice(
        id=event.notification_id,
        assignment_id=event.assignment_id,
        channel=event.channel,
        purpose=event.purpose,
        state="sent",
        failure=event.bounce if isinstance(event, NotificationBounced) else None,
        at=at,
        sequence=event.sequence,
        receipt=receipt,
    )


def decided_entry(event: ReferralDecided) -> TimelineEntry:
    """The line of a decision."""
    details = {"outcome": event.outcome, "decision_id": str(event.decision_id)}
    return TimelineEntry(event.decided_at, "decided", ROUTER, details=details)


def offered_entry(event: AssignmentOffered) -> TimelineEntry:
    """The line of an offer."""
    return TimelineEntry(event.offered_at, "offered", ROUTER, details=_about(event))


def recalled_entry(event: AssignmentRecalled) -> TimelineEntry:
    """The line of a recall."""
    return TimelineEntry(event.recalled_at, "recalled", ROUTER, details=_about(event) | {"reason": event.reason})


def moved_entry(event: AssignmentMoved) -> TimelineEntry:
    """The line of an answer; one that left the state as it was tells of needs that were passed on or came back, or of
    an attempt to reach the resident."""
    kind = event.to_state if event.to_state != event.from_state else WITHIN_A_STATE.get(event.move, "contact_tried")
    details = _about(event) | {"by": event.actor} | {each.need: each.outcome for each in event.outcomes}
    if event.needs_moved:
        details["needs"] = " ".join(event.needs_moved)
    if event.reason is not None:
        details["reason"] = event.reason
    return TimelineEntry(event.moved_at, kind, ROUTER, details=details)


def chased_entry(event: Chased) -> TimelineEntry:
    """The line of a reminder, of a deadline that passed, or of needs that somebody should look at."""
    match event:
        case AssignmentReminded():
            return TimelineEntry(event.reminded_at, "reminded", ROUTER, details=_about(event))
        case AssignmentOverdue():
            late = _about(event) | {"clock": event.clock}
            return TimelineEntry(event.overdue_at, "overdue", ROUTER, details=late)
        case ReferralReviewDue():
            details = {"service_id": event.service_id, "needs": " ".join(event.needs)}
            return TimelineEntry(event.noticed_at, "review_due", ROUTER, details=details)


def told_entry(event: Told) -> TimelineEntry:
    """The line of a message."""
    details = _about(event) | {"channel": event.channel, "purpose": event.purpose}
    match event:
        case NotificationSent():
            return TimelineEntry(event.sent_at, "told", NOTIFIER, details=details)
        case NotificationCallAwaited():
            return TimelineEntry(event.awaited_at, "call_awaited", NOTIFIER, details=details)
        case NotificationFailed():
            failed = details | {"failure": event.failure}
            return TimelineEntry(event.failed_at, "not_told", NOTIFIER, details=failed)


def receipt_entry(event: ReceiptNews) -> TimelineEntry:
    """The line of what became known of a message's arrival."""
    details = _about(event) | {"channel": event.channel, "purpose": event.purpose}
    match event:
        case NotificationDelivered():
            return TimelineEntry(event.delivered_at, "delivered", NOTIFIER, details=details)
        case NotificationBounced():
            return TimelineEntry(event.bounced_at, "bounced", NOTIFIER, details=details | {"bounce": event.bounce})
        case NotificationUnconfirmed():
            kind = "arrival_unknown" if event.final else "unconfirmed"
            return TimelineEntry(event.unconfirmed_at, kind, NOTIFIER, details=details)


def exhausted_entry(event: NotificationExhausted) -> TimelineEntry:
    """The line of a service that nothing is left to tell by."""
    return TimelineEntry(
        event.exhausted_at, "not_reached", NOTIFIER, details=_about(event) | {"failure": event.failure}
    )


def _about(event: OfAssignment) -> dict[str, str]:
    return {"assignment_id": str(event.assignment_id), "service_id": event.service_id}
