"""By when a need must be answered (R53), counted in the hours of the county's own contact centre."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from services.router.domain.hours import Calendar, Span
from services.router.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The contact centre's hours on working days and on others, and the four clocks.

    Times of day are minutes after local midnight; results are UTC instants.
    """

    calendar: Calendar
    weekday: Span
    other_day: Span
    last_minutes: int
    p1_minutes: int
    p2_due: int
    p3_due: int
    p3_working_days: int
    p4_working_days: int

    def in_hours(self, at: datetime) -> bool:
        """Whether the contact centre is open: the opening minute is inside, the closing minute outside."""
        opens, closes = self._hours(self.calendar.today(at))
        return opens <= at < closes

    def due_at(self, priority: Priority, received_at: datetime) -> datetime:
        """The moment by which a need of this priority, received then, must be answered."""
        received_at = received_at.astimezone(UTC)
        if priority == "P1":
            return received_at + timedelta(minutes=self.p1_minutes)
        if priority == "P2":
            return self._same_day(received_at)
        working_days = self.p3_working_days if priority == "P3" else self.p4_working_days
        day = self.calendar.working_days_after(self.calendar.today(received_at), working_days)
        return self.calendar.instant(day, self.p3_due)

    def _same_day(self, received_at: datetime) -> datetime:
        day = self.calendar.today(received_at)
        opens, closes = self._hours(day)
        if received_at < opens:
            return self.calendar.instant(day, self.p2_due)
        if received_at < closes - timedelta(minutes=self.last_minutes):
            return closes
        return self.calendar.instant(day + timedelta(days=1), self.p2_due)

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        span = self.weekday if self.calendar.is_working_day(day) else self.other_day
        return self.calendar.instant(day, span.opens), self.calendar.instant(day, span.closes)
