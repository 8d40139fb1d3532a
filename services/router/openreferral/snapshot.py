"""The public directory of one version and one day, made once and then only looked into."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from services.router.domain.county import County
from services.router.openreferral.publishing import Publisher, Row, listed_only
from services.router.openreferral.source import Source


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the feed can answer. `modified` is when it last became different: a version came into force, or a
    check of some service's details became too old."""

    services: tuple[Row, ...]
    at_locations: tuple[Row, ...]
    taxonomy: Row
    terms: tuple[Row, ...]
    modified: datetime
    county: County
    county_code: str

    def service(self, own: str) -> Row | None:
        """One service, None if there is none with this id."""
        return _found(self.services, own)

    def at_location(self, own: str) -> Row | None:
        """One service at one place, with the service in it."""
        return _found(self.at_locations, own)

    def areas_of(self, district: str) -> frozenset[str]:
        """The GSS codes of the areas that a district, given by any code that it ever had, is or lies in."""
        code = self.county.present_code(district)
        return frozenset({code, self.county_code} if self.county.is_inside(code) else {code})

    def term(self, own: str) -> Row | None:
        """One term."""
        return _found(self.terms, own)


def snapshot(source: Source, base: str, loaded_at: datetime, today: date) -> Snapshot:
    """The public directory as it is on a local day; `base` is the address of the feed."""
    publisher = Publisher(source, base)
    services = tuple(publisher.services(today))
    zone = source.county.deadlines.calendar.zone
    changed = (
        source.patience.changed_on(date.fromisoformat(service.assured_date), today)
        for _, service in source.listed()
        if service.assured_date
    )
    midnights = [datetime.combine(day, time(), zone) for day in changed if day is not None]
    return Snapshot(
        services=services,
        at_locations=tuple(place for service in services for place in _places(service)),
        taxonomy=publisher.taxonomy(),
        terms=tuple(publisher.taxonomy_terms()),
        modified=max([loaded_at, *midnights]),
        county=source.county,
        county_code=source.county_code,
    )


def _places(service: Row) -> list[Row]:
    places = service["service_at_locations"]
    inner = {key: value for key, value in service.items() if key != "service_at_locations"}
    return [{**place, "service": inner} for place in places] if isinstance(places, list) else []


def listed_place(place: Row) -> Row:
    """A service at a place as lists have it: place and service with what there is once."""
    inner = {key: listed_only(value) for key, value in place.items() if isinstance(value, Mapping)}
    return {**place, **inner}


def _found(rows: tuple[Row, ...], own: str) -> Row | None:
    return next((row for row in rows if row["id"] == own), None)
