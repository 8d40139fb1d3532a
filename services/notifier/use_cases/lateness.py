"""Telling the triage desk that a deadline has passed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.domain.clocks import SAME_DAY
from services.notifier.domain.directory import Contact, Directory
from services.notifier.domain.lateness import PURPOSES
from services.notifier.domain.notification import Channel, Offer
from services.notifier.domain.planning import offer_notice
from services.notifier.ports import Transaction
from services.notifier.use_cases.planning import ANSWERED, plan
from shared.events import AssignmentOverdue

# The deadline has passed already; tried again for half of this, like an offer until its own.
WORTH_TELLING_FOR = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class PlanLateNotice:
    """One e-mail for each time that a clock of an assignment runs out, and a text where it is urgent."""

    async def __call__(self, tx: Transaction, event: AssignmentOverdue) -> None:
        """Nothing where the assignment was taken back or has ended, or the referral was cancelled, meanwhile.

        A clock that was set again has another `due_at`, and so its messages are others.
        """
        purpose, desk = PURPOSES.get(event.clock), event.triage_desk
        reasons = await tx.closures.reasons((event.assignment_id, event.referral_id))
        if purpose is None or desk is None or set(reasons.values()) - {ANSWERED}:
            return
        directory, now = await tx.directory(), await tx.present()
        late, occasion = _late(event, desk, now), event.due_at.isoformat()
        email = _email(directory, desk, is_late_itself=event.service_id == desk)
        await plan(tx, offer_notice(late, Channel.EMAIL, email, None, now, purpose, occasion), now)
        text = directory.contact(desk, Channel.SMS)
        if text is not None and event.priority in SAME_DAY:
            await plan(tx, offer_notice(late, Channel.SMS, text, None, now, purpose, occasion), now)


def _email(directory: Directory, desk: str, *, is_late_itself: bool) -> Contact | None:
    """The desk's own inbox; its organisation's office where there is none, or where the desk itself is late."""
    own, office = directory.contact(desk, Channel.EMAIL), directory.office(desk)
    return (office or own) if is_late_itself else (own or office)


def _late(event: AssignmentOverdue, desk: str, now: datetime) -> Offer:
    """What is late, addressed to the desk; the name is that of the service that has it."""
    return Offer(
        assignment_id=event.assignment_id,
        referral_id=event.referral_id,
        reference=event.reference,
        service_id=desk,
        service_name=event.service_name,
        priority=event.priority,
        needs=event.needs,
        district=event.district,
        reply_by=now + WORTH_TELLING_FOR,
        safe_contact_only=event.safe_contact_only,
    )
