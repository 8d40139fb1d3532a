"""All conditions of a rule set as one generated function, which says at once which of them hold and which are open."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from services.router.domain.conditions import (
    AllOf,
    AnyOf,
    Bits,
    Codes,
    Condition,
    Doubts,
    NoneOf,
    Numbers,
    OneOf,
    Sets,
    Test,
    Truths,
    Within,
)

Generated = Callable[[Sets, Codes, Numbers, Truths, Doubts], tuple[int, int]]
ARGUMENTS = "sets, codes, numbers, truths, doubts"


@dataclass(slots=True)
class Conditions:
    """The distinct conditions of one rule set, numbered in the order of coming while it is compiled.

    The function is generated when it is first needed; what comes later is judged test by test, as any condition that is
    not of this rule set.
    """

    numbers: dict[Condition, Condition] = field(default_factory=dict)
    _generated: Generated | None = None

    def numbered(self, condition: Condition) -> Condition:
        """The condition with its bit among those of this rule set; equal ones share it."""
        if self._generated is not None or not condition.tests:
            return condition
        return self.numbers.setdefault(condition, replace(condition, bit=1 << len(self.numbers), by=self))

    def bits(self, sets: Sets, codes: Codes, numbers: Numbers, truths: Truths, doubts: Doubts) -> Bits:
        """What can be said of every condition, of a case with these fields."""
        if self._generated is None:
            self._generated = generate(self.numbers)
        holds, is_open = self._generated(sets, codes, numbers, truths, doubts)
        return Bits(holds, is_open, self)


def generate(conditions: Iterable[Condition]) -> Generated:
    """The function for conditions in the order of their bits."""
    conditions = tuple(conditions)
    tests = tuple(dict.fromkeys(test for condition in conditions for test in condition.tests))
    namespace: dict[str, object] = {"__builtins__": {}, "tests": tests}
    exec(source(conditions, tests), namespace)  # noqa: S102 - operators of ours, numbers, and literals by repr
    generated: Generated = namespace["judged"]  # type: ignore[assignment]  # defined by the source just run
    return generated


def source(conditions: tuple[Condition, ...], tests: tuple[Test, ...]) -> str:
    """What is generated: no name in it comes from data, no data is in it but by repr, and it has no loop."""
    return "\n    ".join((f"def judged({ARGUMENTS}):", *_lines(conditions, tests)))


def _lines(conditions: tuple[Condition, ...], tests: tuple[Test, ...]) -> Iterator[str]:
    """`t` are tests as they hold; `c` and `p`, whether they certainly and possibly do, where fields may be in doubt."""
    number = {test: at for at, test in enumerate(tests)}
    fields = {test.field: f"f{at}" for at, test in enumerate(tests)}
    yield from (f"{name} = {_mapping(test)}[{test.field!r}]" for test in tests for name in (fields[test.field],))
    yield from (f"t{at} = {_holds(test, fields[test.field])}" for at, test in enumerate(tests))
    yield "holds = certain = possible = 0"
    for at, condition in enumerate(conditions):
        yield f"if {_all('t', condition, number)}: holds |= {1 << at}"
    doubtful = {test: at for test, at in number.items() if not isinstance(test, AnyOf | AllOf | NoneOf)}
    for test, at in doubtful.items():
        yield f"doubt = doubts.get({test.field!r})"
        yield f"if doubt is None: c{at} = p{at} = t{at}"
        yield f"else: c{at} = tests[{at}].in_doubt(doubt); p{at} = c{at} is not False"
    for at, condition in enumerate(conditions):
        if not doubtful.keys().isdisjoint(condition.tests):
            yield f"if {_all('p', condition, number, doubtful)}:"
            yield f"    possible |= {1 << at}"
            yield f"    if {_all('c', condition, number, doubtful)}: certain |= {1 << at}"
    yield "return holds, possible & ~certain"


def _all(letter: str, condition: Condition, number: dict[Test, int], doubtful: Iterable[Test] = ()) -> str:
    names = (f"{letter if letter == 't' or test in doubtful else 't'}{number[test]}" for test in condition.tests)
    return " and ".join(names)


def _mapping(test: Test) -> str:
    if isinstance(test, AnyOf | AllOf | NoneOf):
        return "sets"
    return "codes" if isinstance(test, OneOf) else "numbers" if isinstance(test, Within) else "truths"


def _holds(test: Test, value: str) -> str:
    """The test as an expression; the same as its `holds`."""
    if isinstance(test, AnyOf | AllOf | NoneOf | OneOf):
        codes = ", ".join(map(repr, sorted(test.codes)))
        listed = f"({codes},)" if codes else "()"
    if isinstance(test, AnyOf):
        return f"not {value}.isdisjoint({listed})"
    if isinstance(test, AllOf):
        return f"{value}.issuperset({listed})"
    if isinstance(test, NoneOf):
        return f"{value}.isdisjoint({listed})"
    if isinstance(test, OneOf):
        return f"{value} in {listed}"
    if isinstance(test, Within):
        least = f" and {value} >= {test.least!r}" if test.least is not None else ""
        below = f" and {value} < {test.below!r}" if test.below is not None else ""
        return f"{value} is not None{least}{below}"
    return f"{value} is {test.value!r}"
