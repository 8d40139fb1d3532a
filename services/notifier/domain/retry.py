"""When a failed message is tried again, and when it is given up (N-08, N-10)."""

from datetime import datetime, timedelta

from services.notifier.domain.failure import Failure
from services.notifier.domain.notification import Notification, Purpose

SCHEDULE = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
RESEND_AFTER = timedelta(seconds=30)
RECALL_PATIENCE = timedelta(hours=4)
UNSURE_MAX = 1
# A fault on our side is mended without touching the message, so it waits like a passing one.
PASSING = frozenset({Failure.TRANSIENT, Failure.AUTH})


def give_up_at(notification: Notification) -> datetime:
    """The last instant at which a retry may begin: half the time between planning and the deadline (N-08).

    A recall has no deadline of its own; it is worth telling for four hours.
    """
    if notification.purpose is Purpose.RECALL:
        return notification.planned_at + RECALL_PATIENCE
    left = notification.offer.reply_by - notification.planned_at
    return notification.planned_at + max(left, timedelta()) / 2


def after_failure(sending: Notification, failure: Failure, now: datetime, jitter: float) -> Notification:
    """`sending` after its attempt failed: queued for another try, or failed.

    `jitter` is between 0 and 1 and spreads retries over the whole step (full jitter).
    """
    if failure is Failure.AMBIGUOUS:
        return (
            sending.failed(failure) if sending.unsure >= UNSURE_MAX else sending.postponed(failure, now + RESEND_AFTER)
        )
    if failure not in PASSING:
        return sending.failed(failure)
    try_at = now + SCHEDULE[min(sending.attempts, len(SCHEDULE)) - 1] * jitter
    return sending.failed(failure) if try_at > give_up_at(sending) else sending.postponed(failure, try_at)


def is_worth_sending(claimed: Notification) -> bool:
    """Whether a freshly claimed message may go: it may be resent once when nobody knows what became of it (N-10)."""
    return claimed.unsure <= UNSURE_MAX
