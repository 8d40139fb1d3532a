"""Why one service was not the end of the search for a need: not here, not its turn, passed over, or ranked after."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.router.domain.conditions import Case
from services.router.domain.decision import NeedDecision, Search
from services.router.domain.directory import Service
from services.router.domain.explaining.changes import Change, Changes
from services.router.domain.explaining.reading import Reading
from services.router.domain.explaining.rows import Read, first_that_holds
from services.router.domain.explaining.shapes import Because, Passed, Row
from services.router.domain.explaining.words import listed
from services.router.domain.rule_set import TrackRow
from services.router.domain.selection import tracks_to_try
from services.router.domain.vocabulary import Rule, Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """The reason, in words, the rows behind it, and the changes that are worth a try."""

    because: Because
    sentence: str
    rows: tuple[Row, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """One service, and a need for which services were looked for."""

    reading: Reading
    need: NeedDecision
    service: Service

    @property
    def _name(self) -> str:
        return self.reading.words.name(self.service.id)

    @property
    def _changes(self) -> Changes:
        return Changes(self.reading.referral, self.reading.words)

    def answer(self) -> Answer:
        """Why the searches ended elsewhere, or were not followed."""
        searches, words = self.need.searches, self.reading.words
        found = [search for search in searches if search.service_id == self.service.id]
        if len(found) == len(searches):
            return self._moved()
        other = next(search for search in searches if search.service_id != self.service.id)
        if not found:
            return self._in_one(other)
        told = (
            f"{self._name} would have it in {words.district(found[0].district)}, and {words.name(other.service_id)} in "
            f"{words.district(other.district)}. The place is not certain, so a person decides ({Rule.STRADDLING})."
        )
        return Answer(Because.SEVERAL_PLACES, told, changes=self._places(found))

    def _places(self, found: list[Search]) -> tuple[Change, ...]:
        return tuple(self._changes.at(search.district) for search in found if search.district)

    def _moved(self) -> Answer:
        """The search ended with it, and a rule then gave the need to somebody else."""
        rows = [row for row in self.reading.fired if row.table == "visits" and row.need == self.need.need]
        consent = any(Rule.UNKNOWN_CONSENT in move.rules for move in self.need.moves)
        changes = [self._changes.consent()] if consent else []
        stops = self.reading.referral.rules.risk.kept_from_visiting
        moved_by = {move.rules for move in self.need.moves}
        tests = (test for stop in stops if stop.rules in moved_by for test in stop.when.tests)
        changes += [change for test in tests for change in self._changes.to_hold(test, wanted=False)]
        why = self.reading.sentences.why(self.need, ())
        told = f"{self._name} comes first, but {why}."
        return Answer(Because.MOVED, told, tuple(rows), tuple(changes))

    def _in_one(self, search: Search) -> Answer:
        county, place = self.reading.made.county, self.reading.made.facts.place
        words, track = self.reading.words, self.service.track
        desk = county.services[county.rules.triage_desk]
        if self.service.id == desk.id:
            return self._later(search)
        if track == desk.track:
            return Answer(Because.OTHER_ROW, f"{self._name} has only what a rule names it for, and none does here.")
        if county.directory.listed(self.service.id, search.district, place.outcode) is None:
            told = f"{self._name} works {self._where()}; the place is {words.district(search.district)}."
            return Answer(Because.NOT_HERE, told)
        passed = self.reading.tracks_of(self.need).said_of(self.service.id, search)
        if passed is not None:
            return self._passed(passed, search)
        case = self.reading.referral.case_at(search.district)
        order = [code for code, _ in tracks_to_try(county.needs[self.need.need], case, self.reading.referral)]
        return self._later(search) if track in order else self._other_row(case)

    def _passed(self, passed: Passed, search: Search) -> Answer:
        if passed.verdict is not Verdict.RANKED_AFTER:
            more = [words for words in passed.in_the_way if words != passed.reason]
            besides = f" Besides, it {listed(more, 'and')}." if more else ""
            changes = tuple(self._changes.for_service(self.service, self.need.need))
            return Answer(Because.PASSED_OVER, f"{self._name} {passed.reason}.{besides}", changes=changes)
        besides = f" Besides, it {listed(passed.in_the_way, 'and')}." if passed.in_the_way else ""
        changes = (self._changes.without(search.service_id),)
        return Answer(Because.RANKED_AFTER, f"{self._name} {passed.reason}.{besides}", changes=changes)

    def _later(self, search: Search) -> Answer:
        """Its track is only tried when nobody of the tracks before can take the need."""
        words = self.reading.words
        track = search.tracks[-1].track if search.tracks else self.service.track
        taken = f"{words.track(track)}, where {words.name(search.service_id)} takes it"
        told = f"{words.track(self.service.track)} is tried after {taken}."
        rows = tuple(row for row in self.reading.fired if row.table == "tracks" and row.need == self.need.need)
        return Answer(Because.EARLIER_TRACK, told, rows, (self._changes.without(search.service_id),))

    def _other_row(self, case: Case) -> Answer:
        """Its track is not tried by the row that decided: which row that was, and which others would have tried it."""
        rules, words = self.reading.referral.rules, self.reading.words
        table, last = rules.tracks.get(self.need.need, ()), rules.selection.before_the_desk
        deciding = first_that_holds(table, case)
        ways = [row for row in (*table, *last) if self.service.track in row.tracks and row is not deciding]
        decided = [self._shown(deciding, case)] if deciding else []
        track = words.track(self.service.track)
        by = f"{words.named(deciding.rules)} decided" if deciding else "the need's own track was tried"
        told = f"{by}, and no rule tries {track} for this need."
        if ways:
            asked = (listed(map(words.asks, row.when.tests), "and") for row in ways)
            told = f"{by}; {track} is tried only where {'; or where '.join(dict.fromkeys(asked))}."
        rows = (*decided, *(self._shown(row, case) for row in ways))
        return Answer(Because.OTHER_ROW, told, rows, tuple(self._towards(ways, deciding, case)))

    def _towards(self, ways: list[TrackRow], deciding: TrackRow | None, case: Case) -> Iterator[Change]:
        for row in ways:
            failing = [test for test in row.when.tests if not test.holds(case)]
            if len(failing) == 1:
                yield from self._changes.to_hold(failing[0], wanted=True)
        for test in deciding.when.tests if deciding else ():
            yield from self._changes.to_hold(test, wanted=False)

    def _shown(self, row: TrackRow, case: Case) -> Row:
        words = self.reading.words
        return Read("tracks", row, row.rules, self.need.need, row.when, case, counts=False).shown(words)

    def _where(self) -> str:
        areas, words = self.service.areas, self.reading.words
        if areas.county:
            return "in the whole county"
        named = [*sorted(map(words.district, areas.districts)), *sorted(areas.outcodes)]
        return f"in {listed(named, 'and')}" if named else "outside the county"
