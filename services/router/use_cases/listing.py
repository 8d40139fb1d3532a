"""What another directory changes of what is known of services: when their capacity was last given, whom to tell."""

import hashlib
from dataclasses import dataclass

from services.router.domain.assignment import Actor
from services.router.domain.capacity import UNREACHABLE, Listing
from services.router.domain.county import County
from services.router.domain.directory import Service
from services.router.ports import Transaction

ROUTER = Actor("router", "router")


@dataclass(frozen=True, slots=True)
class NoteDirectory:
    """Compares the directory in force with the one that was noted before, service by service."""

    async def __call__(self, tx: Transaction) -> None:
        """The word on a service's capacity is as old as its entry is unchanged, however often others are loaded. Other
        addresses end a pause for want of one that can be used."""
        county, known = await tx.county(), await tx.confirmations.listed()
        loaded_at = await tx.confirmations.loaded_at()
        for service in county.services.values():
            before = known.get(service.id)
            is_same = before is not None and before.places == service.capacity_per_day
            since = before.since if before is not None and is_same else loaded_at
            now = Listing(service.id, service.capacity_per_day, _addresses(county, service), since)
            if now == before:
                continue
            await tx.confirmations.note(now)
            if before is not None and before.contact != now.contact:
                present = await tx.confirmations.present()
                await tx.pauses.resume(service.id, ROUTER, present, reason=UNREACHABLE)


def _addresses(county: County, service: Service) -> str:
    """Stands for all addresses by which a service can be told: a digest, so that they are kept nowhere else."""
    contact, office = service.contact, county.organisations[service.organization_id].email
    addresses = (contact.email, contact.sms, contact.phone, contact.portal, office)
    return hashlib.sha256("\n".join(each or "" for each in addresses).encode()).hexdigest()
