"""What goes wrong inside the services: ways out that fail, workers that die, handlers that cannot at the moment."""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Generic, TypeVar
from uuid import UUID

from services.notifier.delivery import DeliverDue, Ways
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Email, Receipt, Text
from services.notifier.ports import Sender
from shared.clock import Clock
from shared.db import Transaction
from shared.errors import Unavailable
from shared.service import Loop, Service
from shared.transport import Handler

M = TypeVar("M", Email, Text)
# Of all attempts: what becomes of them instead of being taken.
ENDS = (
    (0.04, Failure.TRANSIENT),
    (0.05, Failure.RATE),
    (0.06, Failure.PERMANENT_RECIPIENT),
    (0.065, Failure.POLICY),
)
TAKEN_BUT_LOST = 0.075
NOT_TAKEN_AND_LOST = 0.08
WORKER_DIES = 0.083
HANDLER_FAILS = 0.01


class WorkerDied(Exception):
    """The process ended in the middle of an attempt; its lease has to run out."""


@dataclass(slots=True)
class Post:
    """The other side of all ways out. `taken` counts how often each message was taken, by its id; `failed` what became
    of the other attempts."""

    taken: Counter[UUID] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Rough(Generic[M]):
    """A Sender (services/notifier/ports.py) that fails by chance, and answers truly what it has taken. Luck goes by the
    message and the attempt: in which order those of one batch end is not ours to say."""

    mailbox: Sender[M]
    post: Post
    seed: str
    attempts: Counter[UUID] = field(default_factory=Counter)

    async def send(self, message: M) -> Receipt:
        """Take it, or fail in one of the ways that real ones have."""
        self.attempts[message.id] += 1
        luck = Random(f"{self.seed}:{message.id}:{self.attempts[message.id]}").random()
        for share, failure in ENDS:
            if luck < share:
                raise self._failed(failure)
        if luck < TAKEN_BUT_LOST:
            await self._take(message)
            raise self._failed(Failure.AMBIGUOUS)
        if luck < NOT_TAKEN_AND_LOST:
            raise self._failed(Failure.AMBIGUOUS)
        receipt = await self._take(message)
        if luck < WORKER_DIES:
            self.post.failed["worker died"] += 1
            raise WorkerDied
        return receipt

    async def find(self, message_id: UUID) -> Receipt | None:
        """What it took of this message. Raises SendFailed: ABSENT."""
        if not self.post.taken[message_id]:
            raise self._failed(Failure.ABSENT)
        return Receipt(f"mailbox:{message_id}")

    async def rest(self) -> None:
        """Let go of connections."""
        await self.mailbox.rest()

    async def _take(self, message: M) -> Receipt:
        self.post.taken[message.id] += 1
        return await self.mailbox.send(message)

    def _failed(self, failure: Failure) -> SendFailed:
        self.post.failed[failure.value] += 1
        return SendFailed(failure)


def with_rough_ways(loop: Loop, post: Post, seed: str, now: Clock) -> Loop:
    """A delivery loop whose ways out fail at times; any other loop as it is. What is tried again waits equally long for
    all that failed at one instant, for they did so in no certain order."""
    work = loop.work
    if not isinstance(work, DeliverDue):
        return loop
    ways = Ways(Rough(work.ways.email, post, seed), Rough(work.ways.text, post, seed), work.ways.hook)
    record = replace(work.record_outcome, jitter=lambda: Random(f"{seed} {now()}").random())
    return replace(loop, work=replace(work, ways=ways, record_outcome=record))


def with_weak_handlers(service: Service, seed: int) -> Service:
    """The service with handlers that are now and then in no state to handle anything."""
    tries = Counter[str]()

    def weak(handle: Handler) -> Handler:
        async def at_times(tx: Transaction, event: Any) -> None:  # as Handler
            what = f"{seed} {service.name} {event.type} {event.key} {event.sequence}"
            tries[what] += 1
            if Random(f"{what} {tries[what]}").random() < HANDLER_FAILS:
                raise Unavailable("dependency-unavailable", "Something this needs is away.")
            await handle(tx, event)

        return at_times

    return replace(service, subscriptions=[replace(each, handle=weak(each.handle)) for each in service.subscriptions])
