"""Which services to try for a need at a place, in what order, and whom each of them accepts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import chain

from services.router.domain.bitsets import Bitsets, bitsets_of
from services.router.domain.conditions import Case, Field
from services.router.domain.directory import Areas, Eligibility, Organisation, Service
from services.router.domain.vocabulary import Verdict

OUTCODE, DISTRICT, COUNTY, ELSEWHERE = range(4)
"""How narrow an area is, narrowest first (R54)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A service that covers a need at a place, and how narrow the area is by which it does."""

    service: Service
    narrowness: int

    def order(self, language: str) -> tuple[int, bool, int, str]:
        """The order of R54: rank, then the person's language (an interpreter line does not count), area, id."""
        service = self.service
        return service.rank, language not in service.languages, self.narrowness, service.id


@dataclass(frozen=True, slots=True)
class Cell:
    """The services of one track for one need in one area, in the order of R54, and as bits whom each of them accepts.

    `fields` are those that the eligibility asks of; `speakers` has the rows that list a language, `nearer` those listed
    for an outcode too, which are in its own cell.
    """

    rows: tuple[Listed, ...]
    every: int
    active: int
    accepting: tuple[tuple[Verdict, Bitsets], ...]
    fields: frozenset[Field]
    speakers: Mapping[str, int]
    nearer: Mapping[str, int]

    def sift(self, rows: int, case: Case) -> tuple[int, list[tuple[Verdict, int]]]:
        """Of these rows those that accept a person, and the others by the first thing that stands in the way."""
        kept, refused = rows & self.active, []
        if kept != rows:
            refused.append((Verdict.NOT_ACTIVE, rows ^ kept))
        for verdict, conditions in self.accepting:
            before, kept = kept, kept & conditions.rows(case)
            if kept != before:
                refused.append((verdict, before ^ kept))
        return kept, refused

    def unsure(self, rows: int, case: Case) -> int:
        """Those of which nobody can tell whether they accept a person, while facts are missing."""
        certain = possible = rows & self.active
        for _, conditions in self.accepting:
            surely, maybe = conditions.judged(case)
            certain, possible = certain & surely, possible & maybe
        return possible & ~certain

    def among(self, rows: int) -> Iterator[Listed]:
        """These rows, in order."""
        while rows:
            bit = rows & -rows
            yield self.rows[bit.bit_length() - 1]
            rows ^= bit


def cell_of(listed: Iterable[Listed]) -> Cell:
    """Put services in order and work their conditions out once, so that a decision only looks things up."""
    rows = tuple(sorted(listed, key=lambda entry: entry.order("")))
    alike: dict[Eligibility, int] = defaultdict(int)
    for number, row in enumerate(rows):
        alike[row.service.eligibility] |= 1 << number
    asked = [(eligibility.conditions(), some) for eligibility, some in alike.items()]
    accepting = [(verdict, bitsets_of((each[verdict], some) for each, some in asked)) for verdict in asked[0][0]]
    return Cell(
        rows=rows,
        every=(1 << len(rows)) - 1,
        active=sum(1 << number for number, row in enumerate(rows) if row.service.active),
        accepting=tuple((verdict, bits) for verdict, bits in accepting if bits.tables),
        fields=frozenset(table.field for _, bits in accepting for table in bits.tables),
        speakers=_by_code(row.service.languages for row in rows),
        nearer=_by_code(row.service.areas.outcodes for row in rows),
    )


def _by_code(codes: Iterable[Iterable[str]]) -> Mapping[str, int]:
    """For each code the rows that have it."""
    by_code: dict[str, int] = defaultdict(int)
    for number, each in enumerate(codes):
        for code in each:
            by_code[code] |= 1 << number
    return dict(by_code)


Part = tuple[Cell, int]
"""Some rows of a cell: row n is bit n."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The services of one track for one need, as one person finds them: nearer ones, and those for the whole place."""

    parts: Sequence[Part]
    language: str
    first: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(rows.bit_count() for _, rows in self.parts)

    def sift(self, case: Case) -> tuple[list[Part], list[tuple[Verdict, Part]]]:
        """The services that accept a person, and the others by the first thing that stands in the way."""
        eligible, refused = [], []
        for cell, rows in self.parts:
            kept, others = cell.sift(rows, case)
            eligible.append((cell, kept))
            refused += [(verdict, (cell, some)) for verdict, some in others]
        return eligible, refused

    def in_order(self, parts: Iterable[Part]) -> Iterator[Listed]:
        """These services, whichever comes first for this person; no further than anybody asks."""
        streams = [cell.among(rows) for part in parts for cell, rows in self._runs(part)]
        if self.first:
            return iter(sorted(chain(*streams), key=self._order))
        return streams[0] if len(streams) == 1 else merge(*streams, key=self._order)

    def comes_before(self, part: Part, entry: Listed | None) -> bool:
        """Whether one of these services comes before that one; before none, all do."""
        if entry is None:
            return True
        if self.first:
            return self._order(next(self.in_order([part]))) < self._order(entry)
        return any(
            self._is_before(cell.rows[(rows & -rows).bit_length() - 1], entry) for cell, rows in self._runs(part)
        )

    def _runs(self, part: Part) -> Sequence[Part]:
        """The same services in parts of which each is in order: those who speak the person's language, and others."""
        cell, rows = part
        speaking = rows & cell.speakers.get(self.language, 0)
        if speaking == rows or not speaking:
            return (part,) if rows else ()
        return (cell, speaking), (cell, rows ^ speaking)

    def _order(self, entry: Listed) -> tuple[int, int, bool, int, str]:
        """Where it stands for this person: those of `first` before all others, then the order of R54."""
        service_id = entry.service.id
        named = self.first.index(service_id) if service_id in self.first else len(self.first)
        return named, *entry.order(self.language)

    def _is_before(self, entry: Listed, other: Listed) -> bool:
        ranks = entry.service.rank, other.service.rank
        return ranks[0] < ranks[1] or (ranks[0] == ranks[1] and entry.order(self.language) < other.order(self.language))

    def is_unsure(self, eligible: Iterable[Part], taken: Listed | None, case: Case) -> bool:
        """Whether facts are missing that could send a need to somebody else than these, or leave the one taken out."""
        if all(cell.fields.isdisjoint(case.doubts) for cell, _ in self.parts):
            return False
        conditions = taken.service.eligibility.conditions().values() if taken else ()
        lost = (
            (cell, cell.unsure(rows & ~kept, case))
            for (cell, rows), (_, kept) in zip(self.parts, eligible, strict=True)
        )
        return any(when.judge(case) is None for when in conditions) or any(
            rows and self.comes_before((cell, rows), taken) for cell, rows in lost
        )


