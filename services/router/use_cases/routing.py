"""Routing a referral, recalling what is open of it, and noting who was told."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.router.domain.assignment import Actor, Move, State, after
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Assignment, Decision
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.facts import domain_facts
from services.router.ports import Offer, Transaction
from shared.clock import Clock, NewId
from shared.events import (
    AssignmentOffered,
    AssignmentRecalled,
    NeedPlaced,
    NotificationSent,
    ReferralCancelled,
    ReferralDecided,
    ReferralSubmitted,
)

INTAKE = Actor("intake", "intake")


@dataclass(frozen=True, slots=True)
class RouteReferral:
    """Decide a referral by the rules in force, and offer its needs to the services chosen."""

    now: Clock
    new_id: NewId

    async def __call__(self, tx: Transaction, event: ReferralSubmitted) -> None:
        """Route once: a referral that is known already is left as it is."""
        if not await tx.referrals.add(event.referral_id, event.reference, event.facts.received_at):
            return
        county, now = await tx.county(), self.now()
        day = county.today(now)
        decision, counted = await _decide(tx, domain_facts(event.facts), county, day)
        decision_id = self.new_id()
        await tx.decisions.add(decision_id, event.referral_id, event.reference, event.facts, decision, now)
        sequence = await tx.referrals.next_sequence(event.referral_id)
        await tx.publish(_decided(event, decision, decision_id, sequence, now))
        for assignment in decision.assignments:
            offer = _offer(event, decision, assignment, assignment_id=self.new_id(), decision_id=decision_id, at=now)
            await tx.offers.add(offer, capacity_day=day if assignment.service_id in counted else None)
            await tx.publish(_offered(offer, await tx.referrals.next_sequence(event.referral_id)))


@dataclass(frozen=True, slots=True)
class RecallReferral:
    """Take back whatever is open of a referral that was cancelled."""

    now: Clock

    async def __call__(self, tx: Transaction, event: ReferralCancelled) -> None:
        """Recall every live assignment and give its place back. A referral not heard of yet will not be routed."""
        await tx.referrals.add(event.referral_id, event.reference, event.cancelled_at)
        await tx.referrals.cancel(event.referral_id, event.cancelled_at)
        for offer in await tx.offers.live_of(event.referral_id):
            now = self.now()
            to = after(offer.state, Move.RECALL)
            await tx.offers.move(offer, to, actor=INTAKE, at=now, reason=event.reason)
            await tx.capacity.give_back(offer.id)
            sequence = await tx.referrals.next_sequence(event.referral_id)
            await tx.publish(
                AssignmentRecalled(
                    referral_id=offer.referral_id,
                    reference=offer.reference,
                    sequence=sequence,
                    assignment_id=offer.id,
                    service_id=offer.service_id,
                    service_name=offer.service_name,
                    reason=event.reason,
                    recalled_at=now,
                )
            )


@dataclass(frozen=True, slots=True)
class NoteTold:
    """Note on an assignment when its service was first told."""

    async def __call__(self, tx: Transaction, event: NotificationSent) -> None:
        """Only the first message counts."""
        await tx.offers.told(event.assignment_id, event.sent_at)


async def _decide(tx: Transaction, facts: Facts, county: County, day: date) -> tuple[Decision, frozenset[str]]:
    """Decide, and take the places; where another referral took a last one meanwhile, decide anew without it.

    Answers the decision and the services of which it took a place.
    """
    capacities, taken = county.capacities, await tx.capacity.taken(day)
    remaining = {service: places - taken.get(service, 0) for service, places in capacities.items()}
    full: set[str] = set()
    while True:
        decision = decide(facts, county, Load(remaining=remaining))
        # A service that is chosen although it is full was named by a rule, which does not ask for places (R57).
        counted = {a.service_id for a in decision.assignments if a.service_id in capacities} - full
        lacking = await tx.capacity.take(day, {service: capacities[service] for service in counted})
        if lacking is None:
            return decision, frozenset(counted)
        full.add(lacking)
        remaining[lacking] = 0


def _decided(
    event: ReferralSubmitted, decision: Decision, decision_id: UUID, sequence: int, at: datetime
) -> ReferralDecided:
    needs = tuple(
        NeedPlaced(code=need.need, state=need.state.value, service_id=need.service_id, priority=need.priority)
        for need in decision.needs
    )
    return ReferralDecided(
        referral_id=event.referral_id,
        reference=event.reference,
        sequence=sequence,
        decision_id=decision_id,
        rule_set=decision.rule_set,
        outcome=decision.outcome,
        district=decision.district,
        priority=decision.priority,
        needs=needs,
        flags=decision.flags,
        duplicate_of=decision.duplicate_of,
        decided_at=at,
    )


def _offer(
    event: ReferralSubmitted,
    decision: Decision,
    assignment: Assignment,
    *,
    assignment_id: UUID,
    decision_id: UUID,
    at: datetime,
) -> Offer:
    return Offer(
        id=assignment_id,
        referral_id=event.referral_id,
        reference=event.reference,
        decision_id=decision_id,
        service_id=assignment.service_id,
        service_name=assignment.service_name,
        organization_id=assignment.organization_id,
        organization_name=assignment.organization_name,
        track=assignment.track,
        needs=assignment.needs,
        priority=assignment.priority,
        sla=assignment.sla,
        district=decision.district,
        channels=assignment.channels,
        safe_contact_only=assignment.safe_contact_only,
        state=State.OFFERED,
        version=1,
        offered_at=at,
        due_at=assignment.due_at,
        notified_at=None,
    )


def _offered(offer: Offer, sequence: int) -> AssignmentOffered:
    return AssignmentOffered(
        referral_id=offer.referral_id,
        reference=offer.reference,
        sequence=sequence,
        assignment_id=offer.id,
        service_id=offer.service_id,
        service_name=offer.service_name,
        organization_id=offer.organization_id,
        organization_name=offer.organization_name,
        track=offer.track,
        needs=offer.needs,
        priority=offer.priority,
        sla=offer.sla,
        offered_at=offer.offered_at,
        due_at=offer.due_at,
        district=offer.district,
        channels=offer.channels,
        safe_contact_only=offer.safe_contact_only,
    )
