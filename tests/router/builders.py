"""Referrals, decisions and offers that are in order by default; a test names only what it is about."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.router.configuration import load_county_documents
from services.router.configuration.documents import PARTNERS, read_documents
from services.router.domain.assignment import State
from services.router.domain.county import County
from services.router.domain.vocabulary import Channel, Priority
from services.router.ports import Offer
from shared.clock import new_id
from shared.events import (
    Facts,
    NotificationSent,
    OpenMatch,
    PlaceFacts,
    ReferralCancelled,
    ReferralSubmitted,
)
from shared.reference import SPACE, reference_of
from tests.router.rules.builders import CHESTERFIELD, COUNTY_DIRECTORY, WEDNESDAY_MORNING

NOON = datetime(2020, 5, 6, 11, 0, tzinfo=UTC)
"""Midday by the clock on the wall of the Wednesday on which the referrals below are received."""
CREATIVE = "svc-kakou"
"""The only service for `mind.creative_wellbeing` in Chesterfield, before the district's lead."""
PEER = "svc-fc-peer"
"""The same for `social.peer_support`."""
LEAD = "svc-dva-network"
HELPLINE = "svc-mh-helpline"
"""Named by rules R14 and R15, which do not ask for places."""


def a_reference() -> str:
    return reference_of(new_id().int % SPACE)


def facts_of(
    *needs: str,
    flags: tuple[str, ...] = (),
    age: int | None = 45,
    district: str | None = CHESTERFIELD,
    received_at: datetime = WEDNESDAY_MORNING,
    open_matches: tuple[OpenMatch, ...] = (),
) -> Facts:
    """An adult in Chesterfield who rings on a Wednesday morning and agrees to sharing."""
    return Facts(
        received_at=received_at,
        channel="phone",
        request_kind="help",
        referrer_kind="self",
        consent_status="given",
        consent_by="self",
        needs=needs or ("mind.creative_wellbeing",),
        flags=flags,
        age=age,
        place=PlaceFacts(district=district, method="unit" if district else "none"),
        open_matches=open_matches,
    )


def a_submission(
    *needs: str, flags: tuple[str, ...] = (), age: int | None = 45, facts: Facts | None = None
) -> ReferralSubmitted:
    return ReferralSubmitted(
        referral_id=new_id(),
        reference=a_reference(),
        sequence=1,
        facts=facts or facts_of(*needs, flags=flags, age=age),
    )


def a_cancellation(submitted: ReferralSubmitted, reason: str = "resident_withdrew") -> ReferralCancelled:
    return ReferralCancelled(
        referral_id=submitted.referral_id,
        reference=submitted.reference,
        sequence=2,
        reason=reason,
        cancelled_at=NOON + timedelta(minutes=1),
    )


def a_message_sent(offer: Offer, at: datetime = NOON) -> NotificationSent:
    return NotificationSent(
        referral_id=offer.referral_id,
        reference=offer.reference,
        sequence=1,
        notification_id=new_id(),
        assignment_id=offer.id,
        service_id=offer.service_id,
        channel="email",
        purpose="offer",
        sent_at=at,
    )


def an_offer(
    *needs: str,
    referral_id: UUID | None = None,
    reference: str | None = None,
    service: str = CREATIVE,
    priority: Priority = "P4",
    channels: tuple[Channel, ...] = ("email", "portal"),
    due_at: datetime = NOON + timedelta(days=3),
    state: State = State.OFFERED,
) -> Offer:
    return Offer(
        id=new_id(),
        referral_id=referral_id or new_id(),
        reference=reference or a_reference(),
        decision_id=new_id(),
        service_id=service,
        service_name="Creative afternoons",
        organization_id="org-creative",
        organization_name="Creative for All",
        track="specialist",
        needs=needs or ("mind.creative_wellbeing",),
        priority=priority,
        sla="3_working_days",
        district=CHESTERFIELD,
        channels=channels,
        safe_contact_only=False,
        state=state,
        version=1,
        offered_at=NOON,
        due_at=due_at,
        notified_at=None,
    )


def documents_with_places(places: Mapping[str, int]) -> dict[str, str]:
    """The county's documents, in which these services have so many places a day."""
    documents = read_documents(COUNTY_DIRECTORY)
    for service, count in places.items():
        of_service = re.compile(rf"(- id: {service}\n(?:(?!  - id: ).*\n)*?    capacity_per_day: )\w+")
        documents[PARTNERS], edited = of_service.subn(rf"\g<1>{count}", documents[PARTNERS])
        assert edited == 1
    return documents


def county_with_places(places: Mapping[str, int]) -> County:
    return load_county_documents(documents_with_places(places))
