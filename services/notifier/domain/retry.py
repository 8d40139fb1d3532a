"""When a failed message is tried again, and when it is given up (N-08 to N-11)."""

from datetime import UTC, datetime, time, timedelta

from services.notifier.domain.failure import Failure
from services.notifier.domain.notification import Notification, Purpose

SCHEDULE = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
RATE_MIN, RATE_MAX = timedelta(seconds=2), timedelta(seconds=10)
# After an attempt that nobody knows the end of, the other side is asked 30 s and 120 s later (N-10).
RESEND_AFTER = timedelta(seconds=30)
LOOK_AGAIN_AFTER = timedelta(seconds=90)
RECALL_PATIENCE = timedelta(hours=4)
UNSURE_MAX = 1
# What may have waited for its time (quiet hours, a digest) has had no chance before: so often it is tried in any case.
TRIES_AT_LEAST = 4
# Providers count their days in UTC; five minutes are for their clock and ours.
CAP_ENDS = time(0, 5, tzinfo=UTC)
# What cannot wait until tomorrow: the offer's next channel or contact has to be used today.
URGENT = frozenset({"P1", "P2"})
# A fault on our side is mended without touching the message, so it waits like a passing one.
PASSING = frozenset({Failure.TRANSIENT, Failure.AUTH, Failure.RATE, Failure.DAILY_CAP})


def give_up_at(notification: Notification) -> datetime:
    """The last instant at which a retry may begin: half the time between planning and the deadline (N-08).

    A recall has no deadline of its own; it is worth telling for four hours.
    """
    if notification.purpose is Purpose.RECALL:
        return notification.planned_at + RECALL_PATIENCE
    left = notification.offer.reply_by - notification.planned_at
    return notification.planned_at + max(left, timedelta()) / 2


def after_failure(
    sending: Notification, failure: Failure, now: datetime, jitter: float, retry_after: timedelta | None = None
) -> Notification:
    """`sending` after its attempt failed: queued for another try, or failed.

    `jitter` is between 0 and 1 and spreads retries over the whole step (full jitter); `retry_after` is the least wait
    that the other side asked for.
    """
    if failure is Failure.AMBIGUOUS:
        return (
            sending.failed(failure) if sending.unsure >= UNSURE_MAX else sending.postponed(failure, now + RESEND_AFTER)
        )
    if failure is Failure.ABSENT:
        return sending.postponed(failure, now + LOOK_AGAIN_AFTER)
    if failure not in PASSING or (failure is Failure.DAILY_CAP and sending.offer.priority in URGENT):
        return sending.failed(failure)
    try_at = _try_at(sending, failure, now, jitter, retry_after)
    if try_at > give_up_at(sending) and not _is_owed_another(sending, now, try_at):
        return sending.failed(failure)
    return sending.postponed(failure, try_at)


def is_worth_sending(claimed: Notification) -> bool:
    """Whether a freshly claimed message may go: it may be resent once when nobody knows what became of it (N-10)."""
    return claimed.unsure <= UNSURE_MAX


def _is_owed_another(sending: Notification, now: datetime, try_at: datetime) -> bool:
    """Whether a message that can wait has had so few tries that the next one, which is soon, still comes: a mail server
    that asks for a second delivery must not cost it its channel."""
    if sending.offer.priority in URGENT or sending.attempts >= TRIES_AT_LEAST:
        return False
    in_time = sending.purpose is Purpose.RECALL or try_at < sending.offer.reply_by
    return in_time and try_at - now <= SCHEDULE[TRIES_AT_LEAST - 1]


def _try_at(
    sending: Notification, failure: Failure, now: datetime, jitter: float, retry_after: timedelta | None
) -> datetime:
    if failure is Failure.DAILY_CAP:
        return cap_ends(now)
    if failure is Failure.RATE:
        return now + (RATE_MIN + (RATE_MAX - RATE_MIN) * jitter if retry_after is None else retry_after)
    step = SCHEDULE[min(sending.attempts, len(SCHEDULE)) - 1] * jitter
    return now + max(step, retry_after or timedelta())


def cap_ends(now: datetime) -> datetime:
    """The next 00:05 UTC (N-11)."""
    today = datetime.combine(now.astimezone(UTC).date(), CAP_ENDS)
    return today if now < today else today + timedelta(days=1)
