"""Referrals of the past as they are simulated: in their order, as columns, and what was left out of them."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from services.router.domain.facts import Facts, Place
from services.router.domain.load import Load
from services.router.domain.simulation.answer import Past
from services.router.domain.simulation.columns import Columns, ColumnsBuilder

H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True, slots=True)
class History:
    """All that a draft is compared on. `left_out` counts, by why, what was found and is not simulated."""

    past: tuple[Past, ...]
    columns: Columns
    left_out: Mapping[str, int]

    @property
    def without_load(self) -> int:
        """Of how many nobody kept what room the services had."""
        return sum(each.load is None for each in self.past)

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """When the first and the last were received; None of none."""
        received = [each.facts.received_at for each in self.past]
        return (min(received), max(received)) if received else None


@dataclass(slots=True)
class HistoryBuilder:
    """Takes up referrals one by one. What is the same in many is kept once, so that they take little memory."""

    left_out: Counter[str] = field(default_factory=Counter)
    _past: list[Past] = field(default_factory=list)
    _columns: ColumnsBuilder = field(default_factory=ColumnsBuilder)
    _kept: dict[Hashable, Hashable] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._past)

    def add(self, reference: str, facts: Facts, load: Load | None) -> None:
        """Take up the next referral."""
        self._columns.add(facts)
        self._past.append(Past(reference, self._once(facts), self._load(load)))

    def build(self) -> History:
        """All that was added."""
        return History(tuple(self._past), self._columns.build(), dict(self.left_out))

    def _once(self, facts: Facts) -> Facts:
        values = {name: getattr(facts, name) for name in Facts.__slots__}
        same = {name: self._same(value) for name, value in values.items() if isinstance(value, str | tuple | Place)}
        return Facts(**values | same)

    def _load(self, load: Load | None) -> Load | None:
        """The load without what no decision asks for: how many places there are, where there are any."""
        if load is None:
            return None
        full = {self._same(service): 0 for service, places in load.remaining.items() if places <= 0}
        return Load(full, load.declined_by, self._same(load.limited), load.untold)

    def _same(self, value: H) -> H:
        return self._kept.setdefault(value, value)  # type: ignore[return-value]  # equal values have one type here
