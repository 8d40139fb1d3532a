"""Keeping what providers report of messages, and applying it: once, forwards, whenever it comes (N-17, N-19, N-22)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.domain.arrival import BOUNCE_KINDS, Arrival, Report
from services.notifier.domain.notification import Notification, State
from services.notifier.ports import Transaction
from services.notifier.ports.receipts import Kept
from services.notifier.use_cases.telling import tell_bounced, tell_delivered, tell_unconfirmed

# How long a report waits for the attempt that it speaks of to be recorded.
PUT_OFF = timedelta(seconds=10)
HARD_BOUNCE, COMPLAINT = "hard_bounce", "complaint"


@dataclass(frozen=True, slots=True)
class KeepReports:
    """Stores reports as they come in; what they mean for the messages is applied afterwards."""

    async def __call__(self, tx: Transaction, *reports: Report) -> int:
        """How many were new: the same report comes as often as its provider likes."""
        now = await tx.present()
        return sum([await tx.receipts.add(report, now) for report in reports])


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """Moves a message, or all that one digest told, on by one report that was kept."""

    async def __call__(self, tx: Transaction, kept: Kept) -> str | None:
        """How the report ended: applied, quarantined, put_off; None when another worker has it."""
        now = await tx.present()
        report = kept.report
        meant = await tx.receipts.meant(report.message_id) if report.message_id else ()
        if not meant:
            return await _closed(tx, kept, "quarantined")
        if any(_is_on_its_way(message) for message in meant):
            await tx.receipts.put_off(kept.seq, now + PUT_OFF)
            return "put_off"
        if await _closed(tx, kept, "applied") is None:
            return None
        for message in meant:
            if report.is_complaint or report.arrival is Arrival.BOUNCED_HARD:
                reason = COMPLAINT if report.is_complaint else HARD_BOUNCE
                await tx.suppressions.add(message.recipient, reason, message.id, now)
            await _learn(tx, message, report, now)
        return "applied"


async def learn(tx: Transaction, notification: Notification, arrival: Arrival, at: datetime) -> Notification:
    """`notification`, locked by this transaction, after `arrival` became known at `at`; the others are told."""
    after = notification.learned(arrival, at)
    if after == notification:
        return notification
    await tx.notifications.save(after)
    # Nobody else acts on the arrival of anything but what services are told of referrals.
    if after.receipt is notification.receipt or after.is_update or not after.is_of_a_referral:
        return after
    if after.receipt is Arrival.DELIVERED:
        await tell_delivered(tx, after, at)
    elif after.receipt is Arrival.UNKNOWN:
        await tell_unconfirmed(tx, after, at, final=True)
    elif after.receipt is not None:
        await tell_bounced(tx, after, BOUNCE_KINDS[after.receipt], at)
    return after


async def _learn(tx: Transaction, notification: Notification, report: Report, now: datetime) -> None:
    if report.arrival is None:
        return
    # A copy sent before the present one may still arrive, but its failing says nothing of the present one.
    of_another = report.provider_id.startswith("notify:") and report.provider_id != notification.provider_reference
    if of_another and report.arrival is not Arrival.DELIVERED:
        return
    await learn(tx, notification, report.arrival, now)


async def _closed(tx: Transaction, kept: Kept, state: str) -> str | None:
    return state if await tx.receipts.close(kept.seq, state) else None


def _is_on_its_way(notification: Notification) -> bool:
    """Whether an attempt has yet to be recorded, of which the report may speak."""
    return notification.state is State.SENDING or (notification.state is State.QUEUED and notification.unsure > 0)
