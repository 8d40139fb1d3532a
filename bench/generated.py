"""The yardstick: rules as the Python that one would generate for them, in two values and without questions."""

from collections.abc import Callable, Sequence

from bench.workload import Record
from services.router.domain.conditions import AllOf, AnyOf, Condition, NoneOf, OneOf, Test, Truth

Fired = Callable[[Record], list[int]]
"""The rules that hold for a record, by number, in order."""


def plain_python(rules: Sequence[Condition]) -> Fired:
    """One function for all rules; each asks its tests in turn and stops at the first that fails."""
    fields = dict.fromkeys(test.field for rule in rules for test in rule.tests)
    lines = ["def fired(record):", *(f"    {name} = record[{name!r}]" for name in fields), "    rules = []"]
    for number, rule in enumerate(rules):
        lines.append(f"    if {' and '.join(map(expression, rule.tests))}: rules.append({number})")
    namespace: dict[str, Fired] = {}
    source = "\n".join([*lines, "    return rules"])
    exec(source, namespace)  # noqa: S102 - what it is generated from is written beside it
    return namespace["fired"]


def expression(test: Test) -> str:
    """A test as Python."""
    match test:
        case AnyOf():
            return "(" + " or ".join(f"{code!r} in {test.field}" for code in sorted(test.codes)) + ")"
        case AllOf():
            return " and ".join(f"{code!r} in {test.field}" for code in sorted(test.codes))
        case NoneOf():
            return " and ".join(f"{code!r} not in {test.field}" for code in sorted(test.codes))
        case OneOf():
            return f"{test.field} in {{{', '.join(map(repr, sorted(test.codes)))}}}"
        case Truth():
            return test.field if test.value else f"not {test.field}"
    bounds = [] if test.least is None else [f"{test.field} >= {test.least}"]
    return " and ".join(bounds if test.below is None else [*bounds, f"{test.field} < {test.below}"])
