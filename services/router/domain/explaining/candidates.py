"""What stands between a need and each service: the waterfall of every track that was tried, with exact reasons."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.domain.decision import Candidate, NeedDecision, Search, TrackTried
from services.router.domain.directory import Service
from services.router.domain.explaining.rows import first_that_holds
from services.router.domain.explaining.shapes import Looked, Passed, Step, Waterfall
from services.router.domain.explaining.words import Words, listed, spoken
from services.router.domain.index import Listed
from services.router.domain.referral import Referral
from services.router.domain.selection import search as look_at_all
from services.router.domain.vocabulary import Verdict

STEPS = {
    Verdict.NOT_ACTIVE: "closed",
    Verdict.AGE: "age",
    Verdict.CIRCUMSTANCES: "circumstances",
    Verdict.DECLINED: "declined",
    Verdict.FULL: "full",
    Verdict.CLOSED: "not open in time",
}
"""Why a service is passed over, in the order in which it is asked (R55 to R57)."""
WITHOUT_NUMBERS = {
    Verdict.DECLINED: "could not take this need before",
    Verdict.FULL: "took no more that day: it was full or paused",
}
LIMITED = "is asked after others: it has to assess first, or has not confirmed its capacity"
LOOK_AHEAD = timedelta(days=14)
NARROWNESS = ("its postcode area", "its district", "the county", "places elsewhere")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that keeps a service from being taken."""

    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What stands in the way of services for one need. `due_at` is None where opening times are not asked; `exact` is
    whether the load of the referral is the one that was decided with."""

    referral: Referral
    need: str
    due_at: datetime | None
    words: Words
    exact: bool

    def of(self, service: Service) -> tuple[Obstacle, ...]:
        """Everything, in the order in which a decision asks."""
        return (*self._standing(service), *(self._of_the_day(service) if self.exact else ()), *self._hours(service))

    def _standing(self, service: Service) -> Iterator[Obstacle]:
        case, who = self.referral.case, service.eligibility
        if not service.active:
            yield Obstacle(Verdict.NOT_ACTIVE, "is closed at present")
        if not who.accepts_age(case.age):
            ages = _ages(who.minimum_age, who.maximum_age)
            yield Obstacle(Verdict.AGE, f"accepts ages {ages}; given {self.words.age(case)}")
        if who.flags_any and who.flags_any.isdisjoint(case.flags):
            none = "none of these is ticked" if len(who.flags_any) > 1 else "this is not ticked"
            yield Obstacle(Verdict.CIRCUMSTANCES, f"is only for people with: {_flags(who.flags_any, 'or')}; {none}")
        if not who.flags_all <= case.flags:
            missing = f"not ticked: {_flags(who.flags_all - case.flags, 'and')}"
            missing = missing if len(who.flags_all) > 1 else "this is not ticked"
            yield Obstacle(Verdict.CIRCUMSTANCES, f"is only for people with: {_flags(who.flags_all, 'and')}; {missing}")
        if not who.flags_none.isdisjoint(case.flags):
            there = _flags(who.flags_none & case.flags, "and")
            yield Obstacle(
                Verdict.CIRCUMSTANCES, f"is not for people with: {_flags(who.flags_none, 'or')}; ticked: {there}"
            )

    def _of_the_day(self, service: Service) -> Iterator[Obstacle]:
        load = self.referral.load
        if service.id in load.declined_by.get(self.need, ()):
            silent = service.id in load.untold.get(self.need, ())
            said = (
                "was offered this need before and ran out of time before it knew" if silent else "had this need before"
            )
            yield Obstacle(Verdict.DECLINED, f"{said} and could not take it")
        if service.id in load.shut:
            yield Obstacle(Verdict.FULL, "takes nothing at present: it pauses, or said that it is full")
        elif load.remaining.get(service.id, 1) <= 0:
            places = load.places.get(service.id, service.capacity_per_day)
            of_places = f": 0 of {places} places left" if places else ""
            yield Obstacle(Verdict.FULL, f"is full today{of_places}")

    def _hours(self, service: Service) -> Iterator[Obstacle]:
        calendar, now = self.referral.county.deadlines.calendar, self.referral.received_at
        if self.due_at is None or service.hours.opens_between(now, self.due_at, calendar):
            return
        due = _when(self.due_at.astimezone(calendar.zone))
        opens = service.hours.first_open(self.due_at, self.due_at + LOOK_AHEAD, calendar)
        later = f"; opens {_when(opens.astimezone(calendar.zone))}" if opens else ""
        yield Obstacle(Verdict.CLOSED, f"does not open before the reply is due {due}{later}")


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks of one need's searches, put into words."""

    referral: Referral
    need: NeedDecision
    obstacles: Obstacles
    words: Words
    offered: int

    def looked(self, search: Search) -> Looked:
        """How a search went."""
        return Looked(
            district=search.district,
            place=self.words.district(search.district),
            offered=self.offered,
            tracks=tuple(self._waterfall(tried, search) for tried in search.tracks),
            service_id=search.service_id,
        )

    def said_of(self, service_id: str, search: Search) -> Passed | None:
        """What was said of one service, also where the decision kept but a part of a long list; None if not listed."""
        if self.obstacles.exact and self.need.need in self.referral.county.needs:
            need = self.referral.county.needs[self.need.need]
            search = look_at_all(need, self.need.priority, search.district, self.referral, short=sys.maxsize)
        return next(
            (
                self._passed(candidate, tried, search)
                for tried in search.tracks
                for candidate in tried.candidates
                if candidate.service_id == service_id
            ),
            None,
        )

    def _waterfall(self, tried: TrackTried, search: Search) -> Waterfall:
        passed = tuple(self._passed(candidate, tried, search) for candidate in tried.candidates)
        every = max(len(tried.candidates), sum(tried.tally.values()))
        if every == len(tried.candidates):
            gone = Counter(reason for each in tried.candidates if (reason := self._lost(each)) is not None)
        else:
            gone = Counter({verdict: count for verdict, count in tried.tally.items() if verdict in STEPS})
        return Waterfall(
            track=tried.track,
            label=self.words.track(tried.track),
            why=self.words.named(tried.rules) if tried.rules else "comes with the need",
            rules=tried.rules,
            listed=every,
            steps=tuple(Step(words, gone[verdict]) for verdict, words in STEPS.items() if gone[verdict]),
            eligible=every - gone.total(),
            taken=next((each.service_id for each in tried.candidates if each.verdict is Verdict.TAKEN), None),
            services=passed,
        )

    def _lost(self, candidate: Candidate) -> Verdict | None:
        """Why a service is not eligible; one that comes after the one that was taken may not have been either."""
        if candidate.verdict in STEPS:
            return candidate.verdict
        service = self.referral.county.services.get(candidate.service_id)
        if candidate.verdict is not Verdict.RANKED_AFTER or service is None:
            return None
        return next((obstacle.verdict for obstacle in self.obstacles.of(service)), None)

    def _passed(self, candidate: Candidate, tried: TrackTried, search: Search) -> Passed:
        service = self.referral.county.services.get(candidate.service_id)
        found = self.obstacles.of(service) if service else ()
        return Passed(
            service_id=candidate.service_id,
            service=self.words.service(candidate.service_id),
            verdict=candidate.verdict,
            reason=self._reason(candidate, found, tried, search),
            in_the_way=tuple(each.words for each in found),
        )

    def _reason(self, candidate: Candidate, found: tuple[Obstacle, ...], tried: TrackTried, search: Search) -> str:
        verdict = candidate.verdict
        if verdict in STEPS:
            told = next((each.words for each in found if each.verdict is verdict), None)
            return told or WITHOUT_NUMBERS.get(verdict, STEPS[verdict])
        if verdict is Verdict.LIMITED:
            return LIMITED
        if verdict is Verdict.TAKEN:
            return "the first that can take it"
        taken = next(each.service_id for each in tried.candidates if each.verdict is Verdict.TAKEN)
        return self.ranked_after(candidate.service_id, taken, tried.track, search.district)

    def ranked_after(self, service_id: str, taken: str, track: str, district: str | None) -> str:
        """What puts a service after the one that was taken (R54): the rule, rank, language, area or id."""
        county, place, language = self.referral.county, self.referral.facts.place, self.referral.language
        case = self.referral.case_at(district)
        row = first_that_holds(county.rules.tracks.get(self.need.need, ()), case)
        first = row.first if row and track in row.tracks else ()
        mine, theirs = (county.directory.listed(each, district, place.outcode) for each in (service_id, taken))
        if mine is None or theirs is None:
            return f"comes after {self.words.name(taken)}"
        return f"comes after {self.words.name(taken)}: {_order(mine, theirs, first, language)}"


def _order(later: Listed, sooner: Listed, first: tuple[str, ...], language: str) -> str:
    mine, theirs = later.order(language), sooner.order(language)
    if _place_in(first, sooner) < _place_in(first, later):
        return "the rule names that one first"
    if mine[0] != theirs[0]:
        return f"its rank is {mine[0]}, that one's {theirs[0]}"
    if mine[1] != theirs[1]:
        return f"that one speaks the person's language ({language})"
    if mine[2] != theirs[2]:
        return f"that one works for {NARROWNESS[theirs[2]]}, this one for {NARROWNESS[mine[2]]}"
    return "otherwise alike, and its id is later in the alphabet"


def _place_in(first: tuple[str, ...], entry: Listed) -> int:
    return first.index(entry.service.id) if entry.service.id in first else len(first)


def _ages(least: int | None, most: int | None) -> str:
    if most is None:
        return f"from {least}"
    return f"up to {most}" if least is None else f"{least} to {most}"


def _flags(codes: frozenset[str], joint: str) -> str:
    return listed(sorted(map(spoken, codes)), joint)


def _when(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b %H:%M}"
