"""The other end of a transport in tests: who listens, and how records are given to it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shared.envelope import Record
from shared.transport import Transport
from tests.eventually import eventually
from tests.shared.world import a_cancellation, a_record


@dataclass
class Listener:
    """A service that notes what it gets, and gives no verdict `failures` times for a key that has any."""

    failures: Counter[str] = field(default_factory=Counter)
    heard: list[Record] = field(default_factory=list)

    async def __call__(self, record: Record) -> None:
        if self.failures[record.key]:
            self.failures[record.key] -= 1
            raise ConnectionError("the database is away")
        if record.id not in {other.id for other in self.heard}:
            self.heard.append(record)

    async def keys(self) -> Counter[str]:
        return Counter(record.key for record in self.heard)

    def reasons(self, key: UUID) -> list[str]:
        bodies = [record.body for record in self.heard if record.key == str(key)]
        return [body.partition('"reason":"')[2].partition('"')[0] for body in bodies]


async def started(transport: Transport) -> None:
    """Start, and wait until records can travel."""
    await transport.start()

    async def healthy() -> bool:
        return transport.healthy()

    await eventually(healthy)


async def settle(transport: Transport, records: Sequence[Record]) -> None:
    """Publish `records` until all are durable, as the relay does."""

    async def left() -> list[Record]:
        durable = await transport.publish(remaining)
        remaining[:] = [record for record in remaining if record.id not in durable]
        return remaining

    remaining = list(records)
    await eventually(left, lambda still: not still)


def some(topic: str, key: UUID, *reasons: str) -> list[Record]:
    """Records of one referral on `topic`."""
    found = [a_record(a_cancellation(key, reason)) for reason in reasons]
    return [Record(topic, one.key, one.id, one.body, one.headers) for one in found]
