"""A transport like a broker on a bad day: each consumer reads at its own pace, and some records come again later."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random
from uuid import UUID

from shared.envelope import Record
from shared.transport import Deliver
from waymark.simulate.hands import Hands, spread

# How far a consumer is behind when a record reaches the log, and how often: the last is an outage.
BEHIND = ((0.90, timedelta(seconds=1)), (0.985, timedelta(minutes=3)), (1.0, timedelta(minutes=45)))
COMES_AGAIN = 0.05
AGAIN_WITHIN = timedelta(days=2)


@dataclass(slots=True)
class Consumer:
    """One service's reading of one topic: what waits, by when, and how far each key has got."""

    service: str
    deliver: Deliver
    waiting: list[tuple[datetime, int, Record]] = field(default_factory=list)
    reached: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class Carrier:
    """Transport (shared/transport.py): durable at once, in order for each key and consumer, at least once, in any order
    between topics and services. `again` counts the records that were delivered a second time."""

    now: Hands
    seed: int
    again: int = 0
    _consumers: dict[str, list[Consumer]] = field(default_factory=dict)
    _number: int = 0

    def subscribe(self, service: str, topic: str, deliver: Deliver) -> None:
        """See Transport."""
        self._consumers.setdefault(topic, []).append(Consumer(service, deliver))

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing is held."""

    def healthy(self) -> bool:
        """Always."""
        return True

    async def publish(self, records: Sequence[Record]) -> set[UUID]:
        """Append to the log; delivering is `step`'s to do."""
        for record in records:
            for consumer in self._consumers.get(record.topic, ()):
                self._append(consumer, record)
        return {record.id for record in records}

    def next_due(self) -> datetime | None:
        """When a consumer next reads something."""
        return min((each.waiting[0][0] for each in self._each() if each.waiting), default=None)

    async def step(self) -> bool:
        """Deliver what is due; whether there was anything."""
        found = False
        for consumer in self._each():
            while consumer.waiting and consumer.waiting[0][0] <= self.now():
                found = True
                await consumer.deliver(heappop(consumer.waiting)[2])
        return found

    def _each(self) -> list[Consumer]:
        return [consumer for consumers in self._consumers.values() for consumer in consumers]

    def _append(self, consumer: Consumer, record: Record) -> None:
        # By what it is, not by when its turn comes: events of one batch may be stored in any order.
        chance = Random(f"{self.seed} {record.topic} {record.key} {record.headers['ce_sequence']} {consumer.service}")
        luck = chance.random()
        longest = next(lag for share, lag in BEHIND if luck <= share)
        due = max(self.now() + spread(chance, timedelta(), longest), consumer.reached.get(record.key, self.now()))
        consumer.reached[record.key] = due
        self._put(consumer, due, record)
        if chance.random() < COMES_AGAIN:
            self.again += 1
            self._put(consumer, due + spread(chance, timedelta(), AGAIN_WITHIN), record)

    def _put(self, consumer: Consumer, due: datetime, record: Record) -> None:
        self._number += 1
        heappush(consumer.waiting, (due, self._number, record))
