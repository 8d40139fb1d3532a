"""Finding who takes a need: the product's index beside posting lists and a scan, with two kinds of predicates."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import quantiles

from bench.measuring import Ratio, at_least, at_most, compared, processor_time, same
from bench.predicates import read_off, refusal
from bench.synthetic import county_of, load_of, referrals_of
from services.router.configuration import load_county
from services.router.domain.basis import Basis
from services.router.domain.conditions import Case
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.directory import Service
from services.router.domain.explaining import Made, explain
from services.router.domain.facts import Facts
from services.router.domain.referral import Referral, open_referral
from services.router.domain.rule_set import TrackRow
from services.router.domain.selection import Wanted, tracks_to_try, try_shelf
from services.router.domain.vocabulary import Priority, Verdict

COUNTY = Path(__file__).parents[1] / "deploy" / "derbyshire"
SIZES = (120, 5_000, 100_000)
# Beside posting lists with compiled predicates, the quicker of the two.
GOALS = {
    "matching.posting-lists-generated.5000": at_least(5),
    "matching.posting-lists-generated.100000": at_least(40),
}
REFERRALS = 300
ROWS_SCANNED = 400_000

Refuses = Callable[[Case], Verdict | None]
Row = tuple[Service, Refuses]
Answer = tuple[str | None, Sequence[tuple[str, Mapping[Verdict, int], frozenset[Verdict]]]]
"""Who takes the need; and of each track that was tried the tally, and what came before whoever takes it."""


@dataclass(frozen=True)
class Question:
    """A need of a referral, as urgent as most are or (one in four) for the same day, and the tracks for it."""

    need: str
    priority: Priority
    referral: Referral
    tracks: Sequence[tuple[str, TrackRow]]

    def wanted(self) -> Wanted:
        """The need as the product looks for it, with nothing worked out yet."""
        due_at = self.referral.due_at(self.priority) if self.priority == "P2" else None
        return Wanted(self.referral.county.needs[self.need], self.referral, due_at)


def questions_of(county: County) -> list[Question]:
    """The needs of so many referrals."""
    load, desk = load_of(county), county.services[county.rules.triage_desk].track
    questions = []
    for number, facts in enumerate(referrals_of(county, REFERRALS)):
        referral = open_referral(facts, county, load)
        case = referral.case.at(county.short_code(referral.district), facts.place.outcode)
        for need in facts.needs:
            tracks = [(track, row) for track, row in tracks_to_try(county.needs[need], case, referral) if track != desk]
            questions.append(Question(need, "P3" if number % 4 else "P2", referral, tracks))
    return questions


def ours(question: Question) -> Answer:
    """The product's way along its shelves."""
    referral, wanted, tried = question.referral, question.wanted(), []
    place, directory = referral.facts.place, referral.county.directory
    for track, row in question.tracks:
        shelf = directory.shelf(question.need, track, referral.district, place.outcode, referral.language, row.first)
        found, taken = try_shelf(track, row.rules, shelf, wanted)
        tried.append((track, found.tally, frozenset(found.passed_over)))
        if taken is not None:
            return taken, tried
    return None, tried


class PostingLists:
    """For each need and district its services in order, and a predicate of each. The lists for an outcode and a
    language are put in order when they are first asked for, and kept: that is not measured."""

    def __init__(self, county: County, refusing: Callable[[Service], Refuses]) -> None:
        self.refusals = {service.id: refusing(service) for service in county.services.values()}
        self.by_need: dict[str, list[Service]] = defaultdict(list)
        for service in county.services.values():
            for need in service.needs:
                self.by_need[need].append(service)
        self.known: dict[tuple[str, str, str, str], Sequence[Row]] = {}

    def rows(self, need: str, referral: Referral) -> Sequence[Row]:
        """The services that cover a need where the person is, in the order of R54."""
        key = need, referral.district or "", referral.facts.place.outcode or "", referral.language
        if key not in self.known:
            self.known[key] = self.in_order(self.by_need[need], *key[1:])
        return self.known[key]

    def in_order(self, services: Sequence[Service], *place: str) -> Sequence[Row]:
        """Those of them that work at a place."""
        listed = [(order, service) for service in services if (order := placed(service, *place)) is not None]
        return [(service, self.refusals[service.id]) for _, service in sorted(listed, key=lambda pair: pair[0])]

    def __call__(self, question: Question) -> Answer:
        """The same way."""
        wanted, tried = question.wanted(), []
        for track, _ in question.tracks:
            taken, tally, over = self._along(track, self.rows(question.need, question.referral), wanted)
            tried.append((track, tally, over))
            if taken is not None:
                return taken, tried
        return None, tried

    def _along(
        self, track: str, rows: Sequence[Row], wanted: Wanted
    ) -> tuple[str | None, Mapping[Verdict, int], frozenset[Verdict]]:
        case = wanted.referral.case
        tally: dict[Verdict, int] = defaultdict(int)
        first: dict[Verdict, int] = {}
        eligible: list[tuple[int, Service]] = []
        for place, (service, refuses) in enumerate(rows):
            if service.track == track:
                why = refuses(case)
                if why is None:
                    eligible.append((place, service))
                else:
                    tally[why] += 1
                    first.setdefault(why, place)
        looked, at = look_along(eligible, wanted)
        for verdict in looked:
            tally[verdict] += 1
        if left := len(eligible) - len(looked):
            tally[Verdict.RANKED_AFTER] += left
        end = len(rows) if at is None else eligible[at][0]
        over = {why for why, place in first.items() if place < end}.union(looked) - {Verdict.TAKEN}
        return None if at is None else eligible[at][1].id, tally, frozenset(over)


