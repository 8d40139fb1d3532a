"""Confirming to a service that it has accepted, with the link by which it tells of the work."""

from dataclasses import dataclass, replace

from services.notifier.domain.notification import Channel, Purpose
from services.notifier.domain.planning import offer_notice
from services.notifier.ports import Transaction
from services.notifier.use_cases.planning import ACCEPTED, AWAITING_ANSWER, plan
from shared.events import AssignmentMoved
from shared.links import PROGRESS_LASTS


@dataclass(frozen=True, slots=True)
class ConfirmAcceptance:
    """One e-mail to a service that has accepted, however it did so: whoever has it finds the page of the work again."""

    async def __call__(self, tx: Transaction, event: AssignmentMoved) -> None:
        """Planned once. A service without an address gets none, and nor does one that must contact safely: what could
        be said (R59) would not help it."""
        if event.to_state != ACCEPTED or event.from_state not in AWAITING_ANSWER:
            return
        contact = (await tx.directory()).contact(event.service_id, Channel.EMAIL)
        # What the triage desk heard of the assignment is addressed to the desk.
        told = [each for each in await tx.notifications.of_assignment(event.assignment_id)
                if each.offer.service_id == event.service_id]  # fmt: skip
        if contact is None or not told or told[0].offer.safe_contact_only:
            return
        accepted = replace(told[0].offer, reply_by=event.moved_at + PROGRESS_LASTS)
        now = await tx.present()
        await plan(tx, offer_notice(accepted, Channel.EMAIL, contact, None, now, Purpose.CONFIRMATION), now)
