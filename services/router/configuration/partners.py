"""Organisations and services of a county, compiled from the file on partners."""

from collections.abc import Iterable
from dataclasses import replace

from services.router.configuration.codes import Codes, NeedCodes
from services.router.configuration.directory_schema import (
    AreaDoc,
    OrganisationDoc,
    PartnersDoc,
    ScheduleDoc,
    ServiceDoc,
)
from services.router.configuration.documents import PARTNERS, refused
from services.router.configuration.places import Places, span
from services.router.domain.directory import Areas, Contact, Eligibility, Organisation, Service
from services.router.domain.hours import Hours, Span

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def compile_partners(
    partners: PartnersDoc, needs: NeedCodes, tracks: Codes, flags: Codes, places: Places
) -> tuple[list[Organisation], list[Service]]:
    """Raises Refused for ids given twice and for unknown needs, tracks, flags and places."""
    organisations: dict[str, Organisation] = {}
    services: dict[str, Service] = {}
    weeks: dict[Hours, Hours] = {}
    for row in partners.organizations:
        if row.id in organisations:
            raise refused(f"{PARTNERS}: organisation {row.id!r}", "the id is given twice")
        organisations[row.id] = _organisation(row)
        for service in row.services:
            place = f"{PARTNERS}: service {service.id!r}"
            if service.id in services or service.organization_id != row.id:
                raise refused(place, f"the id is given twice, or organization_id is not {row.id!r}")
            made = _service(service, place, needs, tracks, flags, places)
            # Services of equal hours share one object, so that a decision looks at each week once.
            services[service.id] = replace(made, hours=weeks.setdefault(made.hours, made.hours))
    return list(organisations.values()), list(services.values())


def _organisation(row: OrganisationDoc) -> Organisation:
    return Organisation(row.id, row.name, row.kind, row.description, row.email, row.website)


def _service(row: ServiceDoc, place: str, needs: NeedCodes, tracks: Codes, flags: Codes, places: Places) -> Service:
    _check_contact(row, place)
    return Service(
        id=row.id,
        name=row.name,
        description=row.description,
        organization_id=row.organization_id,
        active=row.status == "active",
        track=tracks.one(row.track, f"{place}: track"),
        role=row.role,
        rank=row.rank,
        needs=frozenset(needs.matching(row.taxonomy_terms, f"{place}: taxonomy_terms")),
        areas=_areas(row.service_areas, f"{place}: service_areas", places),
        eligibility=_eligibility(row, flags, place),
        hours=Hours(_week(row.schedules, f"{place}: schedules"), row.public_holidays),
        capacity_per_day=row.capacity_per_day,
        notify_channels=tuple(row.notify_channels),
        languages=tuple(row.languages),
        contact=Contact(row.contact.email, row.contact.sms, row.contact.phone, row.contact.portal),
    )


def _eligibility(row: ServiceDoc, flags: Codes, place: str) -> Eligibility:
    rule, place = row.eligibility, f"{place}: eligibility"
    if rule.minimum_age is not None and rule.maximum_age is not None and rule.minimum_age > rule.maximum_age:
        raise refused(place, "minimum_age is above maximum_age")
    return Eligibility(
        minimum_age=rule.minimum_age,
        maximum_age=rule.maximum_age,
        flags_any=frozenset(flags.all(rule.flags_any, place)),
        flags_all=frozenset(flags.all(rule.flags_all, place)),
        flags_none=frozenset(flags.all(rule.flags_none, place)),
    )


def _areas(rows: Iterable[AreaDoc], place: str, places: Places) -> Areas:
    by_type: dict[str, set[str]] = {"lad": set(), "county": set(), "outcode": set(), "elsewhere": set()}
    for row in rows:
        by_type[row.type].add(row.code)
    if not by_type["county"] <= {places.county_code}:
        raise refused(place, f"the county's code is {places.county_code!r}")
    if not by_type["elsewhere"] <= {"*"}:
        raise refused(place, "the code of elsewhere is '*'")
    for code in by_type["lad"]:
        if not (len(code) == 9 and code[0].isalpha() and code[1:].isdigit()):
            raise refused(place, f"{code!r} is not the GSS code of a district")
    return Areas(
        districts=frozenset(places.renamed.get(code, code) for code in by_type["lad"]),
        outcodes=frozenset(by_type["outcode"]),
        county=bool(by_type["county"]),
        elsewhere=bool(by_type["elsewhere"]),
    )


def _week(rows: Iterable[ScheduleDoc], place: str) -> tuple[tuple[Span, ...], ...]:
    week: list[list[Span]] = [[] for _ in DAYS]
    for row in rows:
        hours = span(row.opens_at, row.closes_at, place)
        for day in row.byday.split(","):
            week[DAYS.index(day)].append(hours)
    return tuple(tuple(sorted(spans, key=lambda each: each.opens)) for spans in week)


def _check_contact(row: ServiceDoc, place: str) -> None:
    """Every channel needs an address, and with safe contact only the inbox or the phone may be used (R59)."""
    addresses = row.contact.model_dump()
    for channel in row.notify_channels:
        if not addresses[channel]:
            raise refused(f"{place}: notify_channels", f"{channel!r} is used, but the contact has none")
    if not {"portal", "phone"} & set(row.notify_channels):
        raise refused(f"{place}: notify_channels", "the portal or the phone is needed, for safe contact")
