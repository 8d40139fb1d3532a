"""How long one way of telling a service has before the next is taken, and when a provider is asked (N-18, N-20)."""

from datetime import datetime, timedelta

# What has to be done today: told another way within minutes.
SAME_DAY = frozenset({"P1", "P2"})
PATIENCE = {
    "P1": timedelta(minutes=15),
    "P2": timedelta(minutes=15),
    "P3": timedelta(hours=1),
    "P4": timedelta(hours=4),
}
# Once more after a soft bounce (N-13).
AGAIN_SAME_DAY, AGAIN = timedelta(minutes=15), timedelta(hours=2)
ASK_SAME_DAY = timedelta(minutes=5)
ASK = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=73))
# After this nobody is asked any more.
ASK_LAST = ASK[-1]


def confirm_by(priority: str, reply_by: datetime, at: datetime) -> datetime:
    """When a message that left at `at` counts as unconfirmed.

    Never later than half of what is left to the deadline, so that any number of ways fit before it.
    """
    return at + _within(PATIENCE[priority], reply_by, at)


def again_at(priority: str, reply_by: datetime, at: datetime) -> datetime:
    """When a message that bounced softly at `at` is sent once more."""
    return at + _within(AGAIN_SAME_DAY if priority in SAME_DAY else AGAIN, reply_by, at)


def ask_at(priority: str, sent_at: datetime, after: datetime) -> datetime | None:
    """When a provider is next asked, after the instant `after`, what became of a message; None when no more."""
    steps = (ASK_SAME_DAY, *ASK) if priority in SAME_DAY else ASK
    return next((sent_at + step for step in steps if sent_at + step > after), None)


def _within(wait: timedelta, reply_by: datetime, at: datetime) -> timedelta:
    left = reply_by - at
    # A deadline that has passed hurries nobody any more.
    return min(wait, left / 2) if left > timedelta() else wait
