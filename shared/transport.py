"""The seam between a service and whatever carries its events: a broker, or nothing at all in one process."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from shared.db import Transaction
from shared.envelope import Record
from shared.events import AnyEvent

# The handler's event type varies with the subscription that holds both; the processor parses with that very type.
Handler = Callable[[Transaction, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one service does with one kind of event. One consumer group for each service and topic follows from it."""

    event: type[AnyEvent]
    handle: Handler


class Deliver(Protocol):
    """Gives one record to one service; returns only after a durable verdict, raises when there could be none."""

    async def __call__(self, record: Record, /) -> None: ...


class Transport(Protocol):
    """Carries records from outboxes to the services that subscribed to their topics."""

    def subscribe(self, service: str, topic: str, deliver: Deliver) -> None:
        """Hand every record of `topic` to `deliver`, in order for each key, at least once. Called before `start`."""

    async def start(self) -> None:
        """Begin; must return without a broker, which is then looked for in the background."""

    async def publish(self, records: Sequence[Record]) -> set[UUID]:
        """The ids that are durable on the other side. Order within a key is kept: if one row of a key is missing from
        the answer, so are all later rows of that key."""

    async def stop(self) -> None:
        """Finish what is in hand, commit, and leave."""

    def healthy(self) -> bool:
        """Whether records can travel at present."""
