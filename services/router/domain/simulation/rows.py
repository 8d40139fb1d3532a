"""Two versions of a table of rules: for which past referrals their rows do not say the same."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Protocol, TypeVar

from services.router.domain.conditions import Condition
from services.router.domain.simulation.columns import any_of
from services.router.domain.simulation.reading import OWN_PLACE, Reading


class Row(Protocol):
    """A row of any table."""

    @property
    def when(self) -> Condition: ...


R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=Hashable)


def by_first(rows: Iterable[R], says: Callable[[R], K], reading: Reading, at: str = OWN_PLACE) -> dict[K | None, int]:
    """Of whom a table says what, in which the first row that holds decides; None of those for whom none does.

    `says` is what a row does where it holds: rows that do the same are not told apart.
    """
    left = reading.columns.everyone
    said: dict[K | None, int] = {}
    for row in rows:
        now = reading.holds(row.when, at) & left
        if now:
            what = says(row)
            said[what] = said.get(what, 0) | now
            left ^= now
    said[None] = left
    return said


def by_any(rows: Iterable[R], says: Callable[[R], K], reading: Reading) -> dict[K, int]:
    """The same of a table in which every row that holds counts, in whatever order and however often."""
    said: dict[K, int] = {}
    for row in rows:
        what = says(row)
        said[what] = said.get(what, 0) | reading.holds(row.when)
    return said


def by_each(rows: Iterable[R], says: Callable[[R], K], reading: Reading) -> dict[tuple[K, int], int]:
    """The same of a table in which every row that holds counts, one after the other: what is said twice is numbered."""
    said: dict[tuple[K, int], int] = {}
    for row in rows:
        what, number = says(row), 0
        while (what, number) in said:
            number += 1
        said[what, number] = reading.holds(row.when)
    return said


def differing(before: Mapping[K, int], after: Mapping[K, int]) -> int:
    """Those of whom one table says what the other does not."""
    return any_of(before.get(what, 0) ^ after.get(what, 0) for what in before.keys() | after.keys())


def differing_in_order(before: Mapping[K, int], after: Mapping[K, int]) -> int:
    """The same where order counts: once rows have changed places, whoever any of them is about."""
    kept, now = ([what for what in one if what in other] for one, other in ((before, after), (after, before)))
    reordered = any_of(before[what] | after[what] for what in kept) if kept != now else 0
    return differing(before, after) | reordered
