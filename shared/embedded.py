"""A transport without a broker: to publish an event is to hand it to every service in this process that wants it."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from shared.envelope import Record
from shared.log import get_logger, where
from shared.transport import Deliver

WIDTH = 8


class Embedded:
    """Delivers while publishing. A record counts as durable only when every service gave its verdict on it.

    Should one service fail after another gave its verdict, the record stays in the outbox and comes again; the first
    one's inbox knows it. So no note of who already had it is needed.
    """

    def __init__(self, width: int = WIDTH) -> None:
        self._deliveries: dict[str, list[Deliver]] = defaultdict(list)
        self._slots = asyncio.Semaphore(width)
        self._in_hand = 0
        self._drained = asyncio.Event()
        self._open = False

    def subscribe(self, service: str, topic: str, deliver: Deliver) -> None:
        """See Transport. Services are called in the order in which they subscribed."""
        self._deliveries[topic].append(deliver)

    async def start(self) -> None:
        """Begin to deliver."""
        self._open = True

    async def publish(self, records: Sequence[Record]) -> set[UUID]:
        """Deliver `records`: one referral's in order, several referrals side by side."""
        if not self._open:
            return set()
        by_key: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_key[record.key].append(record)
        self._in_hand += 1
        try:
            delivered = await asyncio.gather(*(self._deliver_in_order(of_key) for of_key in by_key.values()))
        finally:
            self._in_hand -= 1
            self._drained.set()
        return set().union(*delivered)

    async def stop(self) -> None:
        """Take nothing more, and wait for what is in hand."""
        self._open = False
        while self._in_hand:
            self._drained.clear()
            await self._drained.wait()

    def healthy(self) -> bool:
        """Whether it has been started and not stopped."""
        return self._open

    async def _deliver_in_order(self, records: Sequence[Record]) -> set[UUID]:
        done: set[UUID] = set()
        for record in records:
            async with self._slots:
                if not await self._deliver(record):
                    break
            done.add(record.id)
        return done

    async def _deliver(self, record: Record) -> bool:
        try:
            for deliver in self._deliveries[record.topic]:
                await deliver(record)
        except Exception as error:  # the outbox keeps the record; other referrals go on
            place = where(error.__traceback__)[-3:]
            get_logger().warning(
                "event.undelivered",
                event_id=str(record.id),
                topic=record.topic,
                error=type(error).__name__,
                where=place,
            )
            return False
        return True
