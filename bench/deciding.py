"""Whole decisions by the county's own rules and directory, and explained ones: how many a second, and the slowest."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import quantiles

from bench.measuring import Ratio, at_most, compared, processor_time
from bench.workload import compiled, referrals
from services.router.domain.basis import Basis
from services.router.domain.decide import decide
from services.router.domain.explaining import Made, explain
from services.router.domain.facts import Facts
from services.router.domain.load import Load

REFERRALS = 500
WANTED_S = 1e-3


def measure(rounds: int) -> list[Ratio]:
    """What questions and an explanation cost, and the slowest decision in a hundred by the millisecond it may take."""
    county = compiled().county
    given, basis = referrals(county, REFERRALS), Basis()

    def deciding(facts: Facts) -> Made:
        return Made(facts, county, decide(facts, county, Load()), basis)

    def explaining(facts: Facts) -> object:
        return explain(deciding(facts))

    ratio, explained, plain = compared(_each(explaining, given), _each(deciding, given), rounds)
    slowest, slowest_explained = _slowest(deciding, given), _slowest(explaining, given)
    each = f"{REFERRALS / plain:,.0f} decisions a second, {REFERRALS / explained:,.0f} explained"
    late = f"p99 {slowest * 1e3:.2g} ms, {slowest_explained * 1e3:.2g} ms explained, of processor time"
    return [
        Ratio("deciding.explained", ratio, None, each),
        Ratio("deciding.p99", slowest / WANTED_S, None, late),
        Ratio("deciding.explained.p99", slowest_explained / WANTED_S, at_most(1), late),
    ]


def _each(work: Callable[[Facts], object], given: Sequence[Facts]) -> Callable[[], None]:
    def once() -> None:
        for facts in given:
            work(facts)

    return once


def _slowest(work: Callable[[Facts], object], given: Sequence[Facts]) -> float:
    """The 99th of a hundred, of all referrals one after the other."""
    taken = [processor_time(partial(work, facts)) for facts in given]
    return quantiles(taken, n=100)[98]
