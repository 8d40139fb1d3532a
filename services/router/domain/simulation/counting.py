"""Counting what a simulation found into the tables of its report."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from services.router.domain.simulation.compare import Change, NeedChange, where
from services.router.domain.simulation.report import (
    Deadlines,
    Decisions,
    Flags,
    Moves,
    Nobody,
    Priorities,
    Report,
    Rules,
    Safeguarding,
    ServiceLoad,
    Tracks,
)
from services.router.domain.simulation.simulator import Simulation, Totals
from services.router.domain.vocabulary import PRIORITIES, Priority

K = TypeVar("K", bound=Hashable)


def report_of(simulation: Simulation) -> Report:
    """The whole report."""
    history, span = simulation.history, simulation.history.span
    needs = [need for change in simulation.changes for need in change.needs]
    moved = [need for need in needs if need.moved]
    tracks = _most_often(_tracks_of(need, simulation) for need in moved)
    return Report(
        rule_set_before=simulation.before.county.version,
        rule_set_after=simulation.after.county.version,
        received_from=span[0] if span else None,
        received_to=span[1] if span else None,
        simulated=len(history.past),
        decided=simulation.decided,
        changed=len(simulation.changes),
        without_load=history.without_load,
        left_out=history.left_out,
        safeguarding=_safeguarding(simulation.changes),
        moves=tuple(Moves(*key, count) for key, count in _most_often(map(_move_of, moved))),
        tracks=tuple(Tracks(*key, count) for key, count in tracks),
        priorities=tuple(Priorities(*key, count) for key, count in _most_often(_priorities_of(needs))),
        deadlines=tuple(_deadlines(needs)),
        flags=_flags(simulation.changes),
        load=tuple(_load(simulation)),
        nobody=tuple(_nobody(simulation)),
        rules=tuple(_rules(simulation)),
        decisions=tuple(row for change in simulation.changes for row in _decisions(change, simulation)),
    )


def _most_often(keys: Iterable[K]) -> list[tuple[K, int]]:
    return sorted(Counter(keys).items(), key=lambda each: (-each[1], str(each[0])))


def _safeguarding(changes: Iterable[Change]) -> tuple[Safeguarding, ...]:
    """In the order of the concerns, and of the needs or flags that they are about."""
    found = Counter(concern for change in changes for concern in set(change.concerns))
    rows = (Safeguarding(concern, about, count) for (concern, about), count in found.items())
    return tuple(sorted(rows, key=lambda row: (row.concern.rank, row.about)))


def _move_of(change: NeedChange) -> tuple[str, str | None, str | None]:
    return change.need, where(change.before), where(change.after)


def _tracks_of(change: NeedChange, simulation: Simulation) -> tuple[str | None, str | None]:
    counties = simulation.before.county, simulation.after.county
    before, after = (
        county.services[placed.service_id].track if placed and placed.service_id else where(placed)
        for county, placed in zip(counties, (change.before, change.after), strict=True)
    )
    return before, after


def _priorities_of(needs: Iterable[NeedChange]) -> Iterator[tuple[Priority, Priority]]:
    for need in needs:
        if need.before and need.after and need.before.priority != need.after.priority:
            yield need.before.priority, need.after.priority


def _deadlines(needs: Iterable[NeedChange]) -> Iterator[Deadlines]:
    found: Counter[tuple[Priority, bool]] = Counter()
    for need in needs:
        if need.before and need.due_before and need.due_after and need.due_before != need.due_after:
            found[need.before.priority, need.is_later] += 1
    for priority in PRIORITIES:
        if found[priority, False] or found[priority, True]:
            yield Deadlines(priority, found[priority, False], found[priority, True])


def _flags(changes: Iterable[Change]) -> tuple[Flags, ...]:
    lost: Counter[str] = Counter()
    gained: Counter[str] = Counter()
    for change in changes:
        lost.update(change.flags_lost)
        gained.update(change.flags_gained)
    return tuple(Flags(flag, lost[flag], gained[flag]) for flag in sorted(lost.keys() | gained.keys()))


def _load(simulation: Simulation) -> Iterator[ServiceLoad]:
    """Services of which more or less is asked first, those most of all."""
    before, after = _by_service(simulation.before), _by_service(simulation.after)
    services = {*before, *after, *simulation.before.county.capacities, *simulation.after.county.capacities}
    rows = (_load_of(service, simulation, before[service], after[service]) for service in services)
    yield from sorted(rows, key=lambda row: (-abs(row.offers_after - row.offers_before), row.service))


def _by_service(totals: Totals) -> defaultdict[str, list[int]]:
    """The offers of each day, by service."""
    offers: defaultdict[str, list[int]] = defaultdict(list)
    for (service, _), count in totals.taken.items():
        if count:
            offers[service].append(count)
    return offers


def _load_of(service: str, simulation: Simulation, before: list[int], after: list[int]) -> ServiceLoad:
    limits = [totals.county.capacities.get(service) for totals in (simulation.before, simulation.after)]
    return ServiceLoad(
        service=service,
        places_before=limits[0],
        places_after=limits[1],
        offers_before=sum(before),
        offers_after=sum(after),
        busiest_before=max(before, default=0),
        busiest_after=max(after, default=0),
        days_over_before=_days_over(before, limits[0]),
        days_over_after=_days_over(after, limits[1]),
    )


def _days_over(days: Iterable[int], places: int | None) -> int:
    return 0 if places is None else sum(count > places for count in days)


def _nobody(simulation: Simulation) -> Iterator[Nobody]:
    before, after = simulation.before.untaken, simulation.after.untaken
    rows = (
        Nobody(need, district, before[need, district], after[need, district]) for need, district in {*before, *after}
    )
    found = (row for row in rows if row.before or row.after)
    yield from sorted(found, key=lambda row: (row.before - row.after, -row.after, row.need, row.district))


def _rules(simulation: Simulation) -> Iterator[Rules]:
    before, after = simulation.before.fired, simulation.after.fired
    for rule in sorted({*before, *after}):
        if before.get(rule, 0) != after.get(rule, 0):
            yield Rules(rule, before.get(rule, 0), after.get(rule, 0))


def _decisions(change: Change, simulation: Simulation) -> Iterator[Decisions]:
    """A row for each need, and one for the flags, or for the outcome alone."""
    flags_only = () if change.needs and not (change.flags_lost or change.flags_gained) else (None,)
    for need in (*change.needs, *flags_only):
        before, after = (need.before, need.after) if need else (None, None)
        tracks = _tracks_of(need, simulation) if need else (None, None)
        about = {need.need} if need else {*change.flags_lost}
        yield Decisions(
            reference=change.reference,
            district=change.district,
            need=need.need if need else None,
            service_before=where(before),
            service_after=where(after),
            track_before=tracks[0],
            track_after=tracks[1],
            priority_before=before.priority if before else None,
            priority_after=after.priority if after else None,
            due_before=need.due_before if need else None,
            due_after=need.due_after if need else None,
            outcome_before=change.outcomes[0],
            outcome_after=change.outcomes[1],
            flags_lost="" if need else " ".join(change.flags_lost),
            flags_gained="" if need else " ".join(change.flags_gained),
            concerns=" ".join(concern for concern, each in change.concerns if each in about),
        )
