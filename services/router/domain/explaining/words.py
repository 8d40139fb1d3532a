"""Rules, services and facts in words: what each condition asks, and what was given."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from services.router.domain.case import PLACE
from services.router.domain.conditions import (
    AllOf,
    AnyOf,
    Case,
    CodeField,
    Condition,
    NoneOf,
    NumberField,
    OneOf,
    SetField,
    Test,
    Truth,
    TruthField,
    Within,
)
from services.router.domain.county import County
from services.router.domain.explaining.shapes import Check
from services.router.domain.facts import Facts
from services.router.domain.rule_set import TrackRow
from services.router.domain.vocabulary import PRIORITIES, Priority

CODES: dict[CodeField, str] = {
    "consent": "consent is",
    "consent_by": "consent comes from",
    "shielding": "shielding is",
    "request_kind": "the request is",
    "referrer_kind": "the caller is",
    "requested_priority": "staff asked for",
    "district": "the district is",
    "outcode": "the postcode begins with",
    "ward": "the ward is",
    "lsoa": "the LSOA is",
}
NUMBERS: dict[NumberField, tuple[str, str]] = {
    "age": ("age is", ""),
    "markers": ("markers of vulnerability are", ""),
    "food_days_left": ("food left is", " days"),
    "meds_days_left": ("medicine left is", " days"),
}
TRUTHS: dict[TruthField, tuple[str, str]] = {
    "own_consent": ("the person agreed in person", "the person did not agree in person"),
    "red_flag_words": ("the note has worrying words", "the note has no worrying words"),
    "most_vulnerable": ("the person counts as most vulnerable", "the person does not count as most vulnerable"),
}
PEOPLE = {"self": "the person", "representative": "a representative", "none": "nobody"}


def spoken(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")


def listed(words: Iterable[str], last: str = "or") -> str:
    """ "a", "a or b", "a, b or c"; of nothing it is nothing."""
    *first, end = (*words,) or ("",)
    return f"{', '.join(first)} {last} {end}" if first else end


def lower_first(label: str) -> str:
    """A label inside a sentence: its first letter small, unless it begins with an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


@dataclass(frozen=True, slots=True)
class Words:
    """What a county calls things, for one referral."""

    county: County
    facts: Facts

    def checks(self, condition: Condition, case: Case) -> tuple[Check, ...]:
        """Each test of a condition with its answer; what an always-row asks is nothing."""
        return tuple(Check(test.judge(case), self.asks(test), self.given(test, case)) for test in condition.tests)

    def asks(self, test: Test) -> str:
        """What a test asks, said as if it held."""
        match test:
            case AnyOf(field, codes):
                return self._of_set(field, codes, "or")
            case AllOf(field, codes):
                return self._of_set(field, codes, "and")
            case NoneOf(field, codes):
                return f"not: {self._of_set(field, codes, 'or')}"
            case OneOf(field, codes):
                return f"{CODES[field]} {listed(sorted(self.code(field, code) for code in codes))}"
            case Within(field, least, below):
                return _range_words(field, least, below)
            case Truth(field, value):
                return TRUTHS[field][not value]
            case _:
                assert_never(test)

    def given(self, test: Test, case: Case) -> str:
        """What the referral says to a test."""
        match test:
            case AnyOf(field, codes) | AllOf(field, codes) | NoneOf(field, codes):
                there = sorted(self._in_set(field, code) for code in codes & case.sets[field])
                return listed(there, "and") if there else "none of these" if len(codes) > 1 else "no"
            case OneOf(field):
                return self._given_code(field, case)
            case Within("age"):
                return self.age(case)
            case Within(field):
                value = case.numbers[field]
                return "unknown" if value is None else str(value)
            case Truth(field) if field in case.doubts:
                return "unknown"
            case Truth(field):
                return "yes" if case.truths[field] else "no"
            case _:
                assert_never(test)

    def age(self, case: Case) -> str:
        """The age that was given, and as what an unknown one counts (R10)."""
        return str(case.age) if self.facts.age is not None else f"unknown, counts as {case.age}"

    def _given_code(self, field: CodeField, case: Case) -> str:
        value = case.codes[field]
        if value is None:
            return "unknown" if field in PLACE else "nothing"
        if field == "shielding" and value == "verified" and self.facts.shield_list_match is None:
            return "ticked, and not checked: counts as verified"
        return self.code(field, value)

    def code(self, field: CodeField, code: str) -> str:
        """A code of one of the fields in words."""
        if field == "district":
            return next((each.name for each in self.county.districts.values() if each.short_code == code), code)
        if field == "requested_priority":
            return next((self.priority(each) for each in PRIORITIES if each == code), code)
        if field in ("consent_by", "referrer_kind"):
            return PEOPLE.get(code, spoken(code))
        return code if field in PLACE else spoken(code)

    def priority(self, priority: Priority) -> str:
        """What a priority is called."""
        return lower_first(self.county.priorities[priority].name)

    def need(self, code: str) -> str:
        """What a need is called; its code where it has left the list."""
        known = self.county.needs.get(code)
        return known.label if known else code

    def service(self, service_id: str) -> str:
        """What a service is called, with its organisation; its id where it has left the directory."""
        known = self.county.services.get(service_id)
        if known is None:
            return service_id
        return f"{known.name} ({self.county.organisations[known.organization_id].name})"

    def name(self, service_id: str) -> str:
        """What a service is called."""
        known = self.county.services.get(service_id)
        return known.name if known else service_id

    def track(self, code: str) -> str:
        """What a track is called, without what its label adds in brackets."""
        return self.county.tracks.get(code, spoken(code)).partition(" (")[0]

    def tries(self, row: TrackRow) -> str:
        """The tracks that a row has tried, and who comes first in them."""
        tracks = f"tries {listed(map(self.track, row.tracks), 'then')}"
        return f"{tracks}, first {listed(map(self.name, row.first), 'and')}" if row.first else tracks

    def district(self, code: str | None) -> str:
        """What a district is called."""
        known = self.county.districts.get(code) if code else None
        return known.name if known else code or "a place not known"

    def title(self, rules: tuple[str, ...]) -> str:
        """What the first of some rules is called."""
        texts = self.county.rules.texts
        return next((texts[rule].title for rule in rules if rule in texts), "")

    def named(self, rules: tuple[str, ...]) -> str:
        """Some rules with the title of the first: "R28 Shielded people"."""
        return f"{', '.join(rules)} {self.title(rules)}".strip()

    def _in_set(self, field: SetField, code: str) -> str:
        return lower_first(self.need(code)) if field == "concerns" else spoken(code)

    def _of_set(self, field: SetField, codes: frozenset[str], joint: str) -> str:
        names = listed(sorted(self._in_set(field, code) for code in codes), joint)
        many = len(codes) > 1 and joint == "and"
        if field == "concerns":
            return f"{names} {'are concerns' if many else 'is a concern'}"
        return f"{names} {'are' if many else 'is'} ticked"


def _range_words(field: NumberField, least: int | None, below: int | None) -> str:
    what, unit = NUMBERS[field]
    if least is None:
        return f"{what} below {below}{unit}"
    if below is None:
        return f"{what} at least {least}{unit}"
    return f"{what} {least} to {below - 1}{unit}" if below - least > 1 else f"{what} {least}{unit}"
