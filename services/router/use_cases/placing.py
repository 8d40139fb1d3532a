"""Deciding where needs go, taking the places, and offering them: for a new referral, and for needs that came back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.router.domain.assignment import State
from services.router.domain.basis import Basis, derive
from services.router.domain.cause import RECEIVED, Cause
from services.router.domain.chase import Clock, Kind
from services.router.domain.county import County
from services.router.domain.decision import Assignment, Decision
from services.router.domain.vocabulary import NeedState, Priority
from services.router.facts import domain_facts
from services.router.ports import Offer, Transaction
from services.router.use_cases.confirming import room
from services.router.use_cases.waiting import answer_by, reply_by
from shared.clock import NewId
from shared.errors import NotFound
from shared.events import AssignmentOffered, FactAsked, Facts, NeedPlaced, ReferralDecided

USUAL: Priority = "P3"
AFRESH = Basis()
Why = Callable[[Assignment], str | None]


@dataclass(frozen=True, slots=True)
class Case:
    """The referral whose needs are placed at `at`, and why; `left` is the assignment they came back from, None at
    first."""

    referral_id: UUID
    reference: str
    facts: Facts
    county: County
    at: datetime
    left: UUID | None = None
    cause: Cause = RECEIVED


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of an offer: its own, that of the decision it came of, and of the assignment that passed it on."""

    own: UUID
    decision: UUID
    parent: UUID | None = None


def unexplained(assignment: Assignment) -> str | None:
    """Nothing more to say of an offer than that it was decided so."""
    return None


async def place(tx: Transaction, case: Case, new_id: NewId, known: Basis = AFRESH, why: Why = unexplained) -> None:
    """Decide, take the places, keep and tell the decision, and offer the needs. `known` is what the decision stands on
    besides the room that services have; `why` is kept with each offer."""
    decision, basis, counted = await _decide(tx, case, known)
    decision_id, day = new_id(), case.county.today(case.at)
    sequence = await tx.referrals.next_sequence(case.referral_id)
    await tx.decisions.add(
        decision_id,
        case.referral_id,
        case.reference,
        case.facts,
        decision,
        case.at,
        sequence=sequence,
        cause=case.cause,
        basis=basis,
    )
    await tx.publish(_decided(case, decision, decision_id, sequence))
    # Of needs that were left before, somebody is to be asked already.
    if any(need.state is not NeedState.ASSIGNED for need in decision.needs):
        wait = case.county.rules.review[decision.priority or USUAL]
        await tx.referrals.review(case.referral_id, wait.ends(case.at, None, case.county.deadlines.calendar))
    for assignment in decision.assignments:
        offer = offer_of(case, assignment, Ids(new_id(), decision_id), decision.district, why(assignment))
        await tx.offers.add(offer, capacity_day=day if assignment.service_id in counted else None)
        await tell_and_wait(tx, case, offer)


async def last_case(tx: Transaction, county: County, referral_id: UUID, reference: str, at: datetime) -> Case:
    """A referral by the facts of its last decision, as if it had been received `at`. Raises NotFound."""
    stored = await tx.decisions.latest(reference)
    if stored is None:
        raise NotFound("not-found", "There is no decision of a referral with this reference.")
    facts = Facts.model_validate(stored.facts).model_copy(update={"received_at": at})
    return Case(referral_id, reference, facts, county, at)


async def tell_and_wait(tx: Transaction, case: Case, offer: Offer) -> None:
    """Tell of a new offer, and wait for the answer (R60) and the first contact with the resident (R53)."""
    respond = Clock(offer.id, Kind.RESPOND, answer_by(case.county, offer, offer.offered_at))
    await tx.clocks.start((respond, Clock(offer.id, Kind.FIRST_CONTACT, offer.due_at)))
    ends = reply_by(case.county, offer, respond)
    await tx.publish(_offered(offer, await tx.referrals.next_sequence(offer.referral_id), ends))


async def _decide(tx: Transaction, case: Case, known: Basis) -> tuple[Decision, Basis, frozenset[str]]:
    """Decide, and take the places; where another referral took a last one meanwhile, decide anew without it.

    Answers the decision, what it stands on, and the services of which it took a place.
    """
    day, found = case.county.today(case.at), await room(tx, case.county, case.at)
    facts, capacities = domain_facts(case.facts), found.places
    said = {service: places for service, places in capacities.items() if case.county.capacities.get(service) != places}
    known_load = replace(known.load, limited=found.limited, shut=found.shut, places=said)
    full: set[str] = set()
    while True:
        remaining = {**found.remaining, **dict.fromkeys(full, 0)}
        basis = replace(known, load=replace(known_load, remaining=remaining))
        decision = derive(facts, case.county, basis)
        # A service that is chosen although it is full was named by a rule, which does not ask for places (R57).
        counted = {a.service_id for a in decision.assignments if a.service_id in capacities} - full
        places = {service: capacities[service] for service in counted}
        lacking = await tx.capacity.take(day, places, give_back=case.left)
        if lacking is None:
            return decision, basis, frozenset(counted)
        full.add(lacking)


def _decided(case: Case, decision: Decision, decision_id: UUID, sequence: int) -> ReferralDecided:
    needs = tuple(
        NeedPlaced(code=need.need, state=need.state.value, service_id=need.service_id, priority=need.priority)
        for need in decision.needs
    )
    return ReferralDecided(
        referral_id=case.referral_id,
        reference=case.reference,
        sequence=sequence,
        decision_id=decision_id,
        rule_set=decision.rule_set,
        outcome=decision.outcome,
        district=decision.district,
        priority=decision.priority,
        needs=needs,
        flags=decision.flags,
        duplicate_of=decision.duplicate_of,
        decided_at=case.at,
        asks=tuple(FactAsked(fact=ask.fact, rules=ask.rules) for ask in decision.asks),
    )


def offer_of(case: Case, assignment: Assignment, ids: Ids, district: str | None, reason: str | None = None) -> Offer:
    """An assignment as it is offered. `reason` is why it lies with the triage desk, where others could not take it."""
    return Offer(
        id=ids.own,
        referral_id=case.referral_id,
        reference=case.reference,
        decision_id=ids.decision,
        parent_id=ids.parent,
        service_id=assignment.service_id,
        service_name=assignment.service_name,
        organization_id=assignment.organization_id,
        organization_name=assignment.organization_name,
        track=assignment.track,
        needs=assignment.needs,
        priority=assignment.priority,
        sla=assignment.sla,
        district=district,
        channels=assignment.channels,
        safe_contact_only=assignment.safe_contact_only,
        state=State.OFFERED,
        version=1,
        offered_at=case.at,
        due_at=assignment.due_at,
        notified_at=None,
        reason=reason,
    )


def _offered(offer: Offer, sequence: int, ends: datetime) -> AssignmentOffered:
    return AssignmentOffered(
        referral_id=offer.referral_id,
        reference=offer.reference,
        sequence=sequence,
        assignment_id=offer.id,
        parent_id=offer.parent_id,
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
        answer_by=ends,
        district=offer.district,
        channels=offer.channels,
        safe_contact_only=offer.safe_contact_only,
    )
