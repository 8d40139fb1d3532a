"""What of the directory is for everybody, in the words of HSDS 3.0 and its UK profile, nested as the API gives it."""

import re
from collections.abc import Iterator, Mapping
from datetime import date

from services.router.configuration.directory_schema import (
    AreaDoc,
    ListingDoc,
    LocationDoc,
    OrganisationDoc,
    ScheduleDoc,
    ServiceDoc,
)
from services.router.domain.assurance import Assurance
from services.router.domain.county import Need
from services.router.openreferral.source import Source

Row = dict[str, object]

GSS_URI = "http://statistics.data.gov.uk/id/statistical-geography/"
HOLIDAYS = {
    "open": "Open on public holidays as on other days.",
    "closed": "Closed on public holidays.",
    "as_sunday": "On public holidays open as on Sundays.",
}
# Ours, not the standard's: marked as local, as its rules of compliance ask.
ASSURANCE = "waymark_assurance"
# Where we know a thing from, such as "[announcement, 2.6]", is our note and for nobody else.
NOTE = re.compile(r"\s*\[[^\]]*\]")
TAXONOMY_NAME = "Needs"
TAXONOMY_DESCRIPTION = "The kinds of help that people ask for, in groups."


class Publisher:
    """The public rows of one directory. What is not named here goes nowhere: no referral inbox, no contact for notices,
    no number of places, no flag, rank or track, no basis, and nothing of a service without a listing.

    `base` is the address of the feed, without a slash at the end: where a service has no page of its own or its
    organisation's, it is the page that says what the service is.
    """

    def __init__(self, source: Source, base: str) -> None:
        self._source = source
        self._ids = source.ids
        self._base = base
        self._named = {district.code: district.name for district in source.county.districts.values()}
        self._named[source.county_code] = source.county_name

    def services(self, today: date) -> Iterator[Row]:
        """Every listed service, nested, in the order of the county's file."""
        return (self.row(organisation, service, today) for organisation, service in self._source.listed())

    def taxonomy(self) -> Row:
        """The one taxonomy: needs in groups."""
        return {
            "id": self._ids.taxonomy,
            "name": TAXONOMY_NAME,
            "description": TAXONOMY_DESCRIPTION,
            "version": self._source.partners.version,
        }

    def taxonomy_terms(self) -> Iterator[Row]:
        """The groups, then the needs; those alone that some listed service is there for."""
        offered = {need.code for _, service in self._source.listed() for need in self._source.needs_of(service)}
        needs = [need for need in self._source.county.needs.values() if need.code in offered]
        for group in dict.fromkeys(need.group for need in needs):
            yield self._term(group, self._source.county.groups[group], None)
        yield from (self._term(need.code, need.label, need.group) for need in needs)

    def _term(self, code: str, label: str, group: str | None) -> Row:
        parent = {} if group is None else {"parent_id": self._ids.need(group)}
        return {
            "id": self._ids.need(code),
            "code": code,
            "name": label,
            "term": label,
            "description": label if group is None else f"{self._source.county.groups[group]}: {label}",
            **parent,
            "taxonomy": TAXONOMY_NAME,
            "taxonomy_id": self._ids.taxonomy,
        }

    def service_id(self, doc: ServiceDoc) -> str:
        """The id of a service."""
        return self._ids.service(doc.id, doc.hsds_id)

    def row(self, organisation: OrganisationDoc, doc: ServiceDoc, today: date) -> Row:
        """One service, nested, as the public is or would be told of it."""
        own, listing = self.service_id(doc), doc.listing or ListingDoc()
        row: Row = {
            "id": own,
            "organization_id": self._ids.organisation(organisation.id, organisation.hsds_id),
            "name": _without_notes(doc.name),
            "description": _without_notes(doc.description),
            "url": listing.url or organisation.website or f"{self._base}/services/{own}",
            "email": listing.email,
            "status": doc.status,
            "fees": listing.fees,
            "accreditations": listing.accreditations,
            "minimum_age": doc.eligibility.minimum_age,
            "maximum_age": doc.eligibility.maximum_age,
            **self._assured(doc, today),
            "alert": listing.alert,
            "last_modified": doc.last_modified,
            "schedules": [self._schedule(own, schedule, doc.public_holidays) for schedule in doc.schedules],
            # Who is asked about places outside the county is for us to know.
            "service_areas": [self._area(own, area) for area in doc.service_areas if area.type != "elsewhere"],
            "service_at_locations": [self._at_location(own, location) for location in listing.locations],
            "languages": [self._language(own, code) for code in doc.languages if code != "any"],
            "phones": [
                _known({"id": self._ids.of("phone", own, each.number), **each.model_dump()}) for each in listing.phones
            ],
            "organization": self._organisation(organisation),
            "attributes": [self._attribute(own, need) for need in self._source.needs_of(doc)],
        }
        return _known(row)

    def _assured(self, doc: ServiceDoc, today: date) -> Row:
        """Who checked it when, unless that is too long ago to say so; and what it is worth."""
        assured = date.fromisoformat(doc.assured_date) if doc.assured_date else None
        worth = self._source.patience.of(assured, today)
        shown = worth in (Assurance.CURRENT, Assurance.DUE)
        return {
            "assured_date": doc.assured_date if shown else None,
            "assurer_email": doc.assurer_email if shown else None,
            ASSURANCE: worth.value,
        }

    def _organisation(self, doc: OrganisationDoc) -> Row:
        return _known(
            {
                "id": self._ids.organisation(doc.id, doc.hsds_id),
                "name": _without_notes(doc.name),
                "description": _without_notes(doc.description),
                "email": doc.public_email,
                "website": doc.website,
            }
        )

    def _schedule(self, service: str, doc: ScheduleDoc, holidays: str) -> Row:
        return {
            "id": self._ids.of("schedule", service, doc.byday, doc.opens_at, doc.closes_at),
            "service_id": service,
            "freq": doc.freq,
            "byday": doc.byday,
            "description": HOLIDAYS[holidays],
            "opens_at": doc.opens_at,
            # Midnight at the end of a day: the standard's times end at 23:59.
            "closes_at": "00:00" if doc.closes_at == "24:00" else doc.closes_at,
        }

    def _area(self, service: str, doc: AreaDoc) -> Row:
        row: Row = {"id": self._ids.of("service_area", service, doc.type, doc.code), "service_id": service}
        if doc.type in ("lad", "county"):
            name = doc.name or self._named.get(doc.code, doc.code)
            return {**row, "name": name, "uri": f"{GSS_URI}{doc.code}"}
        return {**row, "name": doc.name or doc.code, "extent": doc.code, "extent_type": "text"}

    def _at_location(self, service: str, doc: LocationDoc) -> Row:
        location = doc.hsds_id or self._ids.of("location", service, doc.name, doc.postcode)
        identifier = {"external_identifier": doc.uprn, "external_identifier_type": "UPRN"} if doc.uprn else {}
        return {
            "id": self._ids.of("service_at_location", service, location),
            "service_id": service,
            "location_id": location,
            "location": _known(
                {
                    "id": location,
                    "location_type": "physical",
                    "name": doc.name,
                    "latitude": doc.latitude,
                    "longitude": doc.longitude,
                    **identifier,
                    "addresses": [self._address(location, doc)],
                }
            ),
        }

    def _address(self, location: str, doc: LocationDoc) -> Row:
        return {
            "id": self._ids.of("address", location),
            "location_id": location,
            "address_1": doc.address,
            "city": doc.city,
            "state_province": self._source.county_name,
            "postal_code": doc.postcode,
            "country": "GB",
            "address_type": "physical",
        }

    def _language(self, service: str, code: str) -> Row:
        return {"id": self._ids.of("language", service, code), "service_id": service, "code": code}

    def _attribute(self, service: str, need: Need) -> Row:
        return {
            "id": self._ids.of("attribute", service, need.code),
            "link_id": service,
            "taxonomy_term_id": self._ids.need(need.code),
            "link_type": "service",
            "taxonomy_term": self._term(need.code, need.label, need.group),
        }


def listed_only(row: Mapping[str, object]) -> Row:
    """A service as lists have it: what there is once, without what it has several of."""
    return {key: value for key, value in row.items() if not isinstance(value, list)}


def _without_notes(text: str) -> str:
    return NOTE.sub("", text).strip()


def _known(row: Row) -> Row:
    """A row without what is not known; the standard has no null."""
    return {key: value for key, value in row.items() if value is not None}
