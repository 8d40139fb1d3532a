"""Asking a service to confirm its capacity."""

from dataclasses import dataclass
from uuid import uuid5

from services.notifier.domain.notification import NAMESPACE, Channel, Offer, Purpose
from services.notifier.domain.planning import offer_notice
from services.notifier.ports import Transaction
from services.notifier.use_cases.planning import plan
from shared.events import ServiceUnconfirmed

# It waits behind everything that is about a person.
PRIORITY = "P4"


@dataclass(frozen=True, slots=True)
class PlanCapacityReminder:
    """One message to a service whose capacity nobody has confirmed for long."""

    async def __call__(self, tx: Transaction, event: ServiceUnconfirmed) -> None:
        """By e-mail; by text only where there is no address. Planned once for each step of each silence."""
        directory, now = await tx.directory(), await tx.present()
        email = directory.contact(event.service_id, Channel.EMAIL)
        text = directory.contact(event.service_id, Channel.SMS)
        channel = Channel.SMS if email is None and text is not None else Channel.EMAIL
        subject = uuid5(NAMESPACE, f"{event.service_id}|{event.step}|{event.confirmed_at.isoformat()}")
        asked = Offer(
            assignment_id=subject,
            referral_id=subject,
            reference="",
            service_id=event.service_id,
            service_name=event.service_name,
            priority=PRIORITY,
            needs=(),
            district=None,
            reply_by=event.decays_at,
            safe_contact_only=False,
        )
        await plan(tx, offer_notice(asked, channel, email or text, None, now, Purpose.CAPACITY), now)