class Scan(PostingLists):
    """Every service of the county is looked at for every need."""

    def rows(self, need: str, referral: Referral) -> Sequence[Row]:
        """The services that cover a need where the person is, in the order of R54."""
        offering = [service for service in referral.county.services.values() if need in service.needs]
        place = referral.facts.place.outcode or ""
        return self.in_order(offering, referral.district or "", place, referral.language)


def look_along(eligible: Sequence[tuple[int, Service]], wanted: Wanted) -> tuple[list[Verdict], int | None]:
    """The verdicts on these services up to the one that takes the need, and which one that is."""
    verdicts: list[Verdict] = []
    for place, (_, service) in enumerate(eligible):
        verdict = wanted.room(service)
        if verdict is Verdict.TAKEN and service.id not in wanted.referral.load.limited:
            return [*verdicts, verdict], place
        verdicts.append(Verdict.LIMITED if verdict is Verdict.TAKEN else verdict)
    if Verdict.LIMITED not in verdicts:
        return verdicts, None
    spare = verdicts.index(Verdict.LIMITED)
    return [*verdicts[:spare], Verdict.TAKEN], spare


def placed(service: Service, district: str, outcode: str, language: str) -> tuple[int, bool, int, str] | None:
    """Where a service stands among those that work at a place; None for one that does not."""
    areas = service.areas
    narrow = (outcode in areas.outcodes, district in areas.districts, areas.county)
    if True not in narrow:
        return None
    return service.rank, language not in service.languages, narrow.index(True), service.id


def measure(rounds: int) -> list[Ratio]:
    """Ours beside the others for each size of county, the largest beside the middle one, and whole decisions."""
    base = load_county(COUNTY)
    counties = {size: county_of(base, size) for size in SIZES}
    found = [ratio for county in counties.values() for ratio in _beside(county, rounds)]
    middle, largest = (questions_of(counties[size]) for size in SIZES[1:])
    growth, own, other = compared(lambda: [*map(ours, largest)], lambda: [*map(ours, middle)], rounds)
    note = f"{_micro(own, largest)} us a need, at 5,000 {_micro(other, middle)}"
    found.append(Ratio("matching.growth", growth, at_most(3), note))
    return [*found, *_decisions(counties)]


def _beside(county: County, rounds: int) -> Iterator[Ratio]:
    """How many times as long as ours each of the others takes."""
    questions, size = questions_of(county), len(county.services)
    few = questions[: ROWS_SCANNED // size]
    read = partial(partial, read_off)
    others: Sequence[tuple[str, PostingLists, Sequence[Question]]] = (
        ("posting-lists", PostingLists(county, read), questions),
        ("posting-lists-generated", PostingLists(county, refusal), questions),
        ("scan", Scan(county, read), few),
    )
    for name, other, asked in others:
        for question in asked:
            same(f"{name}, {size} services, {question.need}", ours(question), other(question))
        value, theirs, own = compared(partial(_all, other, asked), partial(_all, ours, asked), rounds)
        note = f"ours {_micro(own, asked)} us a need, theirs {_micro(theirs, asked)}"
        ratio = f"matching.{name}.{size}"
        yield Ratio(ratio, value, GOALS.get(ratio), note)


def _all(search: Callable[[Question], Answer], questions: Sequence[Question]) -> Sequence[Answer]:
    return [search(question) for question in questions]


def _micro(seconds: float, questions: Sequence[Question]) -> str:
    return f"{seconds / len(questions) * 1e6:.1f}"


def _decisions(counties: Mapping[int, County]) -> Iterator[Ratio]:
    """Whole decisions, one by one, without and with their explanation, by the median of the county as it is."""
    first: dict[str, float] = {}
    for size, county in counties.items():
        basis = Basis(load_of(county))
        for name, decided, count in (("decision", _decided, 1_000), ("explained", _explained, 100)):
            passes = (partial(decided, county, basis, facts) for facts in referrals_of(county, count))
            cuts = quantiles(map(processor_time, passes), n=100)
            note = (
                f"median {cuts[49] * 1e6:.0f} us, p99 {cuts[98] * 1e6:.0f} us of processor time, {1 / cuts[49]:,.0f}/s"
            )
            yield Ratio(f"matching.{name}.{size}", cuts[49] / first.setdefault(name, cuts[49]), None, note)


def _decided(county: County, basis: Basis, facts: Facts) -> object:
    return decide(facts, county, basis.load)


def _explained(county: County, basis: Basis, facts: Facts) -> object:
    return explain(Made(facts, county, decide(facts, county, basis.load), basis))
