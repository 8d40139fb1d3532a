"""The order of the sections: from facts, a county and its load to one decision."""

from collections.abc import Iterable

from services.router.domain.asking import asks_of
from services.router.domain.assembling import assemble
from services.router.domain.county import County
from services.router.domain.decision import Decision, Mark, NeedDecision
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.outside import hand_over_risk, place_outside
from services.router.domain.placing import Asked, place_inside, place_with_child, repeated
from services.router.domain.priority import urgency_of
from services.router.domain.referral import Referral, open_referral
from services.router.domain.repeats import Repeats, find_repeats
from services.router.domain.risk import risk_decisions
from services.router.domain.vocabulary import Origin, ResultFlag, Rule


def decide(facts: Facts, county: County, load: Load) -> Decision:
    """Decide one referral: the same facts, county and load always give the same decision.

    `facts.received_at` is the present moment. A referral is never refused: what no rule places goes to the triage desk.
    """
    referral = open_referral(facts, county, load)
    needs, repeats = place_all(referral)
    return assemble(referral, needs, repeats, _marks(referral), asks=asks_of(referral, needs, repeats))


def place_all(referral: Referral) -> tuple[tuple[NeedDecision, ...], Repeats]:
    """Every need of a referral with its place, and what was found of repeated ones (sections B to E, and G)."""
    acted_on = risk_decisions(referral)
    if referral.is_outside:
        acted_on = hand_over_risk(acted_on, referral)
    asked = _asked(referral, acted_on)
    repeats = find_repeats({each.need: each.urgency for each in asked}, referral)
    asked += _added(referral, asked, repeats)
    placed = tuple(_place(each, referral, repeats) for each in asked)
    return acted_on + placed, repeats


def _place(asked: Asked, referral: Referral, repeats: Repeats) -> NeedDecision:
    if asked.need in repeats.needs:
        return repeated(asked)
    if referral.is_outside:
        return place_outside(asked, referral)
    if referral.is_child_alone:
        return place_with_child(asked, referral)
    return place_inside(asked, referral)


def _asked(referral: Referral, acted_on: tuple[NeedDecision, ...]) -> tuple[Asked, ...]:
    """The needs that section B does not place, each once; what cannot be read is for the triage desk (R12)."""
    facts, unclassified = referral.facts, referral.rules.unclassified
    placed = {need for decision in acted_on for need in (decision.need, *decision.answers)}
    origins: dict[str, Origin] = {}
    for need in facts.needs:
        if not _may_be_chosen(need, referral):
            origins.setdefault(unclassified, Origin.UNCLASSIFIED)
        elif need not in placed:
            origins.setdefault(need, Origin.CHOSEN)
    if not facts.needs and not acted_on:
        origins[unclassified] = Origin.UNCLASSIFIED
    return tuple(_ask_for(need, origin, referral) for need, origin in origins.items())


def _ask_for(need: str, origin: Origin, referral: Referral) -> Asked:
    return Asked(need, origin, urgency_of(need, referral.county.needs[need].default_priority, referral))


def _may_be_chosen(need: str, referral: Referral) -> bool:
    known = referral.county.needs.get(need)
    return known is not None and not known.system


def _added(referral: Referral, asked: tuple[Asked, ...], repeats: Repeats) -> tuple[Asked, ...]:
    """Needs that come with those chosen (R29); not for a child alone, nor outside the county."""
    left = [each for each in asked if each.need not in repeats.needs]
    if not referral.facts.needs or not left or referral.is_child_alone or referral.is_outside:
        return ()
    known = repeats.known.union(each.need for each in asked)
    rows = (row for row in referral.rules.additions if row.need not in known and row.when.holds(referral.case))
    return tuple(_ask_for(row.need, Origin.ADDED, referral) for row in rows)


def _marks(referral: Referral) -> Iterable[Mark]:
    """What is flagged of the referral as a whole."""
    rules, facts = referral.rules, referral.facts
    yield from (Mark(row.flag, row.rules) for row in rules.marks if row.when.holds(referral.case))
    if referral.is_child_alone and rules.risk.child_alone.flag:
        yield Mark(rules.risk.child_alone.flag, rules.risk.child_alone.rules)
    if any(not _may_be_chosen(need, referral) for need in facts.needs):
        yield Mark(ResultFlag.UNKNOWN_NEED_CODE, (Rule.UNCLASSIFIED,))
    if referral.language != rules.people.usual_language:
        yield Mark(ResultFlag.INTERPRETER, (Rule.SELECTION,))
    yield from out_of_hours_marks(referral)


def out_of_hours_marks(referral: Referral) -> Iterable[Mark]:
    """The flag of what is decided while the contact centre is closed."""
    if not referral.county.deadlines.in_hours(referral.received_at):
        yield Mark(ResultFlag.OUT_OF_HOURS, (Rule.CLOCK,))
