"""How long silence may last: the clocks of an assignment, when each rings, and what then happens (R53, R60)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.router.domain.assignment import AWAITING_ANSWER, State
from services.router.domain.hours import Calendar, Hours
from services.router.domain.vocabulary import Priority

# A service that does not open within this time is not waited for by its hours.
LONGEST_CLOSURE_DAYS = 14


class Kind(StrEnum):
    """What is waited for: an answer to the offer, the first contact with the resident, or that somebody looks at how
    it goes, so that whatever is live has a next clock."""

    RESPOND = "respond"
    FIRST_CONTACT = "first_contact"
    REVIEW = "review"


class ClockState(StrEnum):
    """RUNNING until it rings; WARNED after the one reminder; BREACHED when it rang in vain; STOPPED in time."""

    RUNNING = "running"
    WARNED = "warned"
    BREACHED = "breached"
    STOPPED = "stopped"


TICKING = frozenset({ClockState.RUNNING, ClockState.WARNED})


class Ring(StrEnum):
    """What follows when a clock rings."""

    REMIND = "remind"
    EXPIRE = "expire"
    TELL = "tell"
    TELL_AND_WAIT_AGAIN = "tell_and_wait_again"


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of an assignment; it rings at `due_at` while it is ticking. `step` counts its rings from 1."""

    assignment_id: UUID
    kind: Kind
    due_at: datetime
    step: int = 1
    state: ClockState = ClockState.RUNNING


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait: `minutes`, `open_minutes` of the service's opening time, or until `by` (minutes after local
    midnight, None is the same time of day) on the working day that comes `working_days` after."""

    minutes: int = 0
    open_minutes: int = 0
    working_days: int = 0
    by: int | None = None

    def ends(self, since: datetime, hours: Hours | None, calendar: Calendar) -> datetime:
        """The UTC instant at which it is over. Without `hours` the service counts as always open."""
        since = since.astimezone(UTC)
        if self.working_days:
            return self._on_a_working_day(since, calendar)
        if self.open_minutes:
            return _opened_for(timedelta(minutes=self.open_minutes), since, hours, calendar)
        return since + timedelta(minutes=self.minutes)

    def _on_a_working_day(self, since: datetime, calendar: Calendar) -> datetime:
        day = calendar.working_days_after(calendar.today(since), self.working_days)
        local = since.astimezone(calendar.zone)
        if self.by is not None:
            return calendar.instant(day, self.by)
        into_minute = timedelta(seconds=local.second, microseconds=local.microsecond)
        return calendar.instant(day, local.hour * 60 + local.minute) + into_minute


Chase = Mapping[Priority, Wait]


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which an offer has to be answered (R53): from when it was made, or from when its service next opens
    where that comes before it is due."""

    begins: datetime
    due_at: datetime

    @classmethod
    def of(cls, offered_at: datetime, due_at: datetime, hours: Hours | None, calendar: Calendar) -> "Window":
        """Without `hours` the service counts as always open."""
        opens = hours.first_open(offered_at, due_at, calendar) if hours else None
        return cls(opens or offered_at, due_at)

    def within(self, ends: datetime, since: datetime) -> datetime:
        """When a wait that began at `since` is over: at `ends`, or before half of what was left has passed. So the
        reminder comes in the first half and the end in the third quarter, and whoever is asked then has a quarter.
        Once the offer is overdue nothing hurries any more."""
        if since >= self.due_at:
            return ends
        begins = max(since, self.begins)
        return min(ends, begins + (self.due_at - begins) / 2)


def ring_of(clock: Clock, *, at_desk: bool) -> Ring:
    """What follows when `clock` rings: one reminder, then the offer has expired; at the triage desk nothing expires. A
    review comes round again for as long as the assignment is live."""
    if clock.kind is Kind.REVIEW:
        return Ring.TELL_AND_WAIT_AGAIN
    if clock.kind is Kind.FIRST_CONTACT:
        return Ring.TELL
    if clock.state is ClockState.RUNNING:
        return Ring.REMIND
    return Ring.TELL if at_desk else Ring.EXPIRE


def stopped_by(state: State) -> tuple[Kind, ...]:
    """The clocks that stop when an assignment is in this state."""
    if state in AWAITING_ANSWER:
        return ()
    if state is State.CONTACTED:
        return Kind.RESPOND, Kind.FIRST_CONTACT
    return (Kind.RESPOND,) if state is State.ACCEPTED else tuple(Kind)


def _opened_for(span: timedelta, since: datetime, hours: Hours | None, calendar: Calendar) -> datetime:
    """When the service will have been open for `span` in all."""
    if hours is None:
        return since + span
    left, cursor, day = span, since, calendar.today(since)
    for _ in range(LONGEST_CLOSURE_DAYS):
        for opening in sorted(hours.spans(day, calendar), key=lambda each: each.opens):
            opens = max(cursor, calendar.instant(day, opening.opens))
            closes = calendar.instant(day, opening.closes)
            if closes - opens >= left:
                return opens + left
            if closes > opens:
                left, cursor = left - (closes - opens), closes
        day += timedelta(days=1)
    return since + span
