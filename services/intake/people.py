"""Telling people how a referral goes: what is due, the address at the moment of sending, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from services.intake.domain.people import contact_for
from services.intake.domain.progress import Progress, TimelineEntry
from services.intake.domain.updates import NotToBeTold, Update
from services.intake.ports import Transaction
from shared.clock import Clock
from shared.events import UpdateDropped, UpdateDue, UpdateSent
from shared.log import get_logger

log = get_logger()
INTAKE, NOTIFIER = "intake", "notifier"
UpdateNews = UpdateSent | UpdateDropped


@dataclass(frozen=True, slots=True)
class DiscloseContact:
    """Give the address for one update, to be used at once and kept nowhere; the timeline has who asked for it."""

    now: Clock

    async def __call__(self, tx: Transaction, update_id: UUID) -> str:
        """An e-mail address or a mobile number. Raises NotFound, and NotToBeTold when it may no longer be told."""
        update = await tx.updates.get(update_id)
        progress = await tx.referrals.progress(update.referral_id)
        submission = await tx.referrals.submission(update.referral_id)
        try:
            address = contact_for(update, submission, progress, await tx.policy())
        except NotToBeTold as refusal:
            log.info("contact.refused", referral_id=str(progress.id), reason=refusal.reason)
            raise
        entry = TimelineEntry(self.now(), "contact_disclosed", INTAKE, details=_about(update) | {"to": NOTIFIER})
        await tx.referrals.note(progress.id, entry)
        log.info("contact.disclosed", referral_id=str(progress.id), channel=update.channel)
        return address


@dataclass(frozen=True, slots=True)
class RecordUpdate:
    """Note that the resident or the referrer was told, or why not."""

    async def __call__(self, tx: Transaction, event: UpdateNews) -> None:
        """Raises NotFound for an update that was never ours."""
        details = _about(await tx.updates.get(event.update_id))
        match event:
            case UpdateSent():
                entry = TimelineEntry(event.sent_at, "person_told", NOTIFIER, details=details)
            case UpdateDropped():
                reason = {"reason": event.reason}
                entry = TimelineEntry(event.dropped_at, "person_not_told", NOTIFIER, details=details | reason)
        await tx.referrals.note(event.referral_id, entry)


async def tell_people(tx: Transaction, progress: Progress, updates: Iterable[Update]) -> Progress:
    """Have each of `updates` told that was not due before; the referral with the numbers of the events counted."""
    for update in updates:
        if await tx.updates.add(update):
            progress = replace(progress, sequence=progress.sequence + 1)
            await tx.publish(_due(update, progress))
    return progress


def _due(update: Update, progress: Progress) -> UpdateDue:
    return UpdateDue(
        referral_id=progress.id,
        reference=progress.reference,
        sequence=progress.sequence,
        update_id=update.id,
        audience=update.audience.value,
        step=update.step.value,
        channel=update.channel,
        due_at=update.due_at,
    )


def _about(update: Update) -> dict[str, str]:
    return {"who": update.audience.value, "step": update.step.value, "channel": update.channel}
