"""Services as somebody else publishes them, read into what our files could hold; what cannot be read is refused."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from services.router.openreferral import untrusted
from services.router.openreferral.reading_parts import area, location, phone, schedule
from services.router.openreferral.untrusted import Unusable

T = TypeVar("T")
D = TypeVar("D", bound=BaseModel)
NAME_MAX, TEXT_MAX, LINE_MAX = 200, 5_000, 500
MANY = 100
STATUSES = frozenset({"active", "inactive", "defunct", "temporarily closed"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not taken over: of which service, by name, which field (None is all of it), and why."""

    service: str
    field: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class IncomingOrganisation:
    """An organisation, by the id of its source."""

    id: str
    name: str
    description: str
    website: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One service, by the id of its source. `fields` holds those that were given and could be read, in the terms of our
    files; `unknown_terms` the kinds of help that are not ours; `refusals` what could not be read, and why."""

    id: str
    organisation: IncomingOrganisation
    fields: Mapping[str, object]
    unknown_terms: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def name(self) -> str:
        """What the service is called."""
        return str(self.fields["name"])

    @property
    def last_modified(self) -> str | None:
        """When its source last changed it, in UTC; None if it does not say."""
        value = self.fields.get("last_modified")
        return str(value) if value is not None else None


@dataclass(slots=True)
class _Fields:
    """The fields of one row as they are read one by one."""

    row: Mapping[str, object]
    service: str
    found: dict[str, object] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def take(self, name: str, read: Callable[[object], object]) -> None:
        """Read a field if it is there and not empty."""
        value = self.row.get(name)
        if value is None or value == "" or value == []:
            return
        try:
            self.found[name] = read(value)
        except Unusable as error:
            self.refusals.append(Refusal(self.service, name, str(error)))


class ServiceReader:
    """Reads services. `need_of` gives the code of a need, or of all needs of a group, by the id of its term."""

    def __init__(self, need_of: Mapping[str, tuple[str, ...]]) -> None:
        self._need_of = need_of

    def read(self, row: object) -> Incoming:
        """One nested service. Raises Unusable when it cannot be taken over at all."""
        if not isinstance(row, Mapping):
            raise Unusable("is not an object")
        own = untrusted.uuid(row.get("id"))
        fields = _Fields(row, own)
        _required(fields, "name", lambda value: untrusted.text(value, NAME_MAX))
        fields.service = str(fields.found["name"])
        _required(fields, "status", _status)
        organisation = _organisation(row.get("organization"))
        _take_texts(fields)
        fields.take("schedules", lambda value: _sorted(_all(value, schedule)))
        fields.take("service_areas", lambda value: _sorted(_all(value, area)))
        fields.take("languages", _languages)
        fields.take("phones", lambda value: _all(value, phone))
        fields.take("service_at_locations", lambda value: _sorted(_all(value, location)))
        if str(fields.found.get("url", "")).endswith(f"/services/{own}"):
            # A feed's own page of a service that has no other: it says nothing.
            del fields.found["url"]
        needs, unknown = self._terms(row.get("attributes"))
        if needs:
            fields.found["taxonomy_terms"] = needs
        return Incoming(own, organisation, fields.found, unknown, tuple(fields.refusals))

    def _terms(self, attributes: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The needs that attributes name, and the names of other terms."""
        needs: set[str] = set()
        unknown: list[str] = []
        for attribute in _rows(attributes):
            term = attribute.get("taxonomy_term")
            inner: Mapping[str, object] = term if isinstance(term, Mapping) else {}
            own = str(attribute.get("taxonomy_term_id") or inner.get("id") or "").lower()
            if own in self._need_of:
                needs.update(self._need_of[own])
            elif (name := _text_or_none(inner.get("name"), NAME_MAX)) is not None:
                unknown.append(name)
        return tuple(sorted(needs)), tuple(dict.fromkeys(unknown[:MANY]))


def _required(fields: _Fields, name: str, read: Callable[[object], object]) -> None:
    try:
        value = read(fields.row.get(name))
    except Unusable as error:
        raise Unusable(f"its {name} {error}") from None
    if value == "":
        raise Unusable(f"its {name} is empty")
    fields.found[name] = value


def _take_texts(fields: _Fields) -> None:
    fields.take("description", lambda value: untrusted.text(value, TEXT_MAX))
    for name in ("fees", "accreditations", "alert"):
        fields.take(name, lambda value: untrusted.text(value, LINE_MAX))
    fields.take("url", untrusted.url)
    for name in ("email", "assurer_email"):
        fields.take(name, untrusted.email)
    for name in ("minimum_age", "maximum_age"):
        fields.take(name, untrusted.age)
    fields.take("assured_date", untrusted.day)
    fields.take("last_modified", untrusted.instant)


def _status(value: object) -> str:
    status = untrusted.text(value, 40)
    if status not in STATUSES:
        raise Unusable("is none of the standard's")
    return status


def _organisation(row: object) -> IncomingOrganisation:
    if not isinstance(row, Mapping):
        raise Unusable("its organization is missing")
    try:
        return IncomingOrganisation(
            id=untrusted.uuid(row.get("id")),
            name=untrusted.text(row.get("name"), NAME_MAX),
            description=_text_or_none(row.get("description"), TEXT_MAX) or "",
            website=_or_none(row.get("website"), untrusted.url),
            email=_or_none(row.get("email"), untrusted.email),
        )
    except Unusable as error:
        raise Unusable(f"its organization's id or name {error}") from None


def _languages(value: object) -> tuple[str, ...]:
    codes = {untrusted.text(row.get("code"), 10).lower() for row in _rows(value) if row.get("code")}
    if any(not (code.isascii() and code.isalpha() and 2 <= len(code) <= 3) for code in codes):
        raise Unusable("has a code that is no language's")
    if not codes:
        raise Unusable("has no codes")
    return tuple(sorted(codes))


def _all(value: object, read: Callable[[Mapping[str, object]], Iterable[T]]) -> tuple[T, ...]:
    """All parts of a list, or none of them: half of the hours would be wrong hours."""
    rows = tuple(_rows(value))
    if len(rows) > MANY:
        raise Unusable(f"has more than {MANY} entries")
    return tuple(dict.fromkeys(each for row in rows for each in read(row)))


def _sorted(parts: tuple[D, ...]) -> tuple[D, ...]:
    """In an order of our own: a source may tell the same hours in another order tomorrow."""
    return tuple(sorted(parts, key=lambda part: part.model_dump_json()))


def _rows(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, Mapping))


def _or_none(value: object, read: Callable[[object], str]) -> str | None:
    if value is None or value == "":
        return None
    try:
        return read(value)
    except Unusable:
        return None


def _text_or_none(value: object, limit: int) -> str | None:
    return _or_none(value, lambda each: untrusted.text(each, limit)) or None
