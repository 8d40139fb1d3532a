"""Which rows of the county's tables held for a referral, of which nobody can tell, and which nearly held."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.router.domain.conditions import Case, Condition, NumberField, Test, Within
from services.router.domain.decision import Decision, NeedDecision, Search
from services.router.domain.explaining.shapes import NearMiss, Row
from services.router.domain.explaining.words import Words, listed
from services.router.domain.referral import Referral
from services.router.domain.rule_set import TrackRow
from services.router.domain.vocabulary import Origin

NEARLY: dict[NumberField, int] = {"age": 5, "markers": 1, "food_days_left": 2, "meds_days_left": 2}
"""How far a number may lie outside a range that alone keeps a row from holding, to be told of as a near miss."""


@dataclass(frozen=True, slots=True)
class Read:
    """A row as a decision read it: whether it `counts` among its reasons, and whether it `matters` that it does not,
    because something would be different if it did."""

    table: str
    rules: tuple[str, ...]
    need: str | None
    does: str
    when: Condition
    case: Case
    counts: bool
    matters: bool = False

    def shown(self, words: Words) -> Row:
        """The row in words, with each of its conditions and what was given."""
        checks = words.checks(self.when, self.case)
        return Row(self.table, self.rules, words.title(self.rules), self.need, self.does, checks)


@dataclass(frozen=True, slots=True)
class Rows:
    """Reads the rows behind one decision. `again` is set for those that place some needs of a referral once more."""

    referral: Referral
    decision: Decision
    words: Words
    again: bool

    def read(self) -> tuple[Read, ...]:
        """Every row that was asked, in the order of the sections, each once."""
        of_needs = (each for need in self.decision.needs for each in self._of_need(need))
        return tuple(_once((*self._people(), *self._risk(), *self._whole(), *of_needs)))

    def _people(self) -> Iterator[Read]:
        case = self.referral.case
        is_so = case.truths["most_vulnerable"]
        for condition in self.referral.rules.people.most_vulnerable:
            does = "the person counts as most vulnerable"
            yield Read("most vulnerable", (), None, does, condition, case, is_so and condition.holds(case), not is_so)

    def _risk(self) -> Iterator[Read]:
        """Section B: every row that holds acts; of needs that are placed again only theirs are asked."""
        risk, case, words = self.referral.rules.risk, self.referral.case, self.words
        decided = {need.need for need in self.decision.needs}
        for action in (*risk.actions, risk.child_alone):
            holds, alone = action.when.holds(case), action is risk.child_alone
            if self.again and action.need not in decided:
                continue
            what = "everything asked for" if alone else words.need(action.need)
            does = f"{what} goes to {words.name(action.service)}, {words.priority(action.priority)}"
            yield Read("risk", action.rules, action.need, does, action.when, case, holds, not holds)

    def _whole(self) -> Iterator[Read]:
        """What is asked of the referral as a whole: flags, consent and needs to be added."""
        rules, case, words = self.referral.rules, self.referral.case, self.words
        for row in rules.marks:
            does = f"flags {row.flag.replace('_', ' ')}"
            is_new = row.flag not in self.decision.flags
            yield Read("flags", row.rules, None, does, row.when, case, row.when.holds(case), is_new)
        free, ids = rules.consent.not_needed, rules.consent.not_needed_rules
        went_by = set(ids) <= set(self.decision.because) and free.holds(case)
        yield Read("consent", ids, None, "consent is not asked for", free, case, went_by)
        added = {need.need for need in self.decision.needs if need.origin is Origin.ADDED}
        can_be = bool(self.referral.facts.needs) and not self.again and not self._named
        for each in rules.additions:
            does = f"adds {words.need(each.need)}"
            is_added = each.need in added and each.when.holds(case)
            yield Read("additions", each.rules, None, does, each.when, case, is_added, can_be and not is_added)

    @property
    def _named(self) -> bool:
        """Whether the rules name who gets everything: outside the county, and for a child alone."""
        return self.referral.is_outside or self.referral.is_child_alone

    def _of_need(self, need: NeedDecision) -> Iterator[Read]:
        rules, case = self.referral.rules, self.referral.case
        for search in need.searches:
            yield from self._tracks(need.need, search)
        service = self.referral.county.services.get(need.service_id or "")
        for stop in rules.risk.kept_from_visiting:
            does = f"{self.words.need(need.need)} goes to the triage desk: nobody is sent to the door"
            moved = any(move.rules == stop.rules for move in need.moves)
            could = bool(need.searches) and service is not None and service.track in stop.tracks
            yield Read("visits", stop.rules, need.need, does, stop.when, case, moved, could)
        for row in rules.priorities.get(need.need, ()):
            does = f"{self.words.need(need.need)} is at least {self.words.priority(row.at_least)}"
            counts = row.at_least <= need.base_priority and row.when.holds(case)
            counts = counts and set(row.rules) <= set(need.because)
            yield Read("priorities", row.rules, need.need, does, row.when, case, counts, row.at_least < need.priority)

    def _tracks(self, need: str, search: Search) -> Iterator[Read]:
        """Section E: the first row that holds decides, and those after it were not asked."""
        rules, place = self.referral.rules, self.referral.facts.place
        case = self.referral.case.at(self.referral.county.short_code(search.district), place.outcode)
        rows = rules.tracks.get(need, ())
        deciding = first_that_holds(rows, case)
        for row in rows:
            does = self.words.tries(row)
            differs = deciding is None or (row.tracks, row.first) != (deciding.tracks, deciding.first)
            yield Read("tracks", row.rules, need, does, row.when, case, row is deciding, differs)
            if row is deciding:
                break
        for row in rules.selection.before_the_desk:
            tried = any(each.track in row.tracks and each.rules == row.rules for each in search.tracks)
            does = f"tries {listed(map(self.words.track, row.tracks), 'then')} before the triage desk"
            at_desk = search.service_id == rules.triage_desk
            yield Read("before the desk", row.rules, need, does, row.when, case, tried, at_desk and not tried)


def fired(read: Iterable[Read], words: Words) -> tuple[Row, ...]:
    """The rows that the decision went by; an unknown fact that was counted as something is marked in them."""
    return tuple(each.shown(words) for each in read if each.counts)


def cannot_tell(read: Iterable[Read], words: Words) -> tuple[Row, ...]:
    """The rows that could still hold, and would change something, once what is not known is known."""
    asked = (each for each in read if each.matters and not each.counts)
    return tuple(each.shown(words) for each in asked if each.when.judge(each.case) is None)


def nearly_fired(read: Iterable[Read], words: Words) -> tuple[NearMiss, ...]:
    """The rows that would have changed something, and of which one condition alone did not hold."""
    misses = []
    for each in read:
        if each.counts or not each.matters:
            continue
        failing = [test for test in each.when.tests if not test.holds(each.case)]
        if len(failing) == 1 and _is_near(failing[0], each):
            what = f"{words.named(each.rules)}: {each.does}".removeprefix(": ")
            but = f"{words.asks(failing[0])} (given: {words.given(failing[0], each.case)})"
            misses.append(NearMiss(each.need, what, but))
    return tuple(misses)


def _is_near(test: Test, read: Read) -> bool:
    """Something else of the row held, or a number was only just outside; what nobody mentioned is not near."""
    if test.judge(read.case) is None or test.field == "concerns" or read.table == "flags":
        return False
    if not isinstance(test, Within):
        return len(read.when.tests) > 1
    value, reach = read.case.numbers[test.field], NEARLY[test.field]
    if value is None:
        return False
    short = 0 if test.least is None else test.least - value
    over = 0 if test.below is None else value - test.below + 1
    return max(short, over) <= reach


def _once(read: Iterable[Read]) -> Iterator[Read]:
    """Several places of one referral ask the same rows."""
    seen = set()
    for each in read:
        key = (each.table, each.rules, each.need, each.does, each.when, each.counts)
        if key not in seen:
            seen.add(key)
            yield each


def first_that_holds(rows: Iterable[TrackRow], case: Case) -> TrackRow | None:
    """The row of a table that decides."""
    return next((row for row in rows if row.when.holds(case)), None)
