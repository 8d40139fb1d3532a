"""The closed language of conditions: what a row of a rule table may ask of a referral."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

SetField = Literal["flags", "concerns"]
CodeField = Literal[
    "consent",
    "consent_by",
    "shielding",
    "request_kind",
    "referrer_kind",
    "requested_priority",
    "district",
    "outcode",
    "ward",
    "lsoa",
]
NumberField = Literal["age", "markers", "food_days_left", "meds_days_left"]
TruthField = Literal["own_consent", "red_flag_words", "most_vulnerable"]
Field = SetField | CodeField | NumberField | TruthField
DOUBTFUL: Final[tuple[Field, ...]] = (
    *("age", "markers", "food_days_left", "meds_days_left", "most_vulnerable", "shielding"),
    *("district", "outcode", "ward", "lsoa"),
)
"""The fields that may be in doubt. All others are what was ticked, chosen or said, and so are known."""
Fact = Literal["age", "food_days_left", "meds_days_left", "shield_list_match", "place"]
"""What a caller may not have been asked, as facts of a referral call it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a field is not known: the facts that would settle it, in order, and all that it may be where that is known.

    `among` are codes, `between` two numbers that are both included.
    """

    facts: tuple[Fact, ...]
    among: frozenset[str] | None = None
    between: tuple[int, int] | None = None


Sets = Mapping[SetField, frozenset[str]]
Codes = Mapping[CodeField, str | None]
Numbers = Mapping[NumberField, int | None]
Truths = Mapping[TruthField, bool]
Doubts = Mapping[Field, Doubt]


class Judge(Protocol):
    """What judges all conditions of a rule set at once (`compiled.Conditions`)."""

    @property
    def bits(self) -> Callable[["Case"], "Bits"]:
        """What can be said of every condition, of a case."""


Bits = tuple[int, int, Judge]
"""By their bits the conditions of a rule set that hold for a case, those that cannot be told, and who says so."""


@dataclass(frozen=True, slots=True)
class Case:
    """A referral as conditions see it: each field of the language with the value that it counts with.

    `doubts` has every field whose value is not known. Such a number or code may be None, which no condition accepts, or
    count as something (R10, R29); either way it is decided by, and the doubt says that it could be otherwise.
    """

    sets: Sets
    codes: Codes
    numbers: Numbers
    truths: Truths
    age: int
    """Years, for eligibility and the age limits of the rules; an unknown age has been counted as R10 says."""
    doubts: Doubts = field(default_factory=dict)
    bits: Bits | None = None
    """What has been said of the conditions of the rule set by which the referral is read."""

    @property
    def flags(self) -> frozenset[str]:
        """What was ticked."""
        return self.sets["flags"]

    @property
    def concerns(self) -> frozenset[str]:
        """Needs of section B that were chosen, or whose flag was ticked."""
        return self.sets["concerns"]

    def at(self, district: str | None, outcode: str | None) -> "Case":
        """The same referral at one place: the district's short code, and the outcode; None where it is not known."""
        place: dict[CodeField, str | None] = {"district": district, "outcode": outcode}
        doubts = {each: doubt for each, doubt in self.doubts.items() if each not in place}
        doubts |= {each: NO_PLACE for each, code in place.items() if code is None}
        placed = replace(self, codes={**self.codes, **place}, doubts=doubts)
        return placed.read_by(self.bits[2] if self.bits else None)

    def read_by(self, judge: Judge | None) -> "Case":
        """The same with all conditions of a rule set judged at once, each of which is then only looked up."""
        bits = judge.bits(self) if judge else None
        return Case(self.sets, self.codes, self.numbers, self.truths, self.age, self.doubts, bits)


