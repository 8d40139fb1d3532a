"""A draft of the rules on 50,000 referrals of the past: by columns, beside loops that ask or decide each of them."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measuring import Ratio, at_least, compared, same
from services.router.configuration import load_county
from services.router.domain.case import read_case
from services.router.domain.conditions import AllOf, AnyOf, Case, Condition, NoneOf, OneOf, Test, Truth, Within
from services.router.domain.county import County
from services.router.domain.facts import Facts, Place
from services.router.domain.load import Load
from services.router.domain.rule_set import RaiseRow, RuleSet
from services.router.domain.simulation.affected import affected
from services.router.domain.simulation.answer import answer_of
from services.router.domain.simulation.compare import Side, compare
from services.router.domain.simulation.history import History, HistoryBuilder
from services.router.domain.simulation.reading import OWN_PLACE, Reading
from services.router.domain.simulation.simulator import Simulator
from services.router.domain.simulation.version import Version

COUNTY = Path(__file__).parents[1] / "deploy" / "derbyshire"
PAST, COMPARED, LOOPED = 50_000, 2_000, 250
SEED = 20200323
# So much more often than anything else food is asked for.
FOOD = 10
FIRST = datetime(2020, 3, 23, 8, tzinfo=UTC)
Counting = Callable[[Case, list[int]], None]
"""Adds one to the count of each condition that a case meets."""


def measure(rounds: int) -> list[Ratio]:
    """How many times faster than loops."""
    county = load_county(COUNTY)
    history = past_of(county, PAST)
    return [rows(county, history, rounds), *draft(county, history, rounds)]


def rows(county: County, history: History, rounds: int) -> Ratio:
    """Of how many referrals each condition of the rules holds: what a draft of any table comes down to."""
    conditions = conditions_of(county.rules)
    cases = [case_of(past.facts, county) for past in history.past]
    count = generated(conditions)

    def by_columns() -> list[int]:
        # Anew each time: nothing that an earlier draft has found is known.
        reading = Reading(history.columns, county)
        return [reading.holds(condition, OWN_PLACE).bit_count() for condition in conditions]

    def by_loop() -> list[int]:
        counts = [0] * len(conditions)
        for case in cases:
            count(case, counts)
        return counts

    same("how many meet each condition", by_loop(), by_columns())
    ratio, ours, theirs = compared(by_columns, by_loop, rounds)
    note = f"{len(conditions)} conditions x {PAST} referrals: {ours * 1e3:.1f} ms, generated code {theirs * 1e3:.0f} ms"
    return Ratio("simulation_rows", 1 / ratio, at_least(100), note)


def draft(county: County, history: History, rounds: int) -> Iterator[Ratio]:
    """A draft with one row more, from the two versions to all that changes: for everyone, beside deciding everyone.

    Both start from what the rules in force have decided. The loop is timed on a part, and that time multiplied.
    """
    edited = with_a_row(county)
    few = prepared(past_of(county, COMPARED), county)
    same("what a draft changes", decided_by_loop(few[0], county, edited), sorted(few[1].run(edited).changes, key=str))
    simulator = prepared(history, county)[1]
    some = History(history.past[:LOOPED], history.columns, {})
    befores = [answer_of(past, county) for past in some.past]

    def by_loop() -> int:
        pairs = zip(some.past, befores, strict=True)
        sides = ((past, Side(county, before), Side(edited, answer_of(past, edited))) for past, before in pairs)
        return sum(compare(*each) is not None for each in sides)

    ratio, ours, theirs = compared(lambda: simulator.run(edited), by_loop, rounds)
    found = simulator.run(edited)
    whole = theirs * PAST / LOOPED
    note = f"{found.decided} of {PAST} decided: {ours * 1e3:.0f} ms, deciding all {whole:.1f} s"
    yield Ratio("simulation_draft", PAST / LOOPED / ratio, None, note)

    version = Version(county, Reading(history.columns, county))
    firsts = Version(edited, version.reading.for_county(edited))
    ratio, ours, _ = compared(lambda: affected(version, firsts), by_loop, rounds)
    note = f"who may be decided otherwise: {ours * 1e3:.2f} ms"
    yield Ratio("simulation_one_row", PAST / LOOPED / ratio, at_least(100), note)


def prepared(history: History, county: County) -> tuple[History, Simulator]:
    """The past, decided by the rules in force."""
    simulator = Simulator(history, county)
    simulator.prepare(len(history.past))
    return history, simulator


def decided_by_loop(history: History, before: County, after: County) -> list[object]:
    """The same changes, found by deciding everyone by both."""
    sides = ([Side(county, answer_of(past, county)) for county in (before, after)] for past in history.past)
    changes = (compare(past, *pair) for past, pair in zip(history.past, sides, strict=True))
    return sorted((change for change in changes if change is not None), key=str)


def with_a_row(county: County) -> County:
    """The county in snow: food for three days or less is for the same day (docs/rules.md)."""
    when = Condition((Within("food_days_left", None, 4),))
    row = RaiseRow(("R50",), when, "P2")
    table = {need: ((*raised, row) if need.startswith("food.") else raised)
             for need, raised in county.rules.priorities.items()}  # fmt: skip
    return replace(county, rules=replace(county.rules, priorities=table), version="draft")


def past_of(county: County, count: int) -> History:
    """Seeded referrals of three months."""
    drawn = random.Random(SEED)
    needs = sorted(code for code, need in county.needs.items() if not need.system)
    weights = [FOOD if need.startswith("food.") else 1 for need in needs]
    districts = sorted(code for code, district in county.districts.items() if district.inside)
    flags = sorted(county.rules.flags)
    builder = HistoryBuilder()
    for number in range(count):
        facts = Facts(
            received_at=FIRST + timedelta(minutes=drawn.randrange(60 * 24 * 90)),
            channel="phone",
            request_kind=drawn.choice(("help", "help", "help", "concern_report")),
            referrer_kind=drawn.choice(("self", "family", "professional")),
            consent_status=drawn.choice(("given", "given", "given", "unknown", "refused")),
            consent_by=drawn.choice(("self", "representative")),
            needs=tuple(dict.fromkeys(drawn.choices(needs, weights, k=drawn.choice((1, 1, 2, 3))))),
            flags=tuple(drawn.sample(flags, drawn.choice((0, 0, 1, 2)))),
            age=drawn.choice((None, *range(12, 95))),
            food_days_left=drawn.choice((None, None, *range(10))),
            meds_days_left=drawn.choice((None, None, *range(10))),
            place=Place(drawn.choice(districts), "unit", outcode=drawn.choice((None, "SK13", "S40"))),
        )
        builder.add(f"R{number}", facts, Load())
    return builder.build()


def case_of(facts: Facts, county: County) -> Case:
    """A referral as conditions see it, at its place."""
    return read_case(facts, county.rules).at(county.short_code(facts.place.district), facts.place.outcode)


def conditions_of(rules: RuleSet) -> list[Condition]:
    """Every condition of sections B, E and F, and of flags and additions, once."""
    found = [rules.consent.not_needed, *(action.when for action in (*rules.risk.actions, rules.risk.child_alone))]
    found += (row.when for rows in rules.tracks.values() for row in rows)
    found += (row.when for rows in rules.priorities.values() for row in rows)
    found += (stop.when for stop in rules.risk.kept_from_visiting)
    found += (*(mark.when for mark in rules.marks), *(addition.when for addition in rules.additions))
    return list(dict.fromkeys(found))


def generated(conditions: Sequence[Condition]) -> Counting:
    """One function for all of them, as short as it can be; sets stay objects, so that no text becomes code."""
    tests = list(dict.fromkeys(test for condition in conditions for test in condition.tests))
    values: dict[str, object] = {f"v{number}": getattr(test, "codes", None) for number, test in enumerate(tests)}
    lines = ["def count(case, counts):"]
    for kind in ("sets", "codes", "numbers", "truths"):
        lines.append(f" {kind} = case.{kind}")
    lines += [f" t{number} = {_source(test, f'v{number}')}" for number, test in enumerate(tests)]
    for number, condition in enumerate(conditions):
        lines.append(f" if {' and '.join(f't{tests.index(test)}' for test in condition.tests) or True}:"
                     f" counts[{number}] += 1")  # fmt: skip
    exec("\n".join(lines), values)  # noqa: S102 - the lines above
    count: Counting = values["count"]  # type: ignore[assignment]  # defined by the lines above
    return count


def _source(test: Test, value: str) -> str:
    if isinstance(test, AnyOf):
        return f"not {value}.isdisjoint(sets[{test.field!r}])"
    if isinstance(test, AllOf):
        return f"{value} <= sets[{test.field!r}]"
    if isinstance(test, NoneOf):
        return f"{value}.isdisjoint(sets[{test.field!r}])"
    if isinstance(test, OneOf):
        return f"codes[{test.field!r}] in {value}"
    if isinstance(test, Truth):
        return f"truths[{test.field!r}] is {test.value}"
    parts = [f"numbers[{test.field!r}] is not None"]
    parts += [f"numbers[{test.field!r}] >= {test.least}"] if test.least is not None else []
    parts += [f"numbers[{test.field!r}] < {test.below}"] if test.below is not None else []
    return " and ".join(parts)
