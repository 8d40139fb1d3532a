"""Simulating drafts: who is affected is found by columns, and only they are decided, by the draft itself."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.router.domain.county import County
from services.router.domain.simulation.affected import affected
from services.router.domain.simulation.answer import Answer, Past, answer_of
from services.router.domain.simulation.columns import rows_of
from services.router.domain.simulation.compare import Change, Concern, Side, compare
from services.router.domain.simulation.firing import firing
from services.router.domain.simulation.history import History
from services.router.domain.simulation.reading import Reading
from services.router.domain.simulation.version import Version

Taken = Counter[tuple[str, date]]
"""Offers by service and local day."""
Untaken = Counter[tuple[str, str]]
"""Needs that no service took, by need and GSS code; "" where the district is not known."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What comes of all referrals together, under one version. `fired` has, by rule, for how many a row of it holds."""

    county: County
    fired: Mapping[str, int]
    taken: Taken = field(default_factory=Counter)
    untaken: Untaken = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Simulation:
    """A draft against the past. `decided` referrals could differ and were decided by both; `changes` are those that do,
    the gravest first."""

    history: History
    before: Totals
    after: Totals
    decided: int
    changes: tuple[Change, ...]


class Simulator:
    """The past, with what the rules in force make of it; made once, it simulates any number of drafts."""

    def __init__(self, history: History, county: County) -> None:
        self._history = history
        self._version = Version(county, Reading(history.columns, county))
        self._answers: list[Answer] = []
        self._distinct: dict[Answer, Answer] = {}
        self._before = Totals(county, firing(self._version))

    @property
    def left(self) -> int:
        """How many referrals the rules in force have not decided yet; none is simulated before all are."""
        return len(self._history.past) - len(self._answers)

    def prepare(self, most: int) -> None:
        """Decide the next referrals, at most so many, by the rules in force."""
        for past in self._history.past[len(self._answers) : len(self._answers) + most]:
            answer = answer_of(past, self._version.county)
            self._answers.append(self._distinct.setdefault(answer, answer))
            self._count(self._before, past, answer, 1)

    def run(self, county: County) -> Simulation:
        """What a draft would change."""
        version = Version(county, self._version.reading.for_county(county))
        rows = list(rows_of(affected(self._version, version)))
        before = self._before
        after = Totals(county, firing(version), Counter(before.taken), Counter(before.untaken))
        changes = sorted(self._changes(rows, after), key=_gravest)
        return Simulation(self._history, before, after, len(rows), tuple(changes))

    def _changes(self, rows: list[int], after: Totals) -> Iterator[Change]:
        for row in rows:
            past, was = self._history.past[row], self._answers[row]
            becomes = answer_of(past, after.county)
            self._count(after, past, was, -1)
            self._count(after, past, becomes, 1)
            change = compare(past, Side(self._before.county, was), Side(after.county, becomes))
            if change is not None:
                yield change

    def _count(self, totals: Totals, past: Past, answer: Answer, by: int) -> None:
        """Add one answer to the totals, or with -1 take it away; days and districts are those of the rules in force."""
        county, place = self._before.county, past.facts.place.district
        day, district = county.today(past.facts.received_at), county.present_code(place) if place else ""
        for service in answer.services:
            totals.taken[service, day] += by
        for placed in answer.placed:
            if placed.nobody:
                totals.untaken[placed.need, district] += by


def _gravest(change: Change) -> tuple[int, str]:
    return min((concern.rank for concern, _ in change.concerns), default=len(Concern)), change.reference
