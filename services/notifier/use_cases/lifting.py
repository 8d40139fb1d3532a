"""Using a contact again to which nothing was sent: its services can be told of offers once more."""

from dataclasses import dataclass
from uuid import uuid5

from services.notifier.domain.notification import NAMESPACE
from services.notifier.ports import Transaction
from shared.errors import NotFound
from shared.events import ServiceReachable


@dataclass(frozen=True, slots=True)
class LiftSuppression:
    """Send to a contact again, and tell so of each service that it belongs to."""

    async def __call__(self, tx: Transaction, contact: str, by: str, reason: str) -> None:
        """From now on; what was not sent meanwhile stays unsent. Raises NotFound when nothing kept it back."""
        now = await tx.present()
        if not await tx.suppressions.lift(contact, by, reason, now):
            raise NotFound("not-found", "Nothing keeps this contact back.")
        for service_id in (await tx.directory()).services_of(contact):
            sequence = await tx.next_sequence(uuid5(NAMESPACE, service_id))
            await tx.publish(
                ServiceReachable(service_id=service_id, sequence=sequence, contact=contact, lifted_by=by, lifted_at=now)
            )
