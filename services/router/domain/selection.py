"""Which service takes a need at one place: tracks and services in order, and why each was passed over (R54-R57)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.conditions import ALWAYS, Case
from services.router.domain.county import Need
from services.router.domain.decision import Candidate, Mark, Search, TrackTried
from services.router.domain.directory import Listed, Service
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need for which a service is looked for. `due_at` is None where opening times are not checked (R56)."""

    need: Need
    referral: Referral
    due_at: datetime | None

    def verdict(self, service: Service) -> Verdict:
        """Whether this service takes the need, else the first reason why not."""
        case, load = self.referral.case, self.referral.load
        if not service.active:
            return Verdict.NOT_ACTIVE
        if not service.eligibility.accepts_age(case.age):
            return Verdict.AGE
        if not service.eligibility.accepts_flags(case.flags):
            return Verdict.CIRCUMSTANCES
        if service.id in load.declined_by.get(self.need.code, ()):
            return Verdict.DECLINED
        if load.remaining.get(service.id, 1) <= 0:
            return Verdict.FULL
        return Verdict.TAKEN if self.due_at is None or self._opens_in_time(service, self.due_at) else Verdict.CLOSED

    def _opens_in_time(self, service: Service, due_at: datetime) -> bool:
        calendar = self.referral.county.deadlines.calendar
        return service.hours.opens_between(self.referral.received_at, due_at, calendar)


def search(need: Need, priority: Priority, district: str | None, referral: Referral) -> Search:
    """Look for a service at one district, or among county-wide services; the triage desk when there is none."""
    rules, county = referral.rules, referral.county
    checked = priority in rules.selection.opening_checked
    wanted = Wanted(need, referral, referral.due_at(priority) if checked else None)
    outcode = referral.facts.place.outcode
    case = referral.case_at(district)
    desk = county.services[rules.triage_desk]
    tried: list[TrackTried] = []
    for track, row in tracks_to_try(need, case, referral):
        if track == desk.track:
            tried.append(TrackTried(track, row.rules, (Candidate(desk.id, Verdict.TAKEN),)))
            return Search(district, tuple(tried), desk.id)
        listed = county.directory.candidates(need.code, track, district, outcode, referral.language, row.first)
        candidates, taken = _try_in_order(listed, wanted)
        tried.append(TrackTried(track, row.rules, candidates))
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


def _try_in_order(listed: tuple[Listed, ...], wanted: Wanted) -> tuple[tuple[Candidate, ...], str | None]:
    """Each candidate with its verdict, and who takes the need: one that is limited only where no other does (R57)."""
    verdicts = {entry.service.id: wanted.verdict(entry.service) for entry in listed}
    able = [service_id for service_id, verdict in verdicts.items() if verdict is Verdict.TAKEN]
    limited = wanted.referral.load.limited
    taken = next((each for each in able if each not in limited), able[0] if able else None)
    candidates: list[Candidate] = []
    is_found = False
    for service_id, verdict in verdicts.items():
        passed_over = verdict is Verdict.TAKEN and service_id != taken
        reason = Verdict.RANKED_AFTER if is_found else Verdict.LIMITED if passed_over else verdict
        candidates.append(Candidate(service_id, reason))
        is_found = is_found or service_id == taken
    return tuple(candidates), taken


def marks_of(searches: tuple[Search, ...]) -> tuple[Mark, ...]:
    """What the services that were passed over flag, each flag once."""
    verdicts = {candidate.verdict for each in searches for tried in each.tracks for candidate in tried.candidates}
    return tuple(dict.fromkeys(mark for verdict, mark in SKIP_MARKS.items() if verdict in verdicts))


def rules_of(searches: tuple[Search, ...]) -> tuple[str, ...]:
    """The rules by which these searches ended as they did."""
    rules: list[str] = []
    for each in searches:
        for tried in each.tracks:
            rules.extend(tried.rules)
            verdicts = {candidate.verdict for candidate in tried.candidates}
            if not verdicts.isdisjoint((Verdict.AGE, Verdict.CIRCUMSTANCES)):
                rules.append(Rule.ELIGIBILITY)
            if Verdict.TAKEN in verdicts:
                rules.append(Rule.SELECTION)
    return tuple(rules)
