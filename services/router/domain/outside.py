"""What happens to a referral from outside the county (R27)."""

from dataclasses import replace

from services.router.domain.decision import Mark, NeedDecision
from services.router.domain.placing import Asked, given_to, held, place_with_child
from services.router.domain.referral import Referral
from services.router.domain.risk import acted_on
from services.router.domain.vocabulary import ResultFlag, Rule


def hand_over_risk(decisions: tuple[NeedDecision, ...], referral: Referral) -> tuple[NeedDecision, ...]:
    """Section B outside the county: the county's own immediate actions are taken, all others are handed over.

    A handover desk that is closed and is given such an action leaves it unread; then a person here looks at once.
    """
    outside, to_service = referral.rules.outside, takes_over(referral)
    handed_over = tuple(
        decision
        if decision.service_id in outside.stays_with
        else replace(decision, service_id=to_service, because=(*decision.because, Rule.OUTSIDE))
        for decision in decisions
    )
    if not any(decision.service_id == to_service for decision in handed_over) or _is_open(to_service, referral):
        return handed_over
    watched = acted_on(outside.when_closed, referral)
    known = next((decision for decision in handed_over if decision.need == watched.need), None)
    if known is None:
        return (*handed_over, watched)
    marked = replace(known, marks=known.marks + watched.marks, because=known.because + watched.because)
    return tuple(marked if decision is known else decision for decision in handed_over)


def place_outside(asked: Asked, referral: Referral) -> NeedDecision:
    """Hand a need outside section B over, as far as consent allows."""
    to_service = takes_over(referral)
    if referral.is_child_alone:
        with_child = place_with_child(asked, referral)
        return replace(with_child, service_id=to_service, because=(*with_child.because, Rule.OUTSIDE))
    status = "given" if referral.needs_no_consent else referral.facts.consent_status
    if status == "refused":
        return held(asked, (Rule.REFUSED, Rule.OUTSIDE))
    if status == "unknown":
        rules = (Rule.UNKNOWN_CONSENT, Rule.OUTSIDE)
        decision = given_to(referral.rules.consent.otherwise, asked, rules)
        return replace(decision, marks=(Mark(ResultFlag.CONSENT_NEEDED, rules),))
    not_needed = referral.rules.consent.not_needed_rules if referral.needs_no_consent else ()
    return given_to(to_service, asked, (*not_needed, Rule.OUTSIDE))


def takes_over(referral: Referral) -> str:
    """The service to which everything from this place is handed over."""
    outside = referral.rules.outside
    return outside.handover.get(referral.district or "", outside.otherwise)


def _is_open(service_id: str, referral: Referral) -> bool:
    county = referral.county
    return county.services[service_id].hours.is_open(referral.received_at, county.deadlines.calendar)
