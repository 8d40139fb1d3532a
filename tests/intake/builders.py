"""Referrals and news of them that are in order by default; a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake.domain.progress import Need, Progress
from services.intake.domain.referral import Consent, Person, Submission
from services.intake.ports import NewReferral
from shared.clock import new_id
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentRecalled,
    Channel,
    FactAsked,
    Facts,
    NeedOutcome,
    NeedPlaced,
    NotificationCallAwaited,
    NotificationFailed,
    NotificationSent,
    ReferralDecided,
)
from shared.reference import SPACE, reference_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MAUREEN = Person(name="Maureen O'Hara-Kent", age=78, phone="01632 960001", email="maureen@example.com", language="en")
SHOPPING = Submission(
    person=MAUREEN,
    address="1 Example Street",
    postcode="S40 1US",
    consent=Consent("given", "self"),
    needs=("food.shopping",),
    flags=("lives_alone",),
    notes="Rings back after four.",
)
KEYS = frozenset({"maureenoharakent|pc:S401US", "maureenoharakent|tel:01632960001"})


def a_body(**changes: Any) -> dict[str, Any]:  # JSON
    """The body of a request that is accepted."""
    return {
        "channel": "phone",
        "person": {"name": "Maureen O'Hara-Kent", "age": 78, "phone": "01632 960001"},
        "postcode": "S40 1US",
        "consent": {"status": "given", "by": "self"},
        "needs": ["food.shopping"],
    } | changes


def a_reference() -> str:
    return reference_of(new_id().int % SPACE)


def a_progress(
    *, reference: str | None = None, needs: tuple[str, ...] = ("food.shopping",), at: datetime = NOON
) -> Progress:
    return Progress(
        id=new_id(), reference=reference or a_reference(), received_at=at, needs=tuple(Need(code) for code in needs)
    )


def a_referral(
    progress: Progress | None = None, submission: Submission = SHOPPING, keys: frozenset[str] = KEYS
) -> NewReferral:
    progress = progress or a_progress()
    facts = Facts(
        received_at=progress.received_at,
        channel="phone",
        request_kind="help",
        referrer_kind="self",
        consent_status="given",
        consent_by="self",
        needs=tuple(need.code for need in progress.needs),
        quality=progress.quality,
    )
    return NewReferral(progress, submission, facts, keys)


def a_decision(
    progress: Progress,
    *needs: NeedPlaced,
    outcome: str = "routed",
    sequence: int = 1,
    at: datetime = NOON,
    duplicate_of: str | None = None,
    asks: tuple[str, ...] = (),
) -> ReferralDecided:
    """By default every need went to svc-shopping."""
    placed = needs or tuple(
        NeedPlaced(code=need.code, state="assigned", service_id="svc-shopping", priority="P2")
        for need in progress.needs
    )
    return ReferralDecided(
        referral_id=progress.id,
        reference=progress.reference,
        sequence=sequence,
        decision_id=new_id(),
        rule_set="rules-1",
        outcome=outcome,
        district="E07000034",
        priority="P2",
        needs=placed,
        flags=("most_vulnerable",),
        duplicate_of=duplicate_of,
        decided_at=at,
        asks=tuple(FactAsked(fact=fact, rules=("R50",)) for fact in asks),
    )


def an_offer(
    progress: Progress,
    *,
    assignment_id: UUID | None = None,
    service: str = "svc-shopping",
    needs: tuple[str, ...] = ("food.shopping",),
    channels: tuple[Channel, ...] = ("email",),
    sequence: int = 2,
    at: datetime = NOON,
) -> AssignmentOffered:
    return AssignmentOffered(
        referral_id=progress.id,
        reference=progress.reference,
        sequence=sequence,
        assignment_id=assignment_id or new_id(),
        service_id=service,
        service_name="Shopping",
        organization_id="org-cru",
        organization_name="Community Response Unit",
        track="cru_direct",
        needs=needs,
        priority="P2",
        sla="same_day",
        offered_at=at,
        due_at=at + timedelta(hours=8),
        district="E07000034",
        channels=channels,
    )


def a_recall(offer: AssignmentOffered, *, sequence: int = 3, reason: str = "cancelled") -> AssignmentRecalled:
    return AssignmentRecalled(
        referral_id=offer.referral_id,
        reference=offer.reference,
        sequence=sequence,
        assignment_id=offer.assignment_id,
        service_id=offer.service_id,
        service_name=offer.service_name,
        reason=reason,
        recalled_at=offer.offered_at + timedelta(minutes=5),
    )


def a_move(
    offer: AssignmentOffered,
    to_state: str,
    *,
    from_state: str = "offered",
    sequence: int = 3,
    reason: str | None = None,
    outcomes: tuple[NeedOutcome, ...] = (),
) -> AssignmentMoved:
    return AssignmentMoved(
        referral_id=offer.referral_id,
        reference=offer.reference,
        sequence=sequence,
        assignment_id=offer.assignment_id,
        service_id=offer.service_id,
        service_name=offer.service_name,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        actor="partner",
        version=2,
        needs=offer.needs,
        outcomes=outcomes,
        moved_at=offer.offered_at + timedelta(minutes=10),
    )


def about_a_message(
    offer: AssignmentOffered, sequence: int, notification_id: UUID | None = None, *, channel: Channel = "email"
) -> dict[str, Any]:  # of the type of each field
    """What every event about a message to the service of `offer` holds."""
    return {
        "referral_id": offer.referral_id,
        "reference": offer.reference,
        "sequence": sequence,
        "notification_id": notification_id or new_id(),
        "assignment_id": offer.assignment_id,
        "service_id": offer.service_id,
        "channel": channel,
        "purpose": "offer",
    }


def a_message_sent(
    offer: AssignmentOffered, *, notification_id: UUID | None = None, sequence: int = 1
) -> NotificationSent:
    sent_at = offer.offered_at + timedelta(seconds=2)
    return NotificationSent(**about_a_message(offer, sequence, notification_id), sent_at=sent_at)


def a_call_awaited(offer: AssignmentOffered, *, notification_id: UUID, sequence: int = 1) -> NotificationCallAwaited:
    about = about_a_message(offer, sequence, notification_id, channel="phone")
    return NotificationCallAwaited(**about, awaited_at=offer.offered_at + timedelta(seconds=1))


def a_message_failed(
    offer: AssignmentOffered, *, notification_id: UUID | None = None, sequence: int = 1
) -> NotificationFailed:
    about = about_a_message(offer, sequence, notification_id)
    return NotificationFailed(**about, failure="mailbox_unknown", failed_at=offer.offered_at + timedelta(seconds=3))
