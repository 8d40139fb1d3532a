"""Reads one topic for one service: bytes in, a durable verdict on every record, and only then the offset."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

# At module level: FastStream finds the meaning of a handler's annotation among its module's names.
from faststream.kafka import KafkaMessage

from shared.envelope import Record
from shared.log import get_logger, where
from shared.transport import Deliver

PAUSE_AFTER_FAILURE_S = 1.0


class Raw(Protocol):
    """What the client gives for one record; header values may be missing, as may key and value."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Reading:
    """What is done with the batches of `topic` that consumer group `group` gets.

    Keys of a batch are handled side by side, records of a key in order. A record without a verdict (the database is
    away) fails the whole batch, which is then read again; the inbox knows those that had theirs. `slots` bound how many
    records a process handles at once, over all its topics: each needs a connection to the database.
    """

    def __init__(self, group: str, topic: str, deliver: Deliver, slots: asyncio.Semaphore) -> None:
        self.group = group
        self.topic = topic
        self.failed_at: float | None = None
        self.in_hand: frozenset[int] = frozenset()
        self._deliver = deliver
        self._slots = slots
        self._stopping = asyncio.Event()

    async def handle(self, message: KafkaMessage) -> None:
        """Handle one batch. Raises after a pause when it must be read again."""
        raw = message.raw_message
        records: Sequence[Raw] = raw if isinstance(raw, tuple) else (raw,)
        self.in_hand = frozenset(record.partition for record in records)
        try:
            fault = await _Batch(self._deliver, self._slots).handle(records)
            if fault is not None:
                await self._pause(fault)
                raise fault
        finally:
            self.in_hand = frozenset()

    def stop(self) -> None:
        """Cut a pause short."""
        self._stopping.set()

    async def _pause(self, fault: Exception) -> None:
        """The broker would give the batch again at once, and again, thousands of times a second."""
        place = where(fault.__traceback__)[-3:]
        get_logger().warning("batch.unhandled", consumer=self.group, error=type(fault).__name__, where=place)
        self.failed_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(PAUSE_AFTER_FAILURE_S):
                await self._stopping.wait()
        except TimeoutError:
            return


Parse = Callable[[tuple[Any, ...]], Awaitable[KafkaMessage]]  # the client's own record class, which has no stubs


async def unparsed(records: tuple[Any, ...], parse: Parse) -> KafkaMessage:  # the same
    """Instead of FastStream's parser, which fails on header bytes that are no UTF-8: the batch would never end."""
    message = await parse(tuple(replace(record, headers=(), value=b"") for record in records))
    message.raw_message = records
    return message


async def undecoded(_: KafkaMessage) -> None:
    """Instead of FastStream's decoder, which fails on JSON that is nested too deeply; the inbox reads the bytes."""


class _Batch:
    """The records of one batch on their way; after the first fault no further one is begun."""

    def __init__(self, deliver: Deliver, slots: asyncio.Semaphore) -> None:
        self._deliver = deliver
        self._slots = slots
        self._fault: Exception | None = None

    async def handle(self, records: Sequence[Raw]) -> Exception | None:
        """The first fault, once nothing of the batch is being handled any more."""
        by_key: dict[bytes | None, list[Raw]] = defaultdict(list)
        for record in records:
            by_key[record.key].append(record)
        await asyncio.gather(*(self._deliver_in_order(of_key) for of_key in by_key.values()))
        return self._fault

    async def _deliver_in_order(self, records: Sequence[Raw]) -> None:
        for raw in records:
            async with self._slots:
                if self._fault is not None:
                    return
                try:
                    await self._deliver(record_of(raw))
                except Exception as error:  # handed back, and raised, once the others are through
                    self._fault = error
                    return


def record_of(raw: Raw) -> Record:
    """The record in `raw`, whatever its bytes. One without an id of its own gets one that follows from its place, so
    that it is the same at every delivery."""
    headers = {name: _text(value) for name, value in raw.headers}
    return Record(raw.topic, _text(raw.key), _id(raw, headers.get("ce_id", "")), _text(raw.value), headers)


def _id(raw: Raw, told: str) -> UUID:
    try:
        return UUID(told)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"kafka:{raw.topic}/{raw.partition}/{raw.offset}/{raw.timestamp}")


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
