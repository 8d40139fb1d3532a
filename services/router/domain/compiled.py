"""All conditions of a rule set as one generated function, which says at once which of them hold and which are open."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from math import inf, nan

from services.router.domain.conditions import (
    DOUBTFUL,
    AllOf,
    AnyOf,
    Bits,
    Case,
    Condition,
    Field,
    Judge,
    NoneOf,
    OneOf,
    Test,
    Within,
)

Generated = Callable[[Case], Bits]
MAPPINGS = ("sets", "codes", "numbers", "truths", "doubts")


@dataclass(slots=True)
class Conditions:
    """The distinct conditions of one rule set, numbered in the order of coming while it is compiled.

    The function is generated when it is first needed; what comes later is judged test by test, as any condition that is
    not of this rule set.
    """

    numbers: dict[Condition, Condition] = field(default_factory=dict)
    _generated: Generated | None = field(default=None, compare=False, repr=False)

    def numbered(self, condition: Condition) -> Condition:
        """The condition with its bit among those of this rule set; equal ones share it."""
        if self._generated is not None or not condition.tests:
            return condition
        return self.numbers.setdefault(condition, replace(condition, bit=1 << len(self.numbers), by=self))

    @property
    def bits(self) -> Generated:
        """What says of a case which conditions hold and which are open."""
        if self._generated is None:
            self._generated = generate(self.numbers, self)
        return self._generated


def generate(conditions: Iterable[Condition], by: Judge) -> Generated:
    """The function for conditions in the order of their bits."""
    namespace: dict[str, object] = {
        "__builtins__": {},
        "by": by,
        "unknown": nan,
        "lowest": -inf,
        "highest": inf,
        "anything": (-inf, inf),
    }
    exec(source(tuple(conditions)), namespace)  # noqa: S102 - operators of ours, numbers, and literals by repr
    generated: Generated = namespace["judged"]  # type: ignore[assignment]  # defined by the source just run
    return generated


def source(conditions: tuple[Condition, ...]) -> str:
    """What is generated: no name in it comes from data, no data is in it but by repr, and it has no loop.

    `f` are fields by number and `d` their doubts; a number that is in doubt lies from `l` to `h`. Tests are written out
    wherever they are asked, so that each condition stops at the first that fails.
    """
    lines = _Lines(conditions)
    answer = "return holds, left_open, by"
    told = ("holds = left_open = 0", *lines.holding(), f"if not doubts: {answer}")
    mappings = (f"{name} = case.{name}" for name in MAPPINGS)
    return "\n    ".join(("def judged(case):", *mappings, *lines.values(), *told, *lines.left_open(), answer))


class _Lines:
    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        self.conditions = conditions
        asked = {test.field: test for condition in conditions for test in condition.tests}
        self.fields = {name: (at, test) for at, (name, test) in enumerate(asked.items())}

    def values(self) -> Iterator[str]:
        """An unknown number is in no range, like the one that is no number."""
        for name, (at, test) in self.fields.items():
            yield f"f{at} = {_mapping(test)}[{name!r}]"
            if isinstance(test, Within):
                yield f"if f{at} is None: f{at} = unknown"

    def holding(self) -> Iterator[str]:
        for at, condition in enumerate(self.conditions):
            yield f"if {self._all(condition.tests, _holds)}: holds |= {1 << at}"

    def left_open(self) -> Iterator[str]:
        """What is possible and not certain; conditions are passed over together where all their fields are known."""
        groups: dict[tuple[Field, ...], list[int]] = defaultdict(list)
        for number, condition in enumerate(self.conditions):
            groups[tuple(dict.fromkeys(test.field for test in condition.tests if _doubtful(test)))].append(number)
        groups.pop((), None)
        for name in dict.fromkeys(chain.from_iterable(groups)):
            at, test = self.fields[name]
            yield f"d{at} = doubts.get({name!r})"
            if isinstance(test, Within):
                yield f"l{at}, h{at} = (d{at}.between or anything) if d{at} else (f{at}, f{at})"
        for names, numbers in groups.items():
            yield f"if {' or '.join(f'd{self.fields[name][0]}' for name in names)}:"
            for number in numbers:
                tests = sorted(self.conditions[number].tests, key=_doubtful)
                certain = self._all(filter(_doubtful, tests), _certain)
                yield f"    if {self._all(tests, _possible)} and not ({certain}): left_open |= {1 << number}"

    def _all(self, tests: Iterable[Test], said: Callable[[Test, int], str]) -> str:
        return " and ".join(f"({said(test, self.fields[test.field][0])})" for test in tests)


def _doubtful(test: Test) -> bool:
    return test.field in DOUBTFUL


def _mapping(test: Test) -> str:
    if isinstance(test, AnyOf | AllOf | NoneOf):
        return "sets"
    return "codes" if isinstance(test, OneOf) else "numbers" if isinstance(test, Within) else "truths"


def _holds(test: Test, at: int) -> str:
    """The test as an expression; the same as its `holds`."""
    match test:
        case AnyOf():
            return " or ".join(f"{code!r} in f{at}" for code in sorted(test.codes)) or "False"
        case AllOf():
            return " and ".join(f"{code!r} in f{at}" for code in sorted(test.codes)) or "True"
        case NoneOf():
            return " and ".join(f"{code!r} not in f{at}" for code in sorted(test.codes)) or "True"
        case OneOf():
            codes = ", ".join(map(repr, sorted(test.codes)))
            return f"f{at} in {{{codes}}}" if len(test.codes) > 1 else f"f{at} == {codes}" if codes else "False"
        case Within():
            return _between(test, f"f{at}", f"f{at}")
    return f"f{at}" if test.value else f"not f{at}"


def _certain(test: Test, at: int) -> str:
    if isinstance(test, Within):
        return _between(test, f"l{at}", f"h{at}")
    if isinstance(test, OneOf):
        return f"d{at}.among is not None and d{at}.among.issubset({_codes(test)}) if d{at} else {_holds(test, at)}"
    return f"not d{at} and {_holds(test, at)}"


def _possible(test: Test, at: int) -> str:
    if not _doubtful(test):
        return _holds(test, at)
    if isinstance(test, Within):
        return _between(test, f"h{at}", f"l{at}")
    if isinstance(test, OneOf):
        return f"d{at}.among is None or not d{at}.among.isdisjoint({_codes(test)}) if d{at} else {_holds(test, at)}"
    return f"d{at} or {_holds(test, at)}"


def _between(test: Within, first: str, last: str) -> str:
    """Whether one number is not too low and another not too high; nothing is known of an unknown one."""
    bounds = [f"{first} >= {test.least!r}"] if test.least is not None else []
    bounds += [f"{last} < {test.below!r}"] if test.below is not None else []
    return " and ".join(bounds) or f"lowest < {first} and {last} < highest"


def _codes(test: OneOf) -> str:
    return f"({''.join(f'{code!r}, ' for code in sorted(test.codes))})"
