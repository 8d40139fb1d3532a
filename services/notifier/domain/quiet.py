"""When a contact wants to be left alone, by the clock on the wall in London (N-29 to N-32), and its digest's hour."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from services.notifier.domain.notification import TO_BE_ANSWERED, Channel, Notification
from services.notifier.domain.retry import URGENT
from shared.wording import LONDON

# Longer than any row of weekends and bank holidays.
LOOKS_AHEAD = timedelta(days=14)
SPREAD = timedelta(minutes=10)
GAP_MAX = timedelta(seconds=5)
# So long before its deadline a message leaves at the latest, quiet hours or not.
TO_ANSWER = timedelta(hours=4)
QUIET = "quiet_hours"
RELEASED = "released"
DIGEST = "digest"
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` to `ends` each night; with `days_off`, all day at weekends and on bank holidays too."""

    begins: time
    ends: time
    days_off: bool = True

    def are_at(self, at: datetime, bank_holidays: frozenset[date]) -> bool:
        """Whether the clock on the wall is within them; the last minute is outside."""
        local = at.astimezone(LONDON)
        if self.days_off and (local.weekday() >= SATURDAY or local.date() in bank_holidays):
            return True
        clock = local.time()
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def end_after(self, at: datetime, bank_holidays: frozenset[date]) -> datetime | None:
        """The first instant from `at` on that is outside; None when there is none within two weeks.

        They can end at `ends`, at midnight, and where the clocks change; of a time that comes twice, either may be it.
        """
        return next((edge for edge in self._edges_from(at) if not self.are_at(edge, bank_holidays)), None)

    def outside(self, at: datetime, bank_holidays: frozenset[date]) -> Iterator[tuple[datetime, datetime]]:
        """The spans from `at` on that are outside, for two weeks."""
        for begins, ends in pairwise(self._edges_from(at)):
            if not self.are_at(begins, bank_holidays):
                yield begins, ends

    def _edges_from(self, at: datetime) -> list[datetime]:
        """`at`, and every later instant at which they may begin or end."""
        first = at.astimezone(LONDON).date()
        days = [first + timedelta(days=day) for day in range(LOOKS_AHEAD.days + 1)]
        walls = [datetime.combine(day, clock, LONDON) for day in days for clock in (self.begins, self.ends)]
        edges = {wall.replace(fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1)}
        # Midnights and clock changes are on whole hours of UTC.
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        edges |= {hour + timedelta(hours=hours) for hours in range(24 * LOOKS_AHEAD.days)}
        return sorted({edge for edge in edges if edge > at} | {at})


@dataclass(frozen=True, slots=True)
class Arrangements:
    """When contacts are told what can wait. `quiet` and `digests` are by service id; a service that is not in `quiet`
    has the county's `default`, and None there means that it may be told at any time."""

    default: QuietHours | None = None
    quiet: Mapping[str, QuietHours | None] = field(default_factory=dict)
    digests: Mapping[str, time] = field(default_factory=dict)
    bank_holidays: frozenset[date] = frozenset()

    def quiet_until(self, service_id: str, at: datetime) -> datetime | None:
        """When the quiet hours that run at `at` end; None when there are none."""
        hours = self.quiet.get(service_id, self.default)
        if hours is None or not hours.are_at(at, self.bank_holidays):
            return None
        return hours.end_after(at, self.bank_holidays)

    def working_spans(self, service_id: str, at: datetime) -> Iterator[tuple[datetime, datetime]] | None:
        """When a service can be rung from `at` on, for two weeks: where it may be at any time, while the county works.
        None where that is so at any time too."""
        hours = self.quiet.get(service_id) or self.default
        return hours.outside(at, self.bank_holidays) if hours else None

    def night_until(self, at: datetime) -> datetime | None:
        """When the night that it is at `at` ends, for people at home: they may hear of something on days off."""
        night = self.default and replace(self.default, days_off=False)
        return night.end_after(at, frozenset()) if night and night.are_at(at, frozenset()) else None

    def digest_after(self, service_id: str, at: datetime) -> datetime | None:
        """The next instant after `at` at which a service gets its digest, never in its quiet hours, or None."""
        hour = self.digests.get(service_id)
        if hour is None:
            return None
        day = at.astimezone(LONDON).date()
        hours = (datetime.combine(day + timedelta(days=ahead), hour, LONDON).astimezone(UTC) for ahead in range(14))
        return next((one for one in hours if one > at and self.quiet_until(service_id, one) is None), None)


@dataclass(frozen=True, slots=True)
class Wait:
    """A message that can wait does so until `until`, for a reason: QUIET or DIGEST."""

    until: datetime
    reason: str


def wait_of(claimed: Notification, arrangements: Arrangements, now: datetime) -> Wait | None:
    """How long a message that was just claimed for the first time can wait; None when it goes at once.

    Only P3 and P4 wait, and never so long that the service could not answer in time: for a digest at most half of the
    time that it has, for the end of quiet hours as long as four hours are left. A digest lists what is to be answered.
    """
    offer = claimed.offer
    if offer.priority in URGENT or claimed.attempts > 1 or claimed.channel not in (Channel.EMAIL, Channel.SMS):
        return None
    half_time = claimed.planned_at + max(offer.reply_by - claimed.planned_at, timedelta()) / 2
    if claimed.channel is Channel.EMAIL and claimed.purpose in TO_BE_ANSWERED:
        digest_at = arrangements.digest_after(offer.service_id, now)
        if digest_at is not None and digest_at <= half_time:
            return Wait(digest_at, DIGEST)
    is_update = claimed.is_update
    quiet_until = arrangements.night_until(now) if is_update else arrangements.quiet_until(offer.service_id, now)
    latest = max(half_time, offer.reply_by - TO_ANSWER)
    return Wait(quiet_until, QUIET) if quiet_until is not None and quiet_until + SPREAD <= latest else None


def gap(count: int) -> timedelta:
    """What lies between two of `count` messages that leave as quiet hours end: at most 10 min for all (N-31)."""
    return min(SPREAD / max(count, 1), GAP_MAX)
