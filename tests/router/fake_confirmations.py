"""The store of words on capacity, in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.router.domain.capacity import Confirmation, Listing, Reminder, Step

LOADED_AT = datetime(2026, 3, 1, tzinfo=UTC)
Key = tuple[str, Step, datetime]


def _key(reminder: Reminder) -> Key:
    return reminder.service_id, reminder.step, reminder.since


@dataclass
class FakeConfirmations:
    """Words by service, and reminders with whether each is closed; `now` is the clock of the store."""

    words: dict[str, Confirmation] = field(default_factory=dict)
    reminders: dict[Key, Reminder] = field(default_factory=dict)
    closed: set[Key] = field(default_factory=set)
    listings: dict[str, Listing] = field(default_factory=dict)
    now: datetime = LOADED_AT

    async def add(self, word: Confirmation) -> None:
        self.words[word.service_id] = word
        self.closed |= {key for key in self.reminders if key[0] == word.service_id}

    async def in_force(self) -> Mapping[str, Confirmation]:
        return dict(self.words)

    async def loaded_at(self) -> datetime:
        return LOADED_AT

    async def listed(self) -> Mapping[str, Listing]:
        return dict(self.listings)

    async def note(self, listing: Listing) -> None:
        self.listings[listing.service_id] = listing

    async def present(self) -> datetime:
        return self.now

    async def open_reminders(self) -> Sequence[Reminder]:
        return sorted(
            (each for key, each in self.reminders.items() if key not in self.closed), key=lambda each: each.service_id
        )

    async def remind(self, reminder: Reminder) -> int:
        if _key(reminder) in self.reminders:
            return 0
        self.reminders[_key(reminder)] = reminder
        return sum(key[0] == reminder.service_id for key in self.reminders)

    async def close(self, reminder: Reminder, at: datetime) -> bool:
        was_open = _key(reminder) in self.reminders.keys() - self.closed
        self.closed.add(_key(reminder))
        return was_open
