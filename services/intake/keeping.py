"""Storing what is new of a referral with its line in the timeline, and telling those who are to hear of it."""

from dataclasses import replace
from datetime import datetime

from services.intake.domain.people import newly_due
from services.intake.domain.progress import Progress, TimelineEntry
from services.intake.people import INTAKE, tell_people
from services.intake.ports import Transaction
from shared.events import ReferralCancelled
from shared.log import get_logger

log = get_logger()


async def stop(tx: Transaction, before: Progress, after: Progress, reason: str, at: datetime) -> None:
    """Tell the router that the referral is cancelled, and store it so."""
    event = ReferralCancelled(
        referral_id=after.id, reference=after.reference, sequence=after.sequence, reason=reason, cancelled_at=at
    )
    await tx.publish(event)
    await keep(tx, before, after, TimelineEntry(at, "cancelled", INTAKE, details={"reason": reason}))
    log.info("referral.cancelled", referral_id=str(after.id), reference=after.reference, reason=reason)


async def keep(tx: Transaction, before: Progress, after: Progress, entry: TimelineEntry) -> None:
    """Store what is new in `after`, and the entry whether or not it moved anything: it did happen. Who is to be told of
    a step that it reached is."""
    after = await tell_people(tx, after, newly_due(before, after, entry.at))
    if after == before:
        await tx.referrals.note(after.id, entry)
        return
    known = {*before.assignments, *before.notices}
    for assignment in after.assignments:
        if assignment not in known:
            await tx.referrals.save_assignment(after.id, assignment)
    for notice in after.notices:
        if notice not in known:
            await tx.referrals.save_notice(after.id, notice)
    await tx.referrals.save(after)
    has_moved = after.status is not before.status
    await tx.referrals.note(after.id, replace(entry, before=before.status, after=after.status) if has_moved else entry)
