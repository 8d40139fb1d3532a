"""Which services a question to the feed is about: the parameters of Open Referral UK."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import asin, cos, hypot, radians, sin, sqrt

from services.router.openreferral.publishing import GSS_URI, Row

EARTH_M = 6_371_000
OLDEST = 200


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a postcode is: the GSS code of its district; degrees where they are known."""

    district: str
    latitude: float | None = None
    longitude: float | None = None


Find = Callable[[str], Spot | None]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; None asks nothing. Times are "HH:MM", `day` is a weekday as "MO"."""

    search: str | None = None
    taxonomy_term_id: str | None = None
    taxonomy_id: str | None = None
    minimum_age: float | None = None
    maximum_age: float | None = None
    start_time: str | None = None
    end_time: str | None = None
    day: str | None = None

    def asks_for(self, service: Row) -> bool:
        """Whether a service, nested, is one of those."""
        return (
            self._has_the_words(service)
            and self._has_the_term(service)
            and (self.minimum_age is None or _number(service.get("minimum_age"), 0) >= self.minimum_age)
            and (self.maximum_age is None or _number(service.get("maximum_age"), OLDEST) <= self.maximum_age)
            and self._is_open(service)
        )

    def _has_the_words(self, service: Row) -> bool:
        if not self.search:
            return True
        organisation = service["organization"]
        assert isinstance(organisation, Mapping)
        terms = (term.get("name") for term in _terms(service))
        told = (service.get("name"), service.get("description"), organisation.get("name"), *terms)
        text = " ".join(str(each) for each in told).casefold()
        return all(word in text for word in self.search.casefold().split())

    def _has_the_term(self, service: Row) -> bool:
        """A term of a group stands for those in it."""
        wanted = [(self.taxonomy_term_id, ("id", "parent_id")), (self.taxonomy_id, ("taxonomy_id",))]
        return all(
            own is None or any(own in (term.get(key) for key in keys) for term in _terms(service))
            for own, keys in wanted
        )

    def _is_open(self, service: Row) -> bool:
        """Whether one entry of its hours begins, ends and falls as is asked."""
        if self.start_time is None and self.end_time is None and self.day is None:
            return True
        return any(
            (self.start_time is None or str(row["opens_at"]) >= self.start_time)
            and (self.end_time is None or _closing(row) <= self.end_time)
            and (self.day is None or self.day in str(row["byday"]).split(","))
            for row in _rows(service, "schedules")
        )


def is_near(place: Row, spot: Spot, areas: frozenset[str], metres: float | None) -> bool:
    """Whether a service at a place is there for whoever lives at `spot`: it works in one of the `areas` that the spot
    lies in, by their GSS codes, and the place is no further than `metres`. One without coordinates is near to none."""
    service, location = place["service"], place["location"]
    assert isinstance(service, Mapping)
    assert isinstance(location, Mapping)
    if not _covers(service, areas):
        return False
    if metres is None:
        return True
    latitude, longitude = location.get("latitude"), location.get("longitude")
    if latitude is None or longitude is None or spot.latitude is None or spot.longitude is None:
        return False
    return distance_m(float(latitude), float(longitude), spot.latitude, spot.longitude) <= metres


def distance_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two points given in degrees, along the ground."""
    one, two = radians(latitude), radians(other_latitude)
    east = sin(radians(other_longitude - longitude) / 2) * sqrt(cos(one) * cos(two))
    return 2 * EARTH_M * asin(min(1.0, hypot(sin((two - one) / 2), east)))


def _covers(service: Mapping[str, object], areas: frozenset[str]) -> bool:
    return any(str(row.get("uri", "")).removeprefix(GSS_URI) in areas for row in _rows(service, "service_areas"))


def _closing(row: Mapping[str, object]) -> str:
    closes = str(row["closes_at"])
    return "24:00" if closes == "00:00" else closes


def _terms(service: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for attribute in _rows(service, "attributes"):
        term = attribute["taxonomy_term"]
        assert isinstance(term, Mapping)
        yield term


def _rows(row: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
    rows = row[key]
    assert isinstance(rows, list)
    yield from rows


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
