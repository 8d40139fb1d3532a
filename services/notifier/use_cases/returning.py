"""Telling a service that needs which it had passed on are with it again."""

from dataclasses import dataclass, replace

from services.notifier.domain.notification import Channel, Purpose
from services.notifier.domain.planning import offer_notice
from services.notifier.ports import Transaction
from services.notifier.use_cases.planning import ANSWERED, plan
from shared.events import AssignmentMoved
from shared.links import PROGRESS_LASTS

RETURN = "return"
# The first of these that the service has; a person rings only whom nothing else reaches.
WAYS = (Channel.EMAIL, Channel.SMS, Channel.PHONE)


@dataclass(frozen=True, slots=True)
class PlanReturn:
    """One message for each time that needs come back, to the service whose they are again."""

    async def __call__(self, tx: Transaction, event: AssignmentMoved) -> None:
        """Nothing where the assignment was taken back or the referral cancelled meanwhile."""
        reasons = await tx.closures.reasons((event.assignment_id, event.referral_id))
        told = await tx.notifications.of_assignment(event.assignment_id)
        if event.move != RETURN or not told or set(reasons.values()) - {ANSWERED}:
            return
        directory, now = await tx.directory(), await tx.present()
        contacts = (directory.contact(event.service_id, way) for way in WAYS)
        contact = next((each for each in contacts if each is not None), None)
        channel = contact.channel if contact else Channel.EMAIL
        back = replace(told[0].offer, reply_by=event.moved_at + PROGRESS_LASTS)
        # Each return makes a further version of the assignment.
        occasion = str(event.version)
        await plan(tx, offer_notice(back, channel, contact, None, now, Purpose.RETURNED, occasion), now)
