"""How fast one provider may be used: a bucket of sends that shrinks when the provider complains (N-09)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Receipt
from services.notifier.ports import Sender
from shared.clock import Clock

LOWERED_TO = 0.8
RECOVERS_PER_MINUTE = 0.05
SHARE_MIN = 0.05
# Complaints about sends that left together are one complaint.
LOWER_AT_MOST_EVERY = timedelta(seconds=1)
# Longer waits go back into the queue, so that a recall can still stop the message.
WAIT_MAX_S = 5.0

M = TypeVar("M")
R = TypeVar("R")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class Pace:
    """`per_second` sends in the long run, `burst` at once. One for each provider and process, shared by its lanes."""

    per_second: float
    burst: float
    now: Clock
    sleep: Sleep = asyncio.sleep
    _share: float = field(default=1.0, init=False)
    _left: float = field(init=False)
    _at: datetime = field(init=False)
    _lowered_at: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.burst, self.now()

    @property
    def current_per_second(self) -> float:
        """What is allowed at present."""
        self._refill()
        return self.per_second * self._share

    async def turn(self) -> None:
        """Wait until a send is allowed. Raises SendFailed(RATE), and takes nothing, when that would be too long."""
        self._refill()
        wait_s = max(0.0, (1 - self._left) / (self.per_second * self._share))
        if wait_s > WAIT_MAX_S:
            raise SendFailed(Failure.RATE, "own-limit", timedelta(seconds=wait_s))
        self._left -= 1
        if wait_s:
            await self.sleep(wait_s)

    def lower(self) -> None:
        """The provider said that this was too fast: a fifth less, and nothing of what was saved up."""
        self._refill()
        if self._lowered_at is None or self._at - self._lowered_at >= LOWER_AT_MOST_EVERY:
            self._share = max(self._share * LOWERED_TO, SHARE_MIN)
            self._left = min(self._left, 0.0)
            self._lowered_at = self._at

    def _refill(self) -> None:
        now = self.now()
        passed_s = max(0.0, (now - self._at).total_seconds())
        self._left = min(self.burst, self._left + passed_s * self.per_second * self._share)
        self._share = min(1.0, self._share + passed_s / 60 * RECOVERS_PER_MINUTE)
        self._at = now


@dataclass(frozen=True, slots=True)
class Paced(Generic[M]):
    """A sender that keeps to its provider's pace."""

    sender: Sender[M]
    pace: Pace

    async def send(self, message: M) -> Receipt:
        """Send in turn. Raises what the sender raises, and SendFailed(RATE) when its turn is too far off."""
        await self.pace.turn()
        return await self._heeding(self.sender.send(message))

    async def find(self, message_id: UUID) -> Receipt | None:
        """Asking counts like sending."""
        await self.pace.turn()
        return await self._heeding(self.sender.find(message_id))

    async def rest(self) -> None:
        """Let go of connections."""
        await self.sender.rest()

    async def _heeding(self, asked: Awaitable[R]) -> R:
        try:
            return await asked
        except SendFailed as failed:
            if failed.failure is Failure.RATE:
                self.pace.lower()
            raise
