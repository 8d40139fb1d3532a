"""The closed language of conditions: what a row of a rule table may ask of a referral."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

SetField = Literal["flags", "concerns"]
CodeField = Literal[
    "consent", "consent_by", "shielding", "request_kind", "referrer_kind", "requested_priority", "district", "outcode"
]
NumberField = Literal["age", "markers", "food_days_left", "meds_days_left"]
TruthField = Literal["own_consent", "red_flag_words", "most_vulnerable"]


@dataclass(frozen=True, slots=True)
class Case:
    """A referral as conditions see it: each field of the language with its value; what is unknown is None."""

    sets: Mapping[SetField, frozenset[str]]
    codes: Mapping[CodeField, str | None]
    numbers: Mapping[NumberField, int | None]
    truths: Mapping[TruthField, bool]
    age: int
    """Years, for eligibility and the age limits of the rules; an unknown age has been counted as R10 says."""

    @property
    def flags(self) -> frozenset[str]:
        """What was ticked."""
        return self.sets["flags"]

    @property
    def concerns(self) -> frozenset[str]:
        """Needs of section B that were chosen, or whose flag was ticked."""
        return self.sets["concerns"]

    def at(self, district: str | None, outcode: str | None) -> "Case":
        """The same referral at one place: the district's short code, and the outcode."""
        return replace(self, codes={**self.codes, "district": district, "outcode": outcode})


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the codes is in the set."""

    field: SetField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether it does."""
        return not self.codes.isdisjoint(case.sets[self.field])


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of the codes are in the set."""

    field: SetField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether they are."""
        return self.codes <= case.sets[self.field]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """None of the codes is in the set."""

    field: SetField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether none is."""
        return self.codes.isdisjoint(case.sets[self.field])


@dataclass(frozen=True, slots=True)
class OneOf:
    """The code is one of these; an unknown code never is."""

    field: CodeField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether it is."""
        return case.codes[self.field] in self.codes


@dataclass(frozen=True, slots=True)
class Within:
    """The number is at least `least` and below `below`, where given; an unknown number never is."""

    field: NumberField
    least: int | None
    below: int | None

    def holds(self, case: Case) -> bool:
        """Whether it is."""
        value = case.numbers[self.field]
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.below is None or value < self.below)


@dataclass(frozen=True, slots=True)
class Truth:
    """The answer is this one."""

    field: TruthField
    value: bool

    def holds(self, case: Case) -> bool:
        """Whether it is."""
        return case.truths[self.field] is self.value


Test = AnyOf | AllOf | NoneOf | OneOf | Within | Truth


@dataclass(frozen=True, slots=True)
class Condition:
    """Tests that must all hold; without any it always holds."""

    tests: tuple[Test, ...] = ()

    def holds(self, case: Case) -> bool:
        """Whether all hold for this referral."""
        for test in self.tests:  # noqa: SIM110 - a plain loop: this runs a hundred times in every decision
            if not test.holds(case):
                return False
        return True


ALWAYS = Condition()
