"""Simulated time, and ids that a seed repeats."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID


@dataclass(slots=True)
class Hands:
    """The hands of a clock that somebody else moves; never back."""

    at: datetime

    def __call__(self) -> datetime:
        """The simulated instant, aware."""
        return self.at

    def move_to(self, at: datetime) -> None:
        """Go on to `at`, unless it has passed."""
        self.at = max(self.at, at)


@dataclass(frozen=True, slots=True)
class Ids:
    """UUIDv7 of simulated time (shared/clock.py), drawn from `chance`."""

    now: Hands
    chance: Random

    def __call__(self) -> UUID:
        """A fresh one."""
        milliseconds = int(self.now().timestamp() * 1000)
        noise = self.chance.getrandbits(74)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | (noise >> 62) << 64 | 0b10 << 62 | noise & (1 << 62) - 1)


def spread(chance: Random, least: timedelta, most: timedelta) -> timedelta:
    """A time between the two, short ones more often than long ones."""
    return least + (most - least) * chance.random() ** 2
