"""What the router's use cases need to know of the room that services have, and no more."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.router.domain.assignment import Actor
from services.router.domain.capacity import Confirmation, Listing, Pausing, Reminder


class Capacity(Protocol):
    """Places of a service's day, taken and given back by the database, also under races."""

    async def taken(self, day: date) -> Mapping[str, int]:
        """How many places of `day` are taken, by service."""

    async def take(self, day: date, places: Mapping[str, int], *, give_back: UUID | None = None) -> str | None:
        """Take a place of each service of `places`, which gives how many each has in a day, and return the place of the
        assignment `give_back`, if that took one.

        Where one of them is full, change nothing at all and answer which it was; None when all were taken.
        """

    async def give_back(self, assignment_id: UUID) -> None:
        """Return the place that an assignment took, if it took one."""


class Pauses(Protocol):
    """Services that are offered nothing for a while."""

    async def add(self, pausing: Pausing) -> None:
        """Keep a pause."""

    async def resume(self, service_id: str, actor: Actor, at: datetime, *, reason: str | None = None) -> None:
        """End whatever pause of a service is running, or only those for one reason."""

    async def running(self, at: datetime) -> Sequence[Pausing]:
        """The pauses that are not over at `at`, oldest first."""

    async def in_force(self, at: datetime) -> frozenset[str]:
        """The services that pause at `at`."""

    async def resumed(self, reason: str) -> Mapping[str, datetime]:
        """By service, when its last pause for this reason ended."""


class Confirmations(Protocol):
    """What services say of their capacity, and reminders to say it again."""

    async def add(self, word: Confirmation) -> None:
        """Keep the newest word of a service, which answers every reminder."""

    async def in_force(self) -> Mapping[str, Confirmation]:
        """The newest word of each service that ever gave one."""

    async def loaded_at(self) -> datetime:
        """When the directory in force was loaded."""

    async def listed(self) -> Mapping[str, Listing]:
        """What was noted of the directory, by service."""

    async def note(self, listing: Listing) -> None:
        """Note what the directory says of a service, in place of what it said before."""

    async def present(self) -> datetime:
        """The present instant by the database's clock."""

    async def open_reminders(self) -> Sequence[Reminder]:
        """The reminders that nobody has answered."""

    async def remind(self, reminder: Reminder) -> int:
        """Keep a reminder and answer how many its service has had; 0, and nothing is kept, when it had this one."""

    async def close(self, reminder: Reminder, at: datetime) -> bool:
        """End a reminder; False when somebody else has ended it."""