NO_PLACE = Doubt(("place",))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the codes is in the set."""

    field: SetField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether it does."""
        return not self.codes.isdisjoint(case.sets[self.field])

    def judge(self, case: Case) -> bool | None:
        """The same: what is not ticked or chosen is known not to be."""
        return self.holds(case)


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of the codes are in the set."""

    field: SetField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether they are."""
        return self.codes <= case.sets[self.field]

    def judge(self, case: Case) -> bool | None:
        """The same: what is not ticked or chosen is known not to be."""
        return self.holds(case)


@dataclass(frozen=True, slots=True)
class NoneOf:
    """None of the codes is in the set."""

    field: SetField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether none is."""
        return self.codes.isdisjoint(case.sets[self.field])

    def judge(self, case: Case) -> bool | None:
        """The same: what is not ticked or chosen is known not to be."""
        return self.holds(case)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The code is one of these; an unknown code never is."""

    field: CodeField
    codes: frozenset[str]

    def holds(self, case: Case) -> bool:
        """Whether it is."""
        return case.codes[self.field] in self.codes

    def judge(self, case: Case) -> bool | None:
        """The same, or None where the code is not known and may be one of these as well as another."""
        doubt = case.doubts.get(self.field)
        return self.holds(case) if doubt is None else self.in_doubt(doubt)

    def in_doubt(self, doubt: Doubt) -> bool | None:
        """What can be said all the same."""
        if doubt.among is None:
            return None
        if doubt.among <= self.codes:
            return True
        return False if doubt.among.isdisjoint(self.codes) else None


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
        return self.has(value)

    def judge(self, case: Case) -> bool | None:
        """The same, or None where the number is not known and may lie inside as well as outside."""
        doubt = case.doubts.get(self.field)
        return self.holds(case) if doubt is None else self.in_doubt(doubt)

    def in_doubt(self, doubt: Doubt) -> bool | None:
        """What can be said all the same."""
        if doubt.between is None:
            return None
        lowest, highest = doubt.between
        if self.has(lowest) and self.has(highest):
            return True
        is_apart = (self.below is not None and lowest >= self.below) or (
            self.least is not None and highest < self.least
        )
        return False if is_apart else None

    def has(self, value: int) -> bool:
        """Whether this number lies inside."""
        return (self.least is None or value >= self.least) and (self.below is None or value < self.below)


@dataclass(frozen=True, slots=True)
class Truth:
    """The answer is this one."""

    field: TruthField
    value: bool

    def holds(self, case: Case) -> bool:
        """Whether it is."""
        return case.truths[self.field] is self.value

    def judge(self, case: Case) -> bool | None:
        """The same, or None where the answer is not known."""
        doubt = case.doubts.get(self.field)
        return self.holds(case) if doubt is None else self.in_doubt(doubt)

    def in_doubt(self, doubt: Doubt) -> bool | None:
        """Nothing can be said."""
        return None


Test = AnyOf | AllOf | NoneOf | OneOf | Within | Truth


@dataclass(frozen=True, slots=True)
class Condition:
    """Tests that must all hold; without any it always holds. `bit` is its own among those that `by` judges at once."""

    tests: tuple[Test, ...] = ()
    bit: int = field(default=0, compare=False, repr=False)
    by: Judge | None = field(default=None, compare=False, repr=False)

    def holds(self, case: Case) -> bool:
        """Whether all hold for this referral."""
        bits = case.bits
        if bits is not None and bits[2] is self.by:
            return bits[0] & self.bit != 0
        for test in self.tests:  # noqa: SIM110 - a plain loop: this runs a hundred times in every decision
            if not test.holds(case):
                return False
        return True

    def judge(self, case: Case) -> bool | None:
        """Whether all hold, whatever is not known; False where that cannot be, None where it depends on unknown facts.

        Kleene's logic: one that surely fails decides, however many others cannot be told.
        """
        bits = case.bits
        if bits is not None and bits[2] is self.by:
            return None if bits[1] & self.bit else bits[0] & self.bit != 0
        judged = {test.judge(case) for test in self.tests}
        if False in judged:
            return False
        return None if None in judged else True


ALWAYS = Condition()
