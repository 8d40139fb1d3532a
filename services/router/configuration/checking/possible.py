"""Whether any referral can meet some conditions and none of others; if so, an example of one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.router.domain.conditions import (
    AllOf,
    AnyOf,
    Condition,
    NoneOf,
    OneOf,
    SetField,
    Test,
    TruthField,
    Within,
)
from services.router.domain.rule_set import People

NO_LIMIT: Final = 10**9


class Tangled(Exception):
    """There are too many ways to look through; neither possible nor impossible has been shown."""


@dataclass(frozen=True, slots=True)
class Among:
    """What is named by the key is one of these values."""

    key: str
    values: frozenset[str | bool | None]


@dataclass(frozen=True, slots=True)
class Between:
    """The number named by the key is at least `least` and below `below`."""

    key: str
    least: int
    below: int


@dataclass(frozen=True, slots=True)
class Goal:
    """A test that must hold, or must not."""

    test: Test | Condition
    wanted: bool


Step = Among | Between | Goal
Ways = Iterable[Sequence[Step]]
"""Ways to reach a goal; one of them is enough, and all steps of that one are needed."""

MARKED = "markers ticked"


@dataclass(frozen=True, slots=True)
class Box:
    """All referrals that agree with what has been asked of them so far; what is not named may be anything."""

    among: Mapping[str, frozenset[str | bool | None]]
    between: Mapping[str, tuple[int, int]]

    def narrowed(self, step: Among | Between) -> "Box | None":
        """Those that agree with one thing more, the box itself if all do, None if there are none."""
        if isinstance(step, Among):
            values = self.among[step.key] & step.values if step.key in self.among else step.values
            if not values:
                return None
            return self if values == self.among.get(step.key) else replace(self, among={**self.among, step.key: values})
        least, below = self.between.get(step.key, (0, NO_LIMIT))
        span = max(least, step.least), min(below, step.below)
        if span[0] >= span[1]:
            return None
        return self if span == self.between.get(step.key) else replace(self, between={**self.between, step.key: span})

    def is_only(self, key: str, value: str | bool | None) -> bool:
        """Whether nothing else is left for this key."""
        return self.among.get(key) == frozenset((value,))


def ticked(flag: str, yes: bool = True) -> Among:
    """The flag is ticked, or is not."""
    return Among(f"flag {flag}", frozenset((yes,)))


def chosen(need: str, yes: bool = True) -> Among:
    """The need was chosen, or was not."""
    return Among(f"need {need}", frozenset((yes,)))


def _known(number: str, yes: bool) -> Among:
    return Among(f"{number} known", frozenset((yes,)))


@dataclass(frozen=True, slots=True)
class World:
    """How referrals are read: by `people`, with `concerns` by flag, and the codes that each field may have.

    It mirrors `domain.case.read_case`: what that derives (shielding, markers, concerns, own consent) is asked here of
    what it is derived from. A search is exact, by trying the ways in which each test can be met or failed.
    """

    people: People
    concerns: Mapping[str, str]
    codes: Mapping[str, frozenset[str | None]]
    steps: int = 50_000

    def find(
        self, all_of: Iterable[Condition], none_of: Iterable[Condition] = (), also: Sequence[Among] = ()
    ) -> Box | None:
        """Referrals that meet all of the first conditions and none of the second; None when there cannot be any.

        Raises Tangled after `steps` steps.
        """
        goals: tuple[Step, ...] = (
            *also,
            *(Goal(each, True) for each in all_of),
            *(Goal(each, False) for each in none_of),
        )
        return self._search(Box({}, {}), goals, iter(range(self.steps)))

    def _search(self, box: Box, steps: Sequence[Step], budget: Iterator[int]) -> Box | None:
        while steps and not isinstance(steps[0], Goal):
            narrowed = box.narrowed(steps[0])
            if narrowed is None or not self._countable(narrowed):
                return None
            box, steps = narrowed, steps[1:]
        if not steps:
            return box
        if next(budget, None) is None:
            raise Tangled
        goal, rest = steps[0], steps[1:]
        assert isinstance(goal, Goal)
        for way in self._settled_first(box, list(self._ways(goal))):
            found = self._search(box, (*way, *rest), budget)
            if found is not None:
                return found
        return None

    def _settled_first(self, box: Box, ways: list[Sequence[Step]]) -> list[Sequence[Step]]:
        """A way that asks nothing new of the box makes all others needless."""
        for way in ways:
            if all(not isinstance(step, Goal) and box.narrowed(step) is box for step in way):
                return [way]
        return ways

    def _countable(self, box: Box) -> bool:
        """Whether as many markers can be ticked as must be, and no more are than may be."""
        least, below = box.between.get(MARKED, (0, NO_LIMIT))
        on = sum(box.is_only(f"flag {flag}", True) for flag in self.people.marker_flags)
        off = sum(box.is_only(f"flag {flag}", False) for flag in self.people.marker_flags)
        return on < below and len(self.people.marker_flags) - off >= least

    def _ways(self, goal: Goal) -> Ways:
        test, wanted = goal.test, goal.wanted
        if isinstance(test, Condition):
            return (
                [[Goal(each, True) for each in test.tests]] if wanted else [[Goal(each, False)] for each in test.tests]
            )
        if isinstance(test, AnyOf | AllOf | NoneOf):
            return self._set_ways(test, wanted)
        if isinstance(test, OneOf):
            return self._code_ways(test, wanted)
        if isinstance(test, Within):
            return self._number_ways(test, wanted)
        return self._truth_ways(test.field, test.value is wanted)

    def _set_ways(self, test: AnyOf | AllOf | NoneOf, wanted: bool) -> Ways:
        codes = sorted(test.codes)
        if isinstance(test, AllOf):
            present = [AnyOf(test.field, frozenset((code,))) for code in codes]
            if len(codes) > 1:
                return [[Goal(one, True) for one in present]] if wanted else [[Goal(one, False)] for one in present]
        elif isinstance(test, NoneOf):
            wanted = not wanted
        sources = [source for code in codes for source in self._sources(test.field, code)]
        if wanted:
            return [[replace(source, values=frozenset((True,)))] for source in sources]
        return [[replace(source, values=frozenset((False,))) for source in sources]]

    def _sources(self, field: SetField, code: str) -> list[Among]:
        """What puts a code into a set; any one is enough."""
        if field == "flags":
            return [ticked(code)]
        return [chosen(code), *(ticked(flag) for flag, need in self.concerns.items() if need == code)]

    def _code_ways(self, test: OneOf, wanted: bool) -> Ways:
        every = self.codes[test.field]
        codes = frozenset(test.codes) & every if wanted else every - test.codes
        if test.field != "shielding":
            return [[Among(test.field, codes)]] if codes else []
        flag = self.people.shielded_flag
        by_code: dict[str | None, Sequence[Step]] = {
            "none": [ticked(flag, False)],
            "verified": [ticked(flag), Among("on the list", frozenset((True, None)))],
            "unverified": [ticked(flag), Among("on the list", frozenset((False,)))],
        }
        return [by_code[code] for code in sorted(codes, key=str)]

    def _number_ways(self, test: Within, wanted: bool) -> Ways:
        spans = _spans(test, wanted)
        if test.field == "age":
            return self._age_ways(spans)
        if test.field == "markers":
            return self._marker_ways(spans)
        ways: list[Sequence[Step]] = [[_known(test.field, True), Between(test.field, *span)] for span in spans]
        return ways if wanted else [*ways, [_known(test.field, False)]]

    def _age_ways(self, spans: Sequence[tuple[int, int]]) -> Ways:
        """R10: an unknown age counts as one of two."""
        people = self.people
        for least, below in spans:
            yield [_known("age", True), Between("age", least, below)]
            for age, older in ((people.unknown_age, False), (people.unknown_age_if_older, True)):
                if least <= age < below:
                    yield [_known("age", False), ticked(people.older_flag, older)]

    def _marker_ways(self, spans: Sequence[tuple[int, int]]) -> Ways:
        """R49: being old counts once, by age or by flag."""
        old, flag = Within("age", self.people.aged_from, None), self.people.aged_flag
        for least, below in spans:
            yield [ticked(flag), Between(MARKED, least - 1, below - 1)]
            yield [ticked(flag, False), Goal(old, True), Between(MARKED, least - 1, below - 1)]
            yield [ticked(flag, False), Goal(old, False), Between(MARKED, least, below)]

    def _truth_ways(self, field: TruthField, value: bool) -> Ways:
        if field == "red_flag_words":
            return [[Among(field, frozenset((value,)))]]
        if field == "most_vulnerable":
            goals = [Goal(condition, value) for condition in self.people.most_vulnerable]
            return [[goal] for goal in goals] if value else [goals]
        parts = [
            Goal(OneOf("consent", frozenset(("given",))), value),
            Goal(OneOf("consent_by", frozenset(("self",))), value),
        ]
        return [parts] if value else [[part] for part in parts]


def _spans(test: Within, wanted: bool) -> list[tuple[int, int]]:
    least = 0 if test.least is None else test.least
    below = NO_LIMIT if test.below is None else test.below
    spans = [(least, below)] if wanted else [(0, least), (below, NO_LIMIT)]
    return [span for span in spans if span[0] < span[1]]
