"""What a service is made of, once assembled: the one shape that all three share."""

from asyncio import Event
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import APIRouter

from shared.db import Database
from shared.transport import Subscription


class Work(Protocol):
    """Background work in bounded steps, so that tests can take one step and a loop can take many."""

    async def run_once(self) -> bool:
        """Do at most one bounded batch; whether there may be more to do at once."""


@dataclass(frozen=True, slots=True)
class Loop:
    """`work` repeated: at once while there is more, else after `idle_s` seconds or as soon as `wake` is set.

    `close` gives back what the work holds (a connection, a lock) once the loop has ended.
    """

    name: str
    work: Work
    idle_s: float
    wake: Event | None = None
    close: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service ready to be run by the chassis (shared/app.py): HTTP in, events in, and its own background loops.

    `close` gives back what its requests held, such as connections to a cache, once it has stopped.
    """

    name: str
    database: Database
    routers: Sequence[APIRouter] = ()
    subscriptions: Sequence[Subscription] = ()
    loops: Sequence[Loop] = field(default=())
    close: Callable[[], Awaitable[None]] | None = None
