"""Runs every measurement and prints what came of it; ends with 1 when answers differ."""

import argparse
import sys
from collections.abc import Callable, Iterable

from bench import deciding, eligibility, lint, matching, simulation, triage
from bench.measuring import Different, Ratio

MEASURES: dict[str, Callable[[int], list[Ratio]]] = {
    "triage": triage.measure,
    "eligibility": eligibility.measure,
    "matching": matching.measure,
    "simulation": simulation.measure,
    "lint": lint.measure,
    "deciding": deciding.measure,
}
"""What is measured, by name, in this order."""
LEAST_ROUNDS = 5


def main() -> int:
    """Measure what is named, or everything; the lines `ratio NAME VALUE` of all goals come last."""
    parser = argparse.ArgumentParser(prog="bench", description="The rules beside other ways of doing the same work.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASURES)}; all by default")
    parser.add_argument("--rounds", type=int, default=7, help=f"turns that each takes, at least {LEAST_ROUNDS}")
    given = parser.parse_args()
    ratios: list[Ratio] = []
    for name in given.names or MEASURES:
        try:
            measured = MEASURES[name](max(given.rounds, LEAST_ROUNDS))
        except Different as difference:
            print(f"{name}: the answers differ: {difference}", file=sys.stderr)
            return 1
        print(*table(measured), sep="\n", flush=True)
        ratios += measured
    print(*(f"ratio {ratio.name} {ratio.value:.4g}" for ratio in ratios if ratio.goal), sep="\n")
    return 0


def table(ratios: Iterable[Ratio]) -> Iterable[str]:
    """One line for each: name, ratio, goal and whether it is met, and what was measured."""
    for ratio in ratios:
        goal = "" if ratio.goal is None else f"{ratio.goal} {'met' if ratio.goal.met_by(ratio.value) else 'MISSED'}"
        yield f"{ratio.name:<40} {ratio.value:>10.4g}  {goal:<16} {ratio.note}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
