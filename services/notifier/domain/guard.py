"""How many texts one number may get in an hour: half of what the networks let through (N-38)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.domain.notice import wording
from services.notifier.domain.notification import Notification
from services.notifier.domain.retry import URGENT

PERIOD = timedelta(hours=1)
IDENTICAL_MAX, ANY_MAX = 10, 50
NUMBER_LIMIT = "number_limit"


@dataclass(frozen=True, slots=True)
class TextSent:
    """One text of the last hour to the same number; texts with the same `wording` and `reference` read the same."""

    wording: str
    reference: str
    at: datetime


def text_waits_until(claimed: Notification, before: Sequence[TextSent], now: datetime) -> datetime | None:
    """When a text may go after those `before` it; None when it may go now. What is urgent may use the other half."""
    times = 2 if claimed.offer.priority in URGENT else 1
    same = (wording(claimed), claimed.offer.reference)
    identical = [text for text in before if (text.wording, text.reference) == same]
    waits = [_frees_at(texts, limit * times) for texts, limit in ((identical, IDENTICAL_MAX), (before, ANY_MAX))]
    until = max((wait for wait in waits if wait is not None), default=None)
    return until if until is not None and until > now else None


def _frees_at(texts: Sequence[TextSent], limit: int) -> datetime | None:
    """When fewer than `limit` of `texts` are left within the hour."""
    times = sorted(text.at for text in texts)
    return times[len(times) - limit] + PERIOD if len(times) >= limit else None
