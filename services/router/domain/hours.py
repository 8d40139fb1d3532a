"""When a service is open: weekly hours in local time, public holidays, and both clock changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

MINUTES_OF_A_DAY = 24 * 60
SUNDAY = 6

HolidayHours = Literal["open", "closed", "as_sunday"]


@dataclass(frozen=True, slots=True)
class Span:
    """Open from one minute after local midnight up to, but not including, another; 1440 is the end of the day."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The county's time zone, and the days on which nobody works."""

    zone: tzinfo
    bank_holidays: frozenset[date]

    def today(self, at: datetime) -> date:
        """The local date of an aware instant."""
        return at.astimezone(self.zone).date()

    def instant(self, day: date, minute: int) -> datetime:
        """The UTC instant of a local wall-clock time.

        Everything is compared in UTC: Python compares two times of one zone by the clock on the wall, which goes wrong
        on the two days of the year when the clocks change.
        """
        if minute == MINUTES_OF_A_DAY:
            day, minute = day + timedelta(days=1), 0
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone).astimezone(UTC)

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday and not a bank holiday (R53)."""
        return day.weekday() < 5 and day not in self.bank_holidays

    def working_days_before(self, day: date, count: int) -> date:
        """The working day that comes `count` working days before `day`."""
        while count:
            day -= timedelta(days=1)
            count -= self.is_working_day(day)
        return day

    def working_days_after(self, day: date, count: int) -> date:
        """The working day that comes `count` working days after `day`."""
        while count:
            day += timedelta(days=1)
            count -= self.is_working_day(day)
        return day


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours of one service: seven days, Monday first, and what a bank holiday does to them (R56)."""

    week: tuple[tuple[Span, ...], ...]
    public_holidays: HolidayHours = "open"

    def spans(self, day: date, calendar: Calendar) -> tuple[Span, ...]:
        """When it is open on this day; a holiday `as_sunday` has Sunday's hours, and none if Sunday has none."""
        if day not in calendar.bank_holidays or self.public_holidays == "open":
            return self.week[day.weekday()]
        return () if self.public_holidays == "closed" else self.week[SUNDAY]

    def is_open(self, at: datetime, calendar: Calendar) -> bool:
        """Whether it is open at this moment; the closing minute is outside."""
        return any(opens <= at < closes for opens, closes in self._intervals(at, at, calendar))

    def opens_between(self, start: datetime, end: datetime, calendar: Calendar) -> bool:
        """Whether it is open at some moment after `start` and before `end`."""
        return self.first_open(start, end, calendar) is not None

    def first_open(self, start: datetime, end: datetime, calendar: Calendar) -> datetime | None:
        """The first moment from `start` and before `end` at which it is open; None where there is none."""
        intervals = self._intervals(start, end, calendar)
        return min(
            (max(start, opens) for opens, closes in intervals if max(start, opens) < min(end, closes)), default=None
        )

    def _intervals(self, start: datetime, end: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
        day, last = calendar.today(start), calendar.today(end)
        while day <= last:
            for span in self.spans(day, calendar):
                yield calendar.instant(day, span.opens), calendar.instant(day, span.closes)
            day += timedelta(days=1)
