"""Which past referrals meet a condition, found for all of them at once as a county's rules read them."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import reduce
from itertools import accumulate
from operator import and_, or_

from services.router.domain.conditions import AllOf, AnyOf, Condition, NoneOf, OneOf, Test, Truth, Within
from services.router.domain.county import County
from services.router.domain.simulation.columns import Column, Columns, Value, any_of

OWN_PLACE = "own"
"""Where conditions are asked: at the one resolved district, or where there is none."""
CANDIDATE = "candidate:"
"""What stands before the code of one of several possible districts, when conditions are asked there (R05)."""

PLAIN = ("flags", "outcode", "ward", "lsoa", "consent", "consent_by", "request_kind", "referrer_kind",
         "requested_priority", "food_days_left", "meds_days_left", "own_consent", "red_flag_words")  # fmt: skip

# Answers kept; drafts that are typed bring new ones without end.
MOST_KNOWN = 4_000


class Reading:
    """How one county reads the referrals of `columns`: its own ages, markers, concerns and names of districts.

    What was once found is kept, so that a draft that reads people the same way pays only for conditions that are new.
    """

    def __init__(self, columns: Columns, county: County) -> None:
        self.columns = columns
        self._county = county
        self._values: dict[tuple[str, str], Column] = {}
        self._below: dict[str, tuple[list[int], list[int]]] = {}
        self._known: dict[tuple[Test, str], int] = {}

    def for_county(self, county: County) -> "Reading":
        """How another county reads the same referrals: this very reading, if that makes no difference."""
        same = (
            county.rules.people == self._county.rules.people
            and county.rules.risk.concerns == self._county.rules.risk.concerns
            and county.districts == self._county.districts
            and county.renamed == self._county.renamed
        )
        return self if same else Reading(self.columns, county)

    def holds(self, condition: Condition, at: str = OWN_PLACE) -> int:
        """The referrals that certainly meet a condition at a place."""
        found = self.columns.everyone
        for test in condition.tests:
            found &= self._meet(test, at)
        return found

    def _meet(self, test: Test, at: str) -> int:
        key = (test, at if isinstance(test, OneOf) and test.field == "district" else OWN_PLACE)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = self._find(test, at)
        return found

    def _find(self, test: Test, at: str) -> int:
        if isinstance(test, Within):
            return self._between(test.field, test.least, test.below)
        if isinstance(test, Truth):
            return self.values(test.field).get(test.value, 0)
        if isinstance(test, OneOf):
            column = self.values(test.field, at)
            return any_of(column.get(code, 0) for code in test.codes)
        column = self.values(test.field)
        each = (column.get(code, 0) for code in test.codes)
        if isinstance(test, AllOf):
            return reduce(and_, each, self.columns.everyone)
        found = any_of(each)
        return found if isinstance(test, AnyOf) else self._others(found, test)

    def _others(self, found: int, test: NoneOf) -> int:
        return self.columns.everyone & ~found

    def aged(self, least: int | None, most: int | None) -> int:
        """Those of an age, both ends included, as the county counts it."""
        return self._between("age", least, None if most is None else most + 1)

    def _between(self, name: str, least: int | None, below: int | None) -> int:
        if name not in self._below:
            known = {value: bits for value, bits in self.values(name).items() if isinstance(value, int)}
            numbers = sorted(known)
            self._below[name] = numbers, [0, *accumulate((known[number] for number in numbers), or_)]
        numbers, up_to = self._below[name]
        highest = len(numbers) if below is None else bisect_left(numbers, below)
        lowest = 0 if least is None else bisect_left(numbers, least)
        return up_to[highest] & ~up_to[lowest] if lowest < highest else 0

    def values(self, name: str, at: str = OWN_PLACE) -> Column:
        """A field of the language of conditions by value, at a place."""
        key = (name, at)
        if key not in self._values:
            self._values[key] = self._read(name, at)
        return self._values[key]

    def _read(self, name: str, at: str) -> Column:
        if name in PLAIN:
            return self.columns.of(name)
        readers: Mapping[str, Callable[[], Column]] = {
            "age": self._ages,
            "markers": self._markers,
            "concerns": self._concerns,
            "shielding": self._shielding,
            "most_vulnerable": self._most_vulnerable,
            "district": lambda: self._districts(at),
        }
        return readers[name]()

    def _districts(self, at: str) -> Column:
        county = self._county
        if at != OWN_PLACE:
            return {county.short_code(county.present_code(at.removeprefix(CANDIDATE))): self.columns.everyone}
        by_name: dict[Value, int] = {}
        for code, bits in self.columns.of("district").items():
            known = county.short_code(county.present_code(code)) if isinstance(code, str) and code else None
            by_name[known] = by_name.get(known, 0) | bits
        return by_name

    def _ages(self) -> Column:
        people = self._county.rules.people
        ages = {age: bits for age, bits in self.columns.of("age").items() if age is not None}
        unknown = self.columns.having("age", None)
        older = self.columns.having("flags", people.older_flag)
        for age, bits in ((people.unknown_age_if_older, unknown & older), (people.unknown_age, unknown & ~older)):
            ages[age] = ages.get(age, 0) | bits
        return ages

    def _markers(self) -> Column:
        people = self._county.rules.people
        aged = self.aged(people.aged_from, None) | self.columns.having("flags", people.aged_flag)
        counts = [self.columns.everyone]
        for has in (aged, *(self.columns.having("flags", flag) for flag in people.marker_flags)):
            counts = [(bits & ~has) | (fewer & has) for bits, fewer in zip((*counts, 0), (0, *counts), strict=True)]
        return dict(enumerate(counts))

    def _concerns(self) -> Column:
        found: dict[Value, int] = {}
        for flag, need in self._county.rules.risk.concerns.items():
            either = self.columns.having("flags", flag) | self.columns.having("needs", need)
            found[need] = found.get(need, 0) | either
        return found

    def _shielding(self) -> Column:
        shielded = self.columns.having("flags", self._county.rules.people.shielded_flag)
        not_listed = self.columns.having("shield_list_match", False)
        return {
            "none": self.columns.everyone & ~shielded,
            "unverified": shielded & not_listed,
            "verified": shielded & ~not_listed,
        }

    def _most_vulnerable(self) -> Column:
        found = any_of(self.holds(condition) for condition in self._county.rules.people.most_vulnerable)
        return {True: found, False: self.columns.everyone & ~found}
