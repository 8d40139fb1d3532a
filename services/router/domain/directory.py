"""Partners and what they offer, and which services to try for a need at a place, in what order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from services.router.domain.hours import Hours
from services.router.domain.vocabulary import Channel

AreaType = Literal["lad", "county", "outcode", "elsewhere"]

OUTCODE, DISTRICT, COUNTY, ELSEWHERE = range(4)
"""How narrow an area is, narrowest first (R54)."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whom a service accepts (R55): ages in years, both ends included; flags as ticked."""

    minimum_age: int | None = None
    maximum_age: int | None = None
    flags_any: frozenset[str] = frozenset()
    flags_all: frozenset[str] = frozenset()
    flags_none: frozenset[str] = frozenset()

    def accepts_age(self, age: int) -> bool:
        """Whether somebody of this age is accepted."""
        return (self.minimum_age is None or age >= self.minimum_age) and (
            self.maximum_age is None or age <= self.maximum_age
        )

    def accepts_flags(self, flags: frozenset[str]) -> bool:
        """Whether somebody of whom these flags are ticked is accepted."""
        return (
            (not self.flags_any or not self.flags_any.isdisjoint(flags))
            and self.flags_all <= flags
            and self.flags_none.isdisjoint(flags)
        )


@dataclass(frozen=True, slots=True)
class Areas:
    """Where a service works: GSS codes as they are now, outcodes, the whole county, and places outside or unknown."""

    districts: frozenset[str] = frozenset()
    outcodes: frozenset[str] = frozenset()
    county: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """How a service is reached; None where it is not."""

    email: str | None = None
    sms: str | None = None
    phone: str | None = None
    portal: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What an organisation offers, to whom, where and when. `needs` are single codes, patterns have been resolved."""

    id: str
    name: str
    description: str
    organization_id: str
    active: bool
    track: str
    role: str
    rank: int
    needs: frozenset[str]
    areas: Areas
    eligibility: Eligibility
    hours: Hours
    capacity_per_day: int | None
    notify_channels: tuple[Channel, ...]
    languages: tuple[str, ...]
    contact: Contact


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner of the county."""

    id: str
    name: str
    kind: str
    description: str
    email: str
    website: str | None


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
class Shelf:
    """The services of one track for one need at one place, in order for every language that makes a difference."""

    usual: tuple[Listed, ...]
    by_language: Mapping[str, tuple[Listed, ...]]

    def in_order(self, language: str) -> tuple[Listed, ...]:
        """Which to try first for a person who speaks this language."""
        return self.by_language.get(language, self.usual)


EMPTY = Shelf((), {})


def shelf_of(listed: Iterable[Listed]) -> Shelf:
    """Put services in order once, so that a decision only walks along them."""
    listed = tuple(listed)
    spoken = {language for entry in listed for language in entry.service.languages}
    orders = {language: tuple(sorted(listed, key=lambda entry: entry.order(language))) for language in spoken}
    usual = tuple(sorted(listed, key=lambda entry: entry.order("")))
    return Shelf(usual, {language: order for language, order in orders.items() if order != usual})


NOWHERE = ""
"""The place of somebody whose district is not known: county-wide services only (R06)."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Directory:
    """All services, and for every need, track and place those that cover it.

    `with_outcodes` has each need and track for which some service works in single outcodes.
    """

    organisations: Mapping[str, Organisation]
    services: Mapping[str, Service]
    by_district: Mapping[Key, Shelf]
    by_outcode: Mapping[Key, tuple[Listed, ...]]
    with_outcodes: frozenset[tuple[str, str]]

    def candidates(self, need: str, track: str, district: str | None, outcode: str | None, language: str,
                   first: tuple[str, ...] = ()) -> tuple[Listed, ...]:  # fmt: skip
        """The services to try, in the order of R54, those of `first` before all others; inactive ones included."""
        shelf = self.by_district.get((need, track, district or NOWHERE), EMPTY)
        nearer = self.by_outcode.get((need, track, outcode), ()) if district and outcode else ()
        if nearer:
            ids = {entry.service.id for entry in nearer}
            shelf = shelf_of((*nearer, *(entry for entry in shelf.usual if entry.service.id not in ids)))
        ordered = shelf.in_order(language)
        if not first:
            return ordered
        return tuple(sorted(ordered, key=lambda entry: _place_in(first, entry.service.id)))


def _place_in(first: tuple[str, ...], service_id: str) -> int:
    return first.index(service_id) if service_id in first else len(first)


def directory_of(
    organisations: Iterable[Organisation], services: Iterable[Service], districts: Iterable[str]
) -> Directory:
    """Index a directory for the districts inside the county, given by their GSS codes."""
    services = tuple(services)
    districts = tuple(districts)
    by_district: dict[Key, list[Listed]] = defaultdict(list)
    by_outcode: dict[Key, list[Listed]] = defaultdict(list)
    for service in services:
        places = _places(service.areas, districts)
        for need in service.needs:
            for place, narrowness in places:
                by_district[need, service.track, place].append(Listed(service, narrowness))
            for outcode in service.areas.outcodes:
                by_outcode[need, service.track, outcode].append(Listed(service, OUTCODE))
    return Directory(
        organisations={organisation.id: organisation for organisation in organisations},
        services={service.id: service for service in services},
        by_district={key: shelf_of(listed) for key, listed in by_district.items()},
        by_outcode={key: tuple(listed) for key, listed in by_outcode.items()},
        with_outcodes=frozenset((need, track) for need, track, _ in by_outcode),
    )


def _places(areas: Areas, districts: tuple[str, ...]) -> list[tuple[str, int]]:
    """Each place inside the county where the service works, with how narrow the area is that says so."""
    places = [
        (district, DISTRICT if district in areas.districts else COUNTY)
        for district in districts
        if areas.county or district in areas.districts
    ]
    if areas.county or areas.elsewhere:
        places.append((NOWHERE, COUNTY if areas.county else ELSEWHERE))
    return places
