"""Conditions as generated Python, one function for each: what the index of bits is measured beside."""

from collections.abc import Callable, Iterable

from bench.synthetic import Demanding
from services.router.domain.conditions import AllOf, AnyOf, Case, Condition, NoneOf, OneOf, Test, Within
from services.router.domain.directory import Service
from services.router.domain.vocabulary import Verdict


def predicate(condition: Condition) -> Callable[[Case], bool]:
    """Whether a condition holds."""
    source = " and ".join(expression(test) for test in condition.tests)
    holds: Callable[[Case], bool] = eval(f"lambda case: {source or True}")  # noqa: S307 - of tests made here
    return holds


def read_off(service: Service, case: Case) -> Verdict | None:
    """The same as a function of ours for all services, which reads what each says of itself."""
    who, age, flags = service.eligibility, case.numbers["age"] or 0, case.sets["flags"]
    if not service.active:
        return Verdict.NOT_ACTIVE
    if (who.minimum_age is not None and age < who.minimum_age) or (
        who.maximum_age is not None and age > who.maximum_age
    ):
        return Verdict.AGE
    if who.flags_any and who.flags_any.isdisjoint(flags):
        return Verdict.CIRCUMSTANCES
    if not who.flags_all <= flags or not who.flags_none.isdisjoint(flags):
        return Verdict.CIRCUMSTANCES
    more = who.more.tests if isinstance(who, Demanding) else ()
    return None if all(test.holds(case) for test in more) else Verdict.CIRCUMSTANCES


def refusal(service: Service) -> Callable[[Case], Verdict | None]:
    """The first reason for which a service is not for a person, None where there is none."""
    reasons: Iterable[tuple[Verdict, Condition]] = service.eligibility.conditions().items()
    tests = [(verdict, expression(test)) for verdict, condition in reasons for test in condition.tests]
    source = "".join(f"{verdict.name} if not {test} else " for verdict, test in tests) + "None"
    words = dict(Verdict.__members__)
    refuses: Callable[[Case], Verdict | None] = eval(  # noqa: S307 - of tests made here
        f"lambda case: {source if service.active else 'NOT_ACTIVE'}", words
    )
    return refuses


def expression(test: Test) -> str:
    """A test as Python, with everything known beforehand in it."""
    if isinstance(test, AnyOf | AllOf | NoneOf):
        value = f"case.sets[{test.field!r}]"
        if len(test.codes) == 1:
            return f"({min(test.codes)!r} {'not ' * isinstance(test, NoneOf)}in {value})"
        listed = tuple(sorted(test.codes))
        method = {AnyOf: "not {}.isdisjoint({})", AllOf: "{}.issuperset({})", NoneOf: "{}.isdisjoint({})"}[type(test)]
        return f"({method.format(value, listed)})"
    if isinstance(test, OneOf):
        return f"(case.codes[{test.field!r}] in {tuple(sorted(test.codes))})"
    if isinstance(test, Within):
        value = f"case.numbers[{test.field!r}]"
        known = "" if test.field in ("age", "markers") else f"{value} is not None and "
        least = "" if test.least is None else f"{test.least} <= "
        below = "" if test.below is None else f" < {test.below}"
        return f"({known}{least}{value}{below})"
    return f"(case.truths[{test.field!r}] is {test.value})"
