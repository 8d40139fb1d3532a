"""Placing needs again that a service declined, let expire or gave back: who may still be asked, and who may not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.router.domain.asking import asks_of
from services.router.domain.assembling import Beside, assemble
from services.router.domain.county import County
from services.router.domain.decide import out_of_hours_marks, place_all
from services.router.domain.decision import Decision, Mark, Move, NeedDecision
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.placing import Asked, given_to
from services.router.domain.priority import Urgency
from services.router.domain.referral import Referral, open_referral
from services.router.domain.repeats import Repeats
from services.router.domain.vocabulary import NeedState, Origin, Priority, ResultFlag, Rule


@dataclass(frozen=True, slots=True)
class Returned:
    """Needs that came back, with the priority each had; `for_a_person` gives them straight to the triage desk. Their
    resident has waited since `waiting_since`; None is since the present moment."""

    needs: Mapping[str, Priority]
    for_a_person: bool = False
    waiting_since: datetime | None = None


def place_again(facts: Facts, county: County, load: Load, returned: Returned, beside: Beside) -> Decision:
    """Decide the needs that came back, and no others, by the rules in force (R57).

    `facts.received_at` is the present moment; `load.declined_by` names everyone who has said no. A service that a rule
    names without looking for others is not asked twice: then, as when nobody is left, the triage desk has the need.
    """
    referral = open_referral(facts, county, load, returned.waiting_since)
    placed, repeats = place_all(referral)
    found = {each.need: each for each in placed}
    rows = [Mark(row.flag, row.rules) for row in referral.rules.marks if row.when.holds(referral.case)]
    rows += out_of_hours_marks(referral)
    needs = tuple(
        _placed(need, priority, found.get(need), referral, for_a_person=returned.for_a_person)
        for need, priority in returned.needs.items()
    )
    return assemble(referral, needs, Repeats(), rows, beside, asks_of(referral, placed, repeats))


def why_the_desk(refusals: int, limit: int, *, for_a_person: bool) -> str:
    """In a sentence, why the triage desk has a need that so many services could not take."""
    if for_a_person:
        return "Somebody has to look at this before anyone else is asked."
    if refusals >= limit:
        return f"{refusals} services could not take this."
    return "No other service can take this."


def _placed(
    need: str, priority: Priority, found: NeedDecision | None, referral: Referral, *, for_a_person: bool
) -> NeedDecision:
    if found is None or found.state is not NeedState.ASSIGNED or found.service_id is None:
        # The rules have changed since, and say nothing of it any more; what was once placed is never dropped.
        asked = Asked(need, Origin.CHOSEN, Urgency(priority, priority))
        return given_to(referral.rules.triage_desk, asked, (Rule.CAPACITY,))
    said_no = referral.load.declined_by.get(need, frozenset())
    if for_a_person or found.service_id in said_no:
        return _to_the_desk(found, referral.rules.triage_desk)
    return found


def _to_the_desk(found: NeedDecision, desk: str) -> NeedDecision:
    if found.service_id == desk:
        return found
    return replace(
        found,
        service_id=desk,
        moves=(*found.moves, Move(found.service_id or "", desk, (Rule.CAPACITY,))),
        marks=(*found.marks, Mark(ResultFlag.DECLINED_FALLBACK, (Rule.CAPACITY,))),
        because=(*found.because, Rule.CAPACITY),
    )


def without_the_desk(said_no: Mapping[str, Iterable[str]], desk: str) -> dict[str, frozenset[str]]:
    """Who said no, by need; what the triage desk gives back it wants placed, so it has refused nothing."""
    return {need: frozenset(services) - {desk} for need, services in said_no.items()}
