"""Which service takes a need at one place: tracks and services in order, and why each was passed over (R54-R57)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

from services.router.domain.conditions import ALWAYS, Case
from services.router.domain.county import Need
from services.router.domain.decision import Candidate, Mark, Search, TrackTried
from services.router.domain.directory import Service
from services.router.domain.hours import Hours
from services.router.domain.index import Listed, Part, Shelf
from services.router.domain.referral import Referral
from services.router.domain.rule_set import TrackRow
from services.router.domain.vocabulary import Priority, ResultFlag, Rule, Verdict

SKIP_MARKS = {
    Verdict.DECLINED: Mark(ResultFlag.DECLINED_FALLBACK, (Rule.CAPACITY,)),
    Verdict.FULL: Mark(ResultFlag.CAPACITY_FALLBACK, (Rule.CAPACITY,)),
    Verdict.LIMITED: Mark(ResultFlag.CAPACITY_FALLBACK, (Rule.CAPACITY,)),
    Verdict.CLOSED: Mark(ResultFlag.UNREACHABLE_FALLBACK, (Rule.OPEN_IN_TIME,)),
}
"""What a service that was passed over, for this reason first, flags."""


SHORT = 10
SHOWN = 3
"""A shelf of no more than SHORT services is kept whole in a decision; of others so many before and after the choice."""

Looked = tuple[Listed, Verdict]
Refused = Iterable[tuple[Verdict, Part]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need for which a service is looked for. `due_at` is None where opening times are not checked (R56)."""

    need: Need
    referral: Referral
    due_at: datetime | None
    _known: dict[int, bool] = field(default_factory=dict, init=False, compare=False, repr=False)

    def verdict(self, service: Service) -> Verdict:
        """Whether this service takes the need, else the first reason why not."""
        case = self.referral.case
        if not service.active:
            return Verdict.NOT_ACTIVE
        conditions = service.eligibility.conditions().items()
        return next((verdict for verdict, when in conditions if not when.holds(case)), None) or self.room(service)

    def room(self, service: Service) -> Verdict:
        """Whether a service that accepts the person takes the need, else the first reason why not."""
        load = self.referral.load
        if service.id in load.declined_by.get(self.need.code, ()):
            return Verdict.DECLINED
        if load.remaining.get(service.id, 1) <= 0:
            return Verdict.FULL
        return (
            Verdict.TAKEN if self.due_at is None or self._opens_in_time(service.hours, self.due_at) else Verdict.CLOSED
        )

    def _opens_in_time(self, hours: Hours, due_at: datetime) -> bool:
        # Services of equal hours share one object, and a hash of a week takes as long as looking at it.
        known = self._known.get(id(hours))
        if known is None:
            calendar = self.referral.county.deadlines.calendar
            known = self._known[id(hours)] = hours.opens_between(self.referral.received_at, due_at, calendar)
        return known


def search(need: Need, priority: Priority, district: str | None, referral: Referral, *, short: int = SHORT) -> Search:
    """Look for a service at one district, or among county-wide services; the triage desk when there is none.

    Of a shelf of no more than `short` services every one is listed as a candidate.
    """
    rules, county = referral.rules, referral.county
    checked = priority in rules.selection.opening_checked
    wanted = Wanted(need, referral, referral.due_at(priority) if checked else None)
    outcode = referral.facts.place.outcode
    case = referral.case_at(district)
    desk = county.services[rules.triage_desk]
    tried: list[TrackTried] = []
    for track, row in tracks_to_try(need, case, referral):
        if track == desk.track:
            tried.append(TrackTried(track, row.rules, (Candidate(desk.id, Verdict.TAKEN),), (), {Verdict.TAKEN: 1}))
            return Search(district, tuple(tried), desk.id)
        shelf = county.directory.shelf(need.code, track, district, outcode, referral.language, row.first)
        looked_along, taken = try_shelf(track, row.rules, shelf, wanted, short)
        tried.append(looked_along)
        if taken is not None:
            return Search(district, tuple(tried), taken)
    return Search(district, tuple(tried), desk.id)


def tracks_to_try(need: Need, case: Case, referral: Referral) -> Iterator[tuple[str, TrackRow]]:
    """Each track once, with the row that put it there: section E, the need's fallbacks, then those of R22."""
    rules = referral.rules
    first = next((row for row in rules.tracks.get(need.code, ()) if row.when.holds(case)), None)
    row = first or TrackRow((), ALWAYS, (need.default_track,))
    fallback = TrackRow((), ALWAYS, need.fallback_tracks)
    last = (row for row in rules.selection.before_the_desk if row.when.holds(case))
    seen: set[str] = set()
    for each in (row, fallback, *last):
        for track in each.tracks:
            if track not in seen:
                seen.add(track)
                yield track, each


