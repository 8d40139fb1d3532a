"""How long a call to a service may be left unmade, in the hours in which people work (N-20)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notifier.domain.clocks import PATIENCE, SAME_DAY, confirm_by
from services.notifier.domain.notification import Offer
from services.notifier.domain.quiet import Arrangements

Spans = Sequence[tuple[datetime, datetime]]


def call_by(offer: Offer, arrangements: Arrangements, at: datetime) -> datetime:
    """When a call that is awaited since `at` counts as not made, so that the next way is taken.

    At P1 and P2, by the clock. At P3 and P4 nights, weekends and bank holidays do not count: neither in the wait, nor
    in what is left to the deadline, of which it takes half at most.
    """
    spans = None if offer.priority in SAME_DAY else arrangements.working_spans(offer.service_id, at)
    if spans is None:
        return confirm_by(offer.priority, offer.reply_by, at)
    working = list(spans)
    left = sum((max(min(ends, offer.reply_by) - begins, timedelta()) for begins, ends in working), timedelta())
    wait = PATIENCE[offer.priority]
    # A deadline that has passed hurries nobody any more.
    return _after(min(wait, left / 2) if left else wait, working, at)


def _after(wait: timedelta, working: Spans, at: datetime) -> datetime:
    """When so much of the `working` time has gone by."""
    for begins, ends in working:
        if ends - begins >= wait:
            return begins + wait
        wait -= ends - begins
    return at + wait
