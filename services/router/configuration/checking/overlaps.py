"""Rows that meet: tables whose rows may not, order that decides, and rows that add nothing, over all pairs of rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

from services.router.configuration import Compiled
from services.router.configuration.checking.example import described, example_of
from services.router.configuration.checking.findings import Found, Severity
from services.router.configuration.checking.possible import Box, Tangled, World
from services.router.configuration.conditions import compile_condition
from services.router.configuration.documents import RULES
from services.router.configuration.rules_schema import RaiseDoc, TrackDoc
from services.router.configuration.tables import ANY, FIRST, PLACES, UNIQUE, Place, Table
from services.router.domain.conditions import Condition


@dataclass(frozen=True, slots=True)
class Meeting:
    """A row: when it holds, what it is about (two rows that share nothing of it never meet), and what it sets."""

    path: str
    name: str
    when: Condition
    about: frozenset[str]
    sets: Mapping[str, Any]  # Any: values of the row, only compared

    def __str__(self) -> str:
        """What a sentence calls it."""
        return self.name

    def shares(self, other: "Meeting") -> bool:
        """Whether both can be asked about the same thing."""
        return not self.about.isdisjoint(other.about)


@dataclass(frozen=True, slots=True)
class OverlapChecks:
    """The checks of all pairs of rows of one county."""

    compiled: Compiled
    world: World

    def findings(self) -> Iterator[Found]:
        """Everything found, place by place."""
        for place in PLACES:
            rows = self._rows(place)
            try:
                for table in self.compiled.layout.tables:
                    if table.place is place:
                        yield from self._against_policy(table, rows[table.first : table.first + len(table.rows)])
                if FIRST in next(iter(place.then.values())):
                    yield from self._decided_by_order(rows)
                else:
                    severity = Severity.INFO if place.row is RaiseDoc else Severity.WARNING
                    yield from self._adds_nothing(rows, severity)
            except Tangled:
                sentence = f"the conditions of {place.path} are too tangled to compare its rows"
                yield Found(Severity.WARNING, RULES, place.path, sentence)

    def _rows(self, place: Place) -> list[Meeting]:
        docs: Any = self.compiled.rules  # Any: attributes by name
        for name in place.path.split("."):
            docs = getattr(docs, name)
        return [self._row(place, f"{place.path}[{number}]", doc) for number, doc in enumerate(docs)]

    def _row(self, place: Place, path: str, doc: Any) -> Meeting:  # Any: the row's schema is one of seven
        name = f"{self.compiled.layout.name(path)} ({', '.join(doc.rules)})"
        when = compile_condition(doc.when, RULES, self.compiled.known)
        return Meeting(path, name, when, self._about(place, doc), {each: getattr(doc, each) for each in place.then})

    def _about(self, place: Place, doc: Any) -> frozenset[str]:  # Any: the row's schema is one of seven
        if isinstance(doc, TrackDoc | RaiseDoc):
            needs = self.compiled.known.needs
            only = isinstance(doc, RaiseDoc) and doc.essential
            return frozenset(
                code for code in needs.matching(doc.needs, RULES) if needs.needs[code].essential or not only
            )
        about = getattr(doc, place.about) if place.about else place.path
        return frozenset((about,) if isinstance(about, str) else about)

    def _against_policy(self, table: Table, rows: Sequence[Meeting]) -> Iterator[Found]:
        """Rows of a table that may not hold together but can, or that must agree and do not."""
        unique = [name for name, policy in table.policies.items() if policy == UNIQUE]
        agreeing = [name for name, policy in table.policies.items() if policy == ANY]
        for one, other in combinations(rows, 2):
            differing = [name for name in agreeing if one.sets[name] != other.sets[name]]
            if not one.shares(other) or not (unique or differing):
                continue
            box = self.world.find((one.when, other.when))
            if box is not None:
                policy = f"{UNIQUE} allows one" if unique else f"{ANY} asks them to agree on {', '.join(differing)}"
                sentence = f"{one} and {other} can both hold, and {policy}; for example {self._words(box)}"
                yield Found(Severity.ERROR, RULES, other.path, sentence)

    def _decided_by_order(self, rows: Sequence[Meeting]) -> Iterator[Found]:
        """Rows of which neither is an exception to the other: where both hold, only their order says what happens."""
        for number, other in enumerate(rows):
            for at, one in enumerate(rows[:number]):
                if not one.when.tests or not other.when.tests or one.sets == other.sets or not one.shares(other):
                    continue
                before = [row.when for row in rows[:at] if row.shares(one) and row.shares(other)]
                box = self.world.find((one.when, other.when), before)
                is_exception = self.world.find((one.when,), (other.when,)) is None
                if box is not None and not is_exception and self.world.find((other.when,), (one.when,)) is not None:
                    sentence = f"{other} holds too where {one} comes first; for example {self._words(box)}"
                    yield Found(Severity.INFO, RULES, other.path, sentence)

    def _adds_nothing(self, rows: Sequence[Meeting], severity: Severity) -> Iterator[Found]:
        """Rows that only hold where another one does that sets as much; each still gives its rules as reasons."""
        needless: set[str] = set()
        for row, other in permutations(reversed(rows), 2):
            if needless & {row.path, other.path} or not row.about <= other.about or not _sets_as_much(other, row):
                continue
            if self.world.find((row.when,), (other.when,)) is None and self.world.find((row.when,)) is not None:
                needless.add(row.path)
                sentence = f"{row} adds nothing but its reason: whenever it holds, so does {other}"
                yield Found(severity, RULES, row.path, sentence)

    def _words(self, box: Box) -> str:
        return described(example_of(box, self.world))


def _sets_as_much(row: Meeting, other: Meeting) -> bool:
    """Whether one row's outcome includes the other's; the lower code of a priority is the more urgent one."""
    for name, value in other.sets.items():
        mine = row.sets[name]
        if name in ("priority", "at_least"):
            if mine > value:
                return False
        elif value and mine != value:
            return False
    return True
