"""The parts of a service as somebody else publishes it: hours, areas, premises, telephone numbers."""

import re
from collections.abc import Iterator, Mapping

from services.router.configuration.directory_schema import AreaDoc, LocationDoc, PhoneDoc, ScheduleDoc
from services.router.openreferral import untrusted
from services.router.openreferral.untrusted import Unusable

TIME = re.compile(r"(([01]\d|2[0-3]):[0-5]\d)(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?|24:00(:00)?")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
GSS = re.compile(r"[EJKNSW]\d{8}")
OUTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?")
NAME_MAX, LINE_MAX = 200, 500
Row = Mapping[str, object]


def schedule(row: Row) -> Iterator[ScheduleDoc]:
    """Weekly hours, as the clock on the wall shows them whatever zone is named. Raises Unusable for any others."""
    if row.get("freq") != "WEEKLY" or row.get("interval") not in (None, 1) or row.get("bymonthday"):
        raise Unusable("has hours that do not repeat every week")
    days = [each.strip() for each in untrusted.text(row.get("byday") or "", 40).upper().split(",")]
    if not days or not set(days) <= set(DAYS):
        raise Unusable("has hours without days of the week")
    opens, closes = _time(row.get("opens_at")), _time(row.get("closes_at"))
    closes = "24:00" if closes == "00:00" else closes
    if opens >= closes:
        raise Unusable("has hours that go past midnight; they need to be two entries")
    byday = ",".join(day for day in DAYS if day in days)
    yield ScheduleDoc(freq="WEEKLY", byday=byday, opens_at=opens, closes_at=closes)


def area(row: Row) -> Iterator[AreaDoc]:
    """A district or the county by its GSS code, or an outcode; what it is called is for us to know. Raises Unusable for
    any other area."""
    code = GSS.search(untrusted.text(row.get("uri") or "", LINE_MAX))
    if code is not None:
        yield AreaDoc(type="county" if code[0].startswith("E10") else "lad", code=code[0])
        return
    extent = untrusted.text(row.get("extent") or "", 10_000)
    if row.get("extent_type") == "text" and OUTCODE.fullmatch(extent):
        yield AreaDoc(type="outcode", code=extent)
        return
    raise Unusable("has an area without the GSS code of a district or county")


def phone(row: Row) -> Iterator[PhoneDoc]:
    """A telephone number as it is written. Raises Unusable unless it is digits and what stands between them."""
    number = untrusted.text(row.get("number"), 40)
    if not re.fullmatch(r"[+\d][\d ()-]{2,}( ?(x|ext\.?) ?\d+)?", number):
        raise Unusable("has something that is no telephone number")
    yield PhoneDoc(number=number, description=untrusted.text(row.get("description") or "", LINE_MAX) or None)


def location(row: Row) -> Iterator[LocationDoc]:
    """Premises with their address; a place without one, such as a web page, is none."""
    place = row.get("location")
    if not isinstance(place, Mapping) or place.get("location_type") == "virtual":
        return
    addresses = place.get("addresses")
    address = addresses[0] if isinstance(addresses, list) and addresses else None
    if not isinstance(address, Mapping):
        raise Unusable("has a place without an address")
    latitude, longitude = place.get("latitude"), place.get("longitude")
    uprn = untrusted.text(place.get("external_identifier") or "", 40)
    is_uprn = place.get("external_identifier_type") == "UPRN" and uprn.isascii() and uprn.isdecimal()
    line, city = _needed(address, "address_1"), _needed(address, "city")
    yield LocationDoc(
        hsds_id=untrusted.uuid(place.get("id")),
        name=untrusted.text(place.get("name") or "", NAME_MAX) or line,
        address=line,
        city=city,
        postcode=_needed(address, "postal_code").upper(),
        latitude=None if latitude is None else untrusted.degrees(latitude, 90),
        longitude=None if longitude is None else untrusted.degrees(longitude, 180),
        uprn=uprn if is_uprn and len(uprn) <= 12 else None,
    )


def _needed(row: Row, name: str) -> str:
    value = untrusted.text(row.get(name) or "", LINE_MAX)
    if not value:
        raise Unusable(f"has a place without {name}")
    return value


def _time(value: object) -> str:
    plain = untrusted.text(value, 40)
    if not TIME.fullmatch(plain):
        raise Unusable("has a time of day that is none")
    return plain[:5]
