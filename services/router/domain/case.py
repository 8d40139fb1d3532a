"""How a referral is read before any rule is asked: age, markers, shielding, concerns, consent, and what is unknown."""

import sys
from collections.abc import Iterable
from typing import Final

from services.router.domain.conditions import (
    NO_PLACE,
    Case,
    CodeField,
    Condition,
    Doubt,
    Fact,
    Field,
    NumberField,
    Sets,
    TruthField,
)
from services.router.domain.facts import Facts
from services.router.domain.rule_set import People, RuleSet

PLACE: Final[tuple[CodeField, ...]] = ("district", "outcode", "ward", "lsoa")
NO_FOOD_DAYS = Doubt(("food_days_left",))
NO_MEDS_DAYS = Doubt(("meds_days_left",))
NO_LETTER = Doubt(("shield_list_match",), among=frozenset(("verified", "unverified")))


def read_case(facts: Facts, rules: RuleSet, district: str | None = None) -> Case:
    """The referral as conditions see it, in the district of this short code; None where that is not known."""
    flags, place = frozenset(facts.flags), facts.place
    age = _age(facts, flags, rules.people)
    codes: dict[CodeField, str | None] = {
        "consent": facts.consent_status,
        "consent_by": facts.consent_by,
        "shielding": _shielding(facts, flags, rules.people),
        "request_kind": facts.request_kind,
        "referrer_kind": facts.referrer_kind,
        "requested_priority": facts.requested_priority,
        "district": district,
        "outcode": place.outcode,
        "ward": place.ward,
        "lsoa": place.lsoa,
    }
    numbers: dict[NumberField, int | None] = {
        "age": age,
        "markers": _markers(flags, age, rules.people),
        "food_days_left": facts.food_days_left,
        "meds_days_left": facts.meds_days_left,
    }
    truths: dict[TruthField, bool] = {
        "own_consent": facts.consent_status == "given" and facts.consent_by == "self",
        "red_flag_words": bool(facts.red_flags),
        "most_vulnerable": False,
    }
    doubts = _doubts(facts, flags, rules.people)
    doubts |= {each: NO_PLACE for each in PLACE if codes[each] is None}
    sets: Sets = {"flags": flags, "concerns": _concerns(facts, flags, rules)}
    case = Case(sets, codes, numbers, truths, age, doubts)
    truths["most_vulnerable"], doubt = _most_vulnerable(case, rules.people.most_vulnerable)
    doubts |= {"most_vulnerable": doubt} if doubt else {}
    return case.read_by(rules.conditions)


def _age(facts: Facts, flags: frozenset[str], people: People) -> int:
    """The age for eligibility and age limits: a known age stands against a flag that contradicts it (R10)."""
    if facts.age is not None:
        return facts.age
    return people.unknown_age_if_older if people.older_flag in flags else people.unknown_age


def _concerns(facts: Facts, flags: frozenset[str], rules: RuleSet) -> frozenset[str]:
    pairs = rules.risk.concerns
    ticked = {need for flag, need in pairs.items() if flag in flags}
    return frozenset(ticked.union(need for need in facts.needs if need in pairs.values()))


def _shielding(facts: Facts, flags: frozenset[str], people: People) -> str:
    """Not knowing whether the person is on the list counts as verified (R29)."""
    if people.shielded_flag not in flags:
        return "none"
    return "unverified" if facts.shield_list_match is False else "verified"


def _markers(flags: frozenset[str], age: int, people: People) -> int:
    """How many markers of R49; for markers the flag counts, also against a known age (R10)."""
    aged = age >= people.aged_from or people.aged_flag in flags
    return len(flags & people.marker_flags) + aged


def _doubts(facts: Facts, flags: frozenset[str], people: People) -> dict[Field, Doubt]:
    """The fields that are not known. A ticked flag is known, also where it says less than the fact it stands for."""
    doubts: dict[Field, Doubt] = {}
    if facts.age is None:
        ages = (people.unknown_age_if_older if people.older_flag in flags else 0, sys.maxsize)
        least, most = (_markers(flags, age, people) for age in ages)
        doubts["age"] = Doubt(("age",), between=ages)
        if least != most:
            doubts["markers"] = Doubt(("age",), between=(least, most))
    if facts.food_days_left is None:
        doubts["food_days_left"] = NO_FOOD_DAYS
    if facts.meds_days_left is None:
        doubts["meds_days_left"] = NO_MEDS_DAYS
    if facts.shield_list_match is None and people.shielded_flag in flags:
        doubts["shielding"] = NO_LETTER
    return doubts


def _most_vulnerable(case: Case, conditions: tuple[Condition, ...]) -> tuple[bool, Doubt | None]:
    """Whether one of the conditions holds, and if that could be otherwise, why: not while one surely does."""
    judged = [condition.judge(case) for condition in conditions]
    if True in judged or None not in judged:
        return True in judged, None
    unsettled = (condition for condition, verdict in zip(conditions, judged, strict=True) if verdict is None)
    facts = tuple(dict.fromkeys(fact for condition in unsettled for fact in settled_by(condition, case)))
    return any(condition.holds(case) for condition in conditions), Doubt(facts)


def settled_by(condition: Condition, case: Case) -> Iterable[Fact]:
    """The facts that would tell whether a condition holds which cannot be judged without them."""
    for test in condition.tests:
        if test.judge(case) is None:
            yield from case.doubts[test.field].facts
