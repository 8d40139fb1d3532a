"""Which services' details nobody has checked lately."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.router.domain.assurance import STALE, Assurance
from services.router.openreferral.source import Source


@dataclass(frozen=True, slots=True)
class Stale:
    """A service of ours, how little its last check is worth, and when and by whom that was; None is never. `source` is
    whose details they are, if they were imported."""

    service_id: str
    service_name: str
    organization_id: str
    organization_name: str
    worth: Assurance
    assured_date: date | None
    assurer_email: str | None
    source: str | None


def stale(source: Source, today: date) -> Iterator[Stale]:
    """Every service that is not defunct and wants checking, those that were never checked first, then the oldest."""
    found = []
    for organisation, service in source.services():
        assured = date.fromisoformat(service.assured_date) if service.assured_date else None
        worth = source.patience.of(assured, today)
        if worth in STALE and service.status != "defunct":
            names = service.id, service.name, organisation.id, organisation.name
            found.append(Stale(*names, worth, assured, service.assurer_email, service.source))
    return iter(sorted(found, key=lambda each: (each.assured_date or date.min, each.service_id)))