def try_shelf(
    track: str, rules: tuple[str, ...], shelf: Shelf, wanted: Wanted, short: int = SHORT
) -> tuple[TrackTried, str | None]:
    """Look along a shelf until somebody takes the need; whom it is not for is counted, and not looked at."""
    eligible, refused = shelf.sift(wanted.referral.case)
    looked, rest = _look_along(shelf.in_order(eligible), wanted)
    taken = looked[-1][0] if looked and looked[-1][1] is Verdict.TAKEN else None
    passed_over: set[Verdict] = set()
    tally: dict[Verdict, int] = {}
    for verdict, part in refused:
        tally[verdict] = tally.get(verdict, 0) + part[1].bit_count()
        if verdict not in passed_over and shelf.comes_before(part, taken):
            passed_over.add(verdict)
    for _, verdict in looked:
        tally[verdict] = tally.get(verdict, 0) + 1
        if verdict is not Verdict.TAKEN:
            passed_over.add(verdict)
    listed = len(shelf)
    if left := listed - sum(tally.values()):
        tally[Verdict.RANKED_AFTER] = left
    candidates = _shown(shelf, refused, looked, rest, is_short=listed <= short)
    unsure = shelf.is_unsure(eligible, taken, wanted.referral.case)
    tried = TrackTried(track, rules, candidates, tuple(sorted(passed_over)), tally, unsure)
    return tried, taken.service.id if taken else None


def _look_along(eligible: Iterator[Listed], wanted: Wanted) -> tuple[list[Looked], Iterator[Listed]]:
    """Whom a search came by, last of all who takes the need, if anybody; and who would have come after.

    One that is limited takes it only where no other does (R57).
    """
    looked: list[Looked] = []
    spare: int | None = None
    for entry in eligible:
        verdict = wanted.room(entry.service)
        if verdict is Verdict.TAKEN and entry.service.id in wanted.referral.load.limited:
            verdict = Verdict.LIMITED
            spare = len(looked) if spare is None else spare
        looked.append((entry, verdict))
        if verdict is Verdict.TAKEN:
            return looked, eligible
    if spare is None:
        return looked, eligible
    return [*looked[:spare], (looked[spare][0], Verdict.TAKEN)], (entry for entry, _ in looked[spare + 1 :])


def _shown(
    shelf: Shelf,
    refused: Iterable[tuple[Verdict, Part]],
    looked: Sequence[Looked],
    rest: Iterator[Listed],
    *,
    is_short: bool,
) -> tuple[Candidate, ...]:
    """Each service of a short shelf with its verdict; of a long one those the search came by last, and some after."""
    verdicts = {entry.service.id: verdict for entry, verdict in looked}
    if not is_short:
        entries: Iterator[Listed] = chain((entry for entry, _ in looked[-SHOWN:]), islice(rest, SHOWN))
    else:
        verdicts |= {entry.service.id: why for why, (cell, rows) in refused for entry in cell.among(rows)}
        entries = shelf.in_order(shelf.parts)
    candidates: list[Candidate] = []
    is_found = False
    for entry in entries:
        verdict = Verdict.RANKED_AFTER if is_found else verdicts[entry.service.id]
        candidates.append(Candidate(entry.service.id, verdict))
        is_found = is_found or verdict is Verdict.TAKEN
    return tuple(candidates)


def marks_of(searches: tuple[Search, ...]) -> tuple[Mark, ...]:
    """What the services that were passed over flag, each flag once."""
    reasons = {reason for each in searches for tried in each.tracks for reason in tried.passed_over}
    return tuple(dict.fromkeys(mark for reason, mark in SKIP_MARKS.items() if reason in reasons))


def rules_of(searches: tuple[Search, ...]) -> tuple[str, ...]:
    """The rules by which these searches ended as they did."""
    rules: list[str] = []
    for each in searches:
        for tried in each.tracks:
            rules.extend(tried.rules)
            if Verdict.AGE in tried.passed_over or Verdict.CIRCUMSTANCES in tried.passed_over:
                rules.append(Rule.ELIGIBILITY)
            if tried.taken is not None:
                rules.append(Rule.SELECTION)
    return tuple(rules)
