"""Whom 500 services accept: tables of bits for each field beside a generated function for each service."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from bench.measuring import Ratio, at_most, compared, same
from bench.predicates import predicate
from bench.synthetic import DEMANDS, GROUPS, RISKS, county_of, referrals_of
from services.router.configuration import load_county
from services.router.domain.bitsets import bitsets_of
from services.router.domain.case import read_case
from services.router.domain.conditions import AnyOf, Case, Condition, NoneOf, Test, Within

COUNTY = Path(__file__).parents[1] / "deploy" / "derbyshire"
CONDITIONS = 500
CASES = 200


def condition_of(random: Random) -> Condition:
    """What a service may ask: four tests on average, of a dozen fields."""
    tests: list[Test] = [test for share, test in DEMANDS if random.random() < share]
    if random.random() < 0.8:
        tests.append(Within("age", random.choice((16, 18, 18, 50, 60)), random.choice((None, None, 26, 65))))
    if random.random() < 0.2:
        tests.append(AnyOf("flags", frozenset(random.sample(GROUPS, 3))))
    if random.random() < 0.6:
        tests.append(NoneOf("flags", frozenset(random.sample(RISKS, random.choice((1, 2, 3))))))
    if random.random() < 0.2:
        tests.append(Within("markers", None, random.choice((2, 3, 4))))
    random.shuffle(tests)
    return Condition(tuple(tests))


def measure(rounds: int) -> list[Ratio]:
    """The bits of all that accept a person, for each of some people."""
    random, base = Random(8), load_county(COUNTY)
    conditions = [condition_of(random) for _ in range(CONDITIONS)]
    cases = [read_case(facts, base.rules) for facts in referrals_of(county_of(base, 0), CASES)]
    tests = sum(len(condition.tests) for condition in conditions)
    bits = bitsets_of((condition, 1 << number) for number, condition in enumerate(conditions))
    holding = [(predicate(condition), 1 << number) for number, condition in enumerate(conditions)]
    every = (1 << CONDITIONS) - 1

    def ours() -> Sequence[int]:
        return [bits.rows(case) for case in cases]

    def theirs() -> Sequence[int]:
        return [one_by_one(case) for case in cases]

    def one_by_one(case: Case) -> int:
        rows = 0
        for holds, row in holding:
            if holds(case):
                rows |= row
        return rows

    same("eligibility", theirs(), [rows & every for rows in ours()])
    value, own, other = compared(ours, theirs, rounds)
    mine, others = (f"{seconds / CASES * 1e6:.1f}" for seconds in (own, other))
    note = f"{mine} us a person, theirs {others}; {tests} tests in {len(bits.tables)} tables"
    return [Ratio("eligibility.bits", value, at_most(0.06), note)]
