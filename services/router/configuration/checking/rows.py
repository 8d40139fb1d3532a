"""What is wrong among the rows of the rules: never true, never reached, contradicting each other, and gaps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from services.router.configuration import Compiled
from services.router.configuration.checking.example import described, example_of
from services.router.configuration.checking.findings import Found, Severity
from services.router.configuration.checking.possible import Box, Tangled, World, chosen, ticked
from services.router.configuration.conditions import compile_condition
from services.router.configuration.documents import RULES
from services.router.configuration.rules_schema import (
    CODES,
    ActionDoc,
    AdditionDoc,
    BeforeDeskDoc,
    FlagDoc,
    RaiseDoc,
    TrackDoc,
    TrackStopDoc,
    WhenDoc,
)
from services.router.domain.conditions import Condition, OneOf
from services.router.domain.rule_set import Action

RowDoc = ActionDoc | TrackStopDoc | FlagDoc | TrackDoc | AdditionDoc | RaiseDoc | BeforeDeskDoc


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: where it stands, its rules, and when it holds."""

    path: str
    name: str
    rules: tuple[str, ...]
    when: Condition

    def __str__(self) -> str:
        """What a sentence calls it."""
        return f"{self.name} ({', '.join(self.rules)})" if self.rules else self.name


@dataclass(frozen=True, slots=True)
class RowChecks:
    """The checks of one county's rows."""

    compiled: Compiled
    world: World

    @classmethod
    def of(cls, compiled: Compiled) -> "RowChecks":
        """A referral's district is one inside the county when rows ask for it; else it is unknown to them (None)."""
        county = compiled.county
        asked = (row.when.outcode or () for row in compiled.rules.tracks)
        codes: dict[str, frozenset[str | None]] = {
            **CODES,
            "district": frozenset((None, *(each.short_code for each in county.districts.values() if each.inside))),
            "outcode": frozenset((None, *(code for codes in asked for code in codes))),
        }
        checks = cls(compiled, World(county.rules.people, county.rules.risk.concerns, codes))
        tests = [test for row in checks.rows() for test in row.when.tests if isinstance(test, OneOf)]
        for area in ("ward", "lsoa"):
            codes[area] = frozenset((None, *(code for test in tests if test.field == area for code in test.codes)))
        return checks

    def findings(self) -> Iterator[Found]:
        """Everything found, table by table."""
        for check, table in (
            (self._never_true, "tracks"),
            (self._shadowed, "tracks"),
            (self._shadowed_stops, "risk.kept_from_visiting"),
            (self._contradictions, "risk.actions"),
            (self._gaps, "risk.concerns"),
            (self._raises_nothing, "priorities"),
        ):
            try:
                yield from check()
            except Tangled:
                yield Found(Severity.WARNING, RULES, table, f"the conditions of {table} are too tangled to be checked")

    def rows(self) -> Iterator[Row]:
        """Every row of the file that has a condition."""
        doc = self.compiled.rules
        yield self._row("risk.child_alone", doc.risk.child_alone.rules, doc.risk.child_alone.when)
        yield self._row("repeats.not_checked", (), doc.repeats.not_checked)
        yield self._row("consent.not_needed", doc.consent.not_needed.rules, doc.consent.not_needed.when)
        for number, when in enumerate(doc.people.most_vulnerable):
            yield self._row(f"people.most_vulnerable[{number}]", (), when)
        tables: tuple[tuple[str, Sequence[RowDoc]], ...] = (
            ("risk.actions", doc.risk.actions),
            ("risk.kept_from_visiting", doc.risk.kept_from_visiting),
            ("marks", doc.marks),
            ("tracks", doc.tracks),
            ("additions", doc.additions),
            ("priorities", doc.priorities),
            ("selection.before_the_desk", doc.selection.before_the_desk),
        )
        for table, rows in tables:
            for number, row in enumerate(rows):
                yield self._row(f"{table}[{number}]", row.rules, row.when)

    def _row(self, path: str, rules: Iterable[str], when: WhenDoc) -> Row:
        name = self.compiled.layout.name(path)
        return Row(path, name, tuple(rules), compile_condition(when, f"{RULES}: {path}.when", self.compiled.known))

    def _never_true(self) -> Iterator[Found]:
        for row in self.rows():
            if row.when.tests and self.world.find((row.when,)) is None:
                yield Found(
                    Severity.ERROR,
                    RULES,
                    f"{row.path}.when",
                    f"{row} can never hold: no referral meets all its conditions",
                )

    def _shadowed(self) -> Iterator[Found]:
        """Of each row of section E the needs for which an earlier row always holds first."""
        rows = {row.path: row for row in self.rows()}
        before: dict[str, list[Row]] = {}
        for number, doc in enumerate(self.compiled.rules.tracks):
            row = rows[f"tracks[{number}]"]
            needs = self.compiled.known.needs.matching(doc.needs, RULES)
            hidden = [need for need in needs if self._hidden(row, before.setdefault(need, []))]
            for need in needs:
                before[need].append(row)
            if hidden:
                earlier = ", ".join(dict.fromkeys(str(each) for need in hidden for each in before[need][:-1]))
                severity, which = Severity.WARNING, ""
                if len(hidden) < len(needs):
                    severity, which = Severity.INFO, f" for {', '.join(hidden)}"
                yield Found(severity, RULES, row.path, f"{row} is never reached{which}: {earlier} always comes first")

    def _shadowed_stops(self) -> Iterator[Found]:
        """The first row that holds moves a need from a track: a later one for the same tracks may never be asked."""
        rows = {row.path: row for row in self.rows()}
        stops = list(enumerate(self.compiled.rules.risk.kept_from_visiting))
        for number, doc in stops:
            row = rows[f"risk.kept_from_visiting[{number}]"]
            for track in doc.tracks:
                earlier = [
                    rows[f"risk.kept_from_visiting[{at}]"] for at, each in stops[:number] if track in each.tracks
                ]
                if self._hidden(row, earlier):
                    yield Found(Severity.WARNING, RULES, row.path, f"{row} is never reached for {track}", track)

    def _hidden(self, row: Row, earlier: list[Row]) -> bool:
        """Whether the row can hold, but never while all earlier ones do not."""
        if not earlier:
            return False
        first = self.world.find((row.when,), [each.when for each in earlier])
        return first is None and self.world.find((row.when,)) is not None

    def _contradictions(self) -> Iterator[Found]:
        """Of two actions of section B on one need only the first one's service is told; so they must name the same."""
        rows = {row.path: row for row in self.rows()}
        actions = [(rows[f"risk.actions[{number}]"], action) for number, action in enumerate(self._risk_actions())]
        actions.append((rows["risk.child_alone"], self.compiled.county.rules.risk.child_alone))
        for (one, first), (other, second) in combinations(actions, 2):
            if first.need != second.need or first.service == second.service:
                continue
            box = self.world.find((first.when, second.when))
            if box is not None:
                sentence = (
                    f"{one} and {other} can both hold, but send {first.need} to {first.service} and "
                    f"{second.service}, of which only the first is told; for example {self._words(box)}"
                )
                yield Found(Severity.ERROR, RULES, other.path, sentence)

    def _gaps(self) -> Iterator[Found]:
        """Every concern, chosen or ticked, and every flag that must be acted on: some row of section B is there for it,
        whoever the person is."""
        rules = self.compiled.county.rules
        for flag in self.compiled.rules.risk.always_acted_on:
            box = self.world.find((), [each.when for each in self._risk_actions()], (ticked(flag),))
            if box is not None:
                sentence = f"{flag} can be ticked, and no row of risk.actions holds; for example {self._words(box)}"
                yield Found(Severity.ERROR, RULES, "risk.always_acted_on", sentence, flag)
        for flag, need in rules.risk.concerns.items():
            acting = [each.when for each in self._risk_actions() if need in (each.need, *each.answers)]
            for what, asked in ((flag, ticked(flag)), (need, chosen(need))):
                box = self.world.find((), acting, (asked,))
                if box is not None:
                    sentence = f"{what} can come, and no row of risk.actions acts on it; for example {self._words(box)}"
                    yield Found(Severity.ERROR, RULES, "risk.concerns", sentence, flag)

    def _raises_nothing(self) -> Iterator[Found]:
        known = self.compiled.known.needs
        for number, doc in enumerate(self.compiled.rules.priorities):
            needs = [known.needs[code] for code in known.matching(doc.needs, RULES)]
            if not any(need.default_priority > doc.at_least for need in needs if need.essential or not doc.essential):
                row = self._row(f"priorities[{number}]", doc.rules, doc.when)
                sentence = (
                    f"{row} raises nothing, it is only given as a reason: its needs are {doc.at_least} or more anyway"
                )
                yield Found(Severity.INFO, RULES, row.path, sentence)

    def _risk_actions(self) -> tuple[Action, ...]:
        return self.compiled.county.rules.risk.actions

    def _words(self, box: Box) -> str:
        return described(example_of(box, self.world))
