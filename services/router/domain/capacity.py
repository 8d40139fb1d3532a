"""How long a service's word on its capacity is believed, and what follows when nobody repeats it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.router.domain.assignment import Actor
from services.router.domain.directory import Service
from services.router.domain.hours import Calendar

# Why a service pauses of whose capacity nobody has spoken for too long.
UNCONFIRMED = "unconfirmed"
# Why one pauses to which nothing can be told.
UNREACHABLE = "unreachable"
REMINDED_AT = 9 * 60


class Availability(StrEnum):
    """What a service says of itself: OPEN takes what fits its places, LIMITED wants to be asked last, for it has to
    assess first; WAITLIST and FULL take nothing."""

    OPEN = "open"
    LIMITED = "limited"
    WAITLIST = "waitlist"
    FULL = "full"


TAKES_NOTHING = frozenset({Availability.WAITLIST, Availability.FULL})


class Step(StrEnum):
    """How far a word that nobody repeats has decayed: the service counts as LIMITED, then it is PAUSED."""

    LIMITED = "limited"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The last word on a service's capacity: `places` a day instead of the directory's, None is as many as there."""

    service_id: str
    availability: Availability
    places: int | None
    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Pausing:
    """A service that is offered nothing from `since` until `until`; None is until somebody resumes it."""

    service_id: str
    reason: str
    actor: Actor
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A service was asked at `at` to repeat what stands since `since`; without that it decays at `decays_at`."""

    service_id: str
    step: Step
    since: datetime
    at: datetime
    decays_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """What the directory says of a service: `places` a day, unchanged `since`, and a `contact` that stands for all of
    its addresses."""

    service_id: str
    places: int | None
    contact: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Waning:
    """A word on a service's capacity, given at `since`, and its reminders that nobody has answered; `since` is None
    where no word is needed any more."""

    service_id: str
    since: datetime | None
    reminders: tuple[Reminder, ...]


@dataclass(frozen=True, slots=True)
class Decay:
    """A county's patience: days until each step, and how many working days before it a service is reminded."""

    days: Mapping[Step, int]
    working_days_before: int

    def due(self, step: Step, since: datetime) -> datetime:
        """When a word given at `since` decays, if its service was reminded in time."""
        return since + timedelta(days=self.days[step])

    def reminds_at(self, step: Step, since: datetime, calendar: Calendar) -> datetime:
        """When its service is reminded: in the morning, so many working days before."""
        day = calendar.working_days_before(calendar.today(self.due(step, since)), self.working_days_before)
        return calendar.instant(day, REMINDED_AT)

    def reminder(self, service_id: str, step: Step, since: datetime, at: datetime, calendar: Calendar) -> Reminder:
        """The reminder sent at `at`; however late it is, the working days it promises are given."""
        day = calendar.working_days_after(calendar.today(at), self.working_days_before)
        decays_at = max(self.due(step, since), calendar.instant(day, REMINDED_AT))
        return Reminder(service_id, step, since, at, decays_at)


def is_watched(service: Service, confirmed: Mapping[str, Confirmation]) -> bool:
    """Whether a word on this service's capacity is needed: it counts places, or has once spoken of them."""
    return service.active and (service.capacity_per_day is not None or service.id in confirmed)
