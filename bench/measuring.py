"""How long pieces of work take beside each other in one process, and which ratios are wanted."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

Work = Callable[[], object]
"""One pass over the same referrals; what it answers has been compared before it is timed."""

SECONDS_A_ROUND = 0.3


class Different(Exception):
    """Two ways of doing the same work do not answer the same; then their times say nothing."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio must be: at most, or at least, this limit."""

    limit: float
    is_most: bool

    def __str__(self) -> str:
        """Such as "≤ 1.5"."""
        return f"{'≤' if self.is_most else '≥'} {self.limit:g}"

    def met_by(self, value: float) -> bool:
        """Whether a ratio is as it must be."""
        return value <= self.limit if self.is_most else value >= self.limit


def at_most(limit: float) -> Goal:
    """A cost that may be no more than this."""
    return Goal(limit, is_most=True)


def at_least(limit: float) -> Goal:
    """A gain that may be no less than this."""
    return Goal(limit, is_most=False)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One time divided by another, by a name of one word.

    `note` says what was measured, with units. Without a goal it is for information.
    """

    name: str
    value: float
    goal: Goal | None = None
    note: str = ""


def same(what: str, expected: object, answered: object) -> None:
    """Raises Different unless both are equal."""
    if expected != answered:
        raise Different(f"{what}: {answered!r} instead of {expected!r}")


def times(works: Sequence[Work], rounds: int, seconds: float = SECONDS_A_ROUND) -> list[list[float]]:
    """For each round the seconds that a pass of each takes, once all have been done to warm up.

    They take turns of at least so many `seconds`, so that a busy machine slows all alike.
    """
    for work in works:
        work()
    gc.collect()
    gc.disable()
    try:
        return [[_turn(work, seconds) for work in works] for _ in range(rounds)]
    finally:
        gc.enable()


def _turn(work: Work, seconds: float) -> float:
    passes, started = 0, perf_counter()
    while True:
        work()
        passes += 1
        taken = perf_counter() - started
        if taken >= seconds:
            return taken / passes


def processor_time(work: Work) -> float:
    """The seconds that one pass takes of a processor: for goals in seconds, which others' work must not decide."""
    started = process_time()
    work()
    return process_time() - started


def compared(ours: Work, theirs: Work, rounds: int) -> tuple[float, float, float]:
    """Our time divided by theirs, and the seconds of a pass of ours and of theirs: each the median of all rounds."""
    taken = times((ours, theirs), rounds)
    quotients = (one / other for one, other in taken)
    own, other = zip(*taken, strict=True)
    return median(quotients), median(own), median(other)