NOWHERE = ""
"""The place of somebody whose district is not known: county-wide services only (R06)."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Directory:
    """All services, and for every need, track and place (a district, an outcode or NOWHERE) those that cover it.

    `with_outcodes` has each need and track for which some service works in single outcodes, `offering` how many offer a
    need anywhere.
    """

    organisations: Mapping[str, Organisation]
    services: Mapping[str, Service]
    districts: tuple[str, ...]
    cells: Mapping[Key, Cell]
    with_outcodes: frozenset[tuple[str, str]] = frozenset()
    offering: Mapping[str, int] = field(default_factory=dict)

    def shelf(self, need: str, track: str, district: str | None, outcode: str | None, language: str,
              first: tuple[str, ...] = ()) -> Shelf:  # fmt: skip
        """The services to try for a person; a service that is listed for the outcode counts as listed there."""
        wide = self.cells.get((need, track, district or NOWHERE))
        near = self.cells.get((need, track, outcode)) if district and outcode else None
        nearer = wide.nearer.get(outcode or "", 0) if wide and near else 0
        parts = [(near, near.every)] if near else []
        if wide:
            parts.append((wide, wide.every & ~nearer))
        return Shelf(parts, language, first)

    def listed(self, service_id: str, district: str | None, outcode: str | None) -> Listed | None:
        """One service as it is listed at a place; None where it does not work there."""
        service = self.services.get(service_id)
        places = _places(service.areas, self.districts) if service else {}
        place = outcode if district and outcode in places else district or NOWHERE
        return Listed(service, places[place]) if service and place in places else None

    def candidates(self, need: str, track: str, district: str | None, outcode: str | None, language: str,
                   first: tuple[str, ...] = ()) -> tuple[Listed, ...]:  # fmt: skip
        """All of them, in the order of R54, those of `first` before all others; inactive ones included."""
        shelf = self.shelf(need, track, district, outcode, language, first)
        return tuple(shelf.in_order(shelf.parts))


def directory_of(
    organisations: Iterable[Organisation],
    services: Iterable[Service],
    districts: Iterable[str],
    before: Directory | None = None,
) -> Directory:
    """Index a directory for the districts inside the county, given by their GSS codes.

    Of the one `before`, every cell is kept in which no service is new, gone or different.
    """
    districts = tuple(districts)
    if before is None or before.districts != districts:
        before = Directory({}, {}, districts, {})
    known = before.services
    now = {service.id: known[service.id] if known.get(service.id) == service else service for service in services}
    listed: dict[Key, list[Listed]] = defaultdict(list)
    for service in now.values():
        if known.get(service.id) is not service:
            for key, entry in _listings(service, districts):
                listed[key].append(entry)
    changed = {key for old in known.values() if now.get(old.id) is not old for key, _ in _listings(old, districts)}
    cells = dict(before.cells)
    for key in changed.union(listed):
        old = cells.pop(key).rows if key in cells else ()
        rows = [*(entry for entry in old if now.get(entry.service.id) is entry.service), *listed[key]]
        if rows:
            cells[key] = cell_of(rows)
    elsewhere = {(need, track) for need, track, place in cells if place not in (*districts, NOWHERE)}
    offering = Counter(need for service in now.values() for need in service.needs)
    return Directory(
        {each.id: each for each in organisations}, now, districts, cells, frozenset(elsewhere), dict(offering)
    )


def _listings(service: Service, districts: tuple[str, ...]) -> Iterator[tuple[Key, Listed]]:
    """Every cell to which a service belongs, with how narrow the area is that says so."""
    for place, narrowness in _places(service.areas, districts).items():
        entry = Listed(service, narrowness)
        for need in service.needs:
            yield (need, service.track, place), entry


def _places(areas: Areas, districts: tuple[str, ...]) -> dict[str, int]:
    """Where a service works, and how narrow the area is that says so."""
    places = dict.fromkeys(areas.outcodes, OUTCODE)
    if areas.county or areas.elsewhere:
        places[NOWHERE] = COUNTY if areas.county else ELSEWHERE
    for district in districts:
        if areas.county or district in areas.districts:
            places[district] = DISTRICT if district in areas.districts else COUNTY
    return places
