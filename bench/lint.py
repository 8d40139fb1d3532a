"""The checks before publishing on sixty rules: can each hold, does any pair meet, does one contain another."""

from itertools import combinations, permutations
from statistics import median

from bench.measuring import Ratio, at_most, processor_time
from bench.workload import compiled, triage
from services.router.configuration.checking.rows import RowChecks

WANTED_S = 0.5


def measure(rounds: int) -> list[Ratio]:
    """The time of all checks, all pairs included, by the half second that a person waits without noticing."""
    world, rules = RowChecks.of(compiled()).world, triage(1).rules

    def check() -> list[bool]:
        possible = [world.find((rule,)) is not None for rule in rules]
        meet = [world.find(pair) is not None for pair in combinations(rules, 2)]
        contained = [world.find((one,), (other,)) is None for one, other in permutations(rules, 2)]
        return [*possible, *meet, *contained]

    found = check()
    took = median(processor_time(check) for _ in range(rounds))
    note = f"{took * 1e3:.0f} ms of processor time for {len(found):,} searches"
    return [Ratio("lint.all-pairs", took / WANTED_S, at_most(1), note)]
