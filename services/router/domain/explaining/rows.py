"""Which rows of the county's tables held for a referral, of which nobody can tell, and which nearly held."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.router.domain.conditions import Case, Condition, NumberField, Test, Within
from services.router.domain.decision import Decision, NeedDecision, Search
from services.router.domain.explaining.shapes import NearMiss, Row
from services.router.domain.explaining.words import Words, spoken
from services.router.domain.referral import Referral
from services.router.domain.rule_set import Action, Addition, Consent, FlagRow, RaiseRow, TrackRow, TrackStop
from services.router.domain.vocabulary import Origin

BEFORE_THE_DESK = "before the desk"
NEARLY: dict[NumberField, int] = {"age": 5, "markers": 1, "food_days_left": 2, "meds_days_left": 2}
"""How far a number may lie outside a range that alone keeps a row from holding, to be told of as a near miss."""


Source = Action | FlagRow | Consent | Addition | TrackStop | RaiseRow | TrackRow | Condition
"""What stands in a table; a condition alone says who is most vulnerable."""


@dataclass(frozen=True, slots=True)
class Read:
    """A row as a decision read it: whether it `counts` among its reasons, and whether it `matters` that it does not,
    because something would be different if it did."""

    table: str
    row: Source
    rules: tuple[str, ...]
    need: str | None
    when: Condition
    case: Case
    counts: bool
    matters: bool = False

    def shown(self, words: Words) -> Row:
        """The row in words, with each of its conditions and what was given."""
        checks = words.checks(self.when, self.case)
        return Row(self.table, self.rules, words.title(self.rules), self.need, does(self, words), checks)


def does(read: Read, words: Words) -> str:
    """What follows where a row holds, in words."""
    need = words.need(read.need) if read.need else ""
    match read.row:
        case Action(service=service, priority=priority):
            what = "everything asked for" if read.row is words.county.rules.risk.child_alone else need
            return f"{what} goes to {words.name(service)}, {words.priority(priority)}"
        case TrackStop():
            return f"{need} goes to the triage desk: nobody is sent to the door"
        case RaiseRow(at_least=at_least):
            return f"{need} is at least {words.priority(at_least)}"
        case TrackRow():
            return f"{words.tries(read.row)}{' before the triage desk' if read.table == BEFORE_THE_DESK else ''}"
        case FlagRow(flag=flag):
            return f"flags {spoken(flag)}"
        case Addition():
            return f"adds {need}"
    return "consent is not asked for" if isinstance(read.row, Consent) else "the person counts as most vulnerable"


@dataclass(frozen=True, slots=True)
class Rows:
    """Reads the rows behind one decision. `again` is set for those that place some needs of a referral once more."""

    referral: Referral
    decision: Decision
    again: bool

    def read(self) -> tuple[Read, ...]:
        """Every row that counts or matters, in the order of the sections, each once."""
        of_needs = (each for need in self.decision.needs for each in self._of_need(need))
        every = (*self._people(), *self._risk(), *self._whole(), *of_needs)
        # Several places of one referral ask the same rows.
        once = {(id(each.row), each.need, each.counts): each for each in every if each.counts or each.matters}
        return tuple(once.values())

    def _people(self) -> Iterator[Read]:
        case = self.referral.case
        is_so = case.truths["most_vulnerable"]
        for when in self.referral.rules.people.most_vulnerable:
            yield Read("most vulnerable", when, (), None, when, case, is_so and when.holds(case), not is_so)

    def _risk(self) -> Iterator[Read]:
        """Section B: every row that holds acts; of needs that are placed again only theirs are asked."""
        risk, case = self.referral.rules.risk, self.referral.case
        decided = {need.need for need in self.decision.needs}
        for action in (*risk.actions, risk.child_alone):
            if not self.again or action.need in decided:
                holds = action.when.holds(case)
                yield Read("risk", action, action.rules, action.need, action.when, case, holds, not holds)

    def _whole(self) -> Iterator[Read]:
        """What is asked of the referral as a whole: flags, consent and needs to be added."""
        rules, case = self.referral.rules, self.referral.case
        for row in rules.marks:
            holds = row.when.holds(case)
            yield Read("flags", row, row.rules, None, row.when, case, holds, row.flag not in self.decision.flags)
        free, ids = rules.consent.not_needed, rules.consent.not_needed_rules
        went_by = set(ids) <= set(self.decision.because) and free.holds(case)
        yield Read("consent", rules.consent, ids, None, free, case, went_by)
        added = {need.need for need in self.decision.needs if need.origin is Origin.ADDED}
        can_be = bool(self.referral.facts.needs) and not self.again and not self._named
        for each in rules.additions:
            is_added = each.need in added and each.when.holds(case)
            yield Read("additions", each, each.rules, each.need, each.when, case, is_added, can_be and not is_added)

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
            moved = any(move.rules == stop.rules for move in need.moves)
            could = bool(need.searches) and service is not None and service.track in stop.tracks
            yield Read("visits", stop, stop.rules, need.need, stop.when, case, moved, could)
        for row in rules.priorities.get(need.need, ()):
            counts = row.at_least <= need.base_priority and row.when.holds(case)
            counts = counts and set(row.rules) <= set(need.because)
            more = row.at_least < need.priority
            yield Read("priorities", row, row.rules, need.need, row.when, case, counts, more)

    def _tracks(self, need: str, search: Search) -> Iterator[Read]:
        """Section E: the first row that holds decides, and those after it were not asked."""
        rules, case = self.referral.rules, self.referral.case_at(search.district)
        rows = rules.tracks.get(need, ())
        deciding = first_that_holds(rows, case)
        for row in rows:
            differs = deciding is None or (row.tracks, row.first) != (deciding.tracks, deciding.first)
            yield Read("tracks", row, row.rules, need, row.when, case, row is deciding, differs)
            if row is deciding:
                break
        at_desk = search.service_id == rules.triage_desk
        for row in rules.selection.before_the_desk:
            tried = any(each.track in row.tracks and each.rules == row.rules for each in search.tracks)
            yield Read(BEFORE_THE_DESK, row, row.rules, need, row.when, case, tried, at_desk and not tried)


def fired(read: Iterable[Read], words: Words) -> tuple[Row, ...]:
    """The rows that the decision went by; an unknown fact that was counted as something is marked in them."""
    return tuple(each.shown(words) for each in read if each.counts)


def cannot_tell(read: Iterable[Read], words: Words) -> tuple[Row, ...]:
    """The rows that could still hold, and would change something, once what is not known is known."""
    open_ones = (each for each in read if not each.counts and _is_in_doubt(each))
    return tuple(each.shown(words) for each in open_ones if each.when.judge(each.case) is None)


def _is_in_doubt(read: Read) -> bool:
    # Nearly every row is about what is known, and to judge takes longer than to look this up.
    return any(test.field in read.case.doubts for test in read.when.tests)


def nearly_fired(read: Iterable[Read], words: Words) -> tuple[NearMiss, ...]:
    """The rows that would have changed something, and of which one condition alone did not hold."""
    misses = []
    for each in read:
        failing = () if each.counts else [test for test in each.when.tests if not test.holds(each.case)]
        if len(failing) == 1 and _is_near(failing[0], each):
            what = f"{words.named(each.rules)}: {does(each, words)}".removeprefix(": ")
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


def first_that_holds(rows: Iterable[TrackRow], case: Case) -> TrackRow | None:
    """The row of a table that decides."""
    return next((row for row in rows if row.when.holds(case)), None)
