"""Writes records to Kafka so that none is lost and those of one key keep their order."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from shared.envelope import Record
from shared.log import get_logger

ACKNOWLEDGED_WITHIN_S = 15.0


class Producer:
    """An idempotent producer, connected when first needed and replaced after a failure."""

    def __init__(self, url: str) -> None:
        self.healthy = True
        self._url = url
        self._client: AIOKafkaProducer | None = None

    async def publish(self, records: Sequence[Record]) -> set[UUID]:
        """The ids that all in-sync replicas have.

        In waves of one record for each key: a record is sent only once the one before it is safe, so that no failure
        in between can turn two of them around.
        """
        by_key: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_key[record.key].append(record)
        safe: set[UUID] = set()
        stuck: set[str] = set()
        for wave in zip_longest(*by_key.values()):
            sendable = [record for record in wave if record is not None and record.key not in stuck]
            durable = await self._send(sendable)
            safe |= durable
            stuck |= {record.key for record in sendable if record.id not in durable}
        return safe

    async def close(self) -> None:
        """Flush and leave."""
        client, self._client = self._client, None
        if client is not None:
            await client.stop()

    async def _send(self, records: Sequence[Record]) -> set[UUID]:
        try:
            client = await self._connected()
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                answers = await asyncio.gather(*(_send_one(client, one) for one in records), return_exceptions=True)
        except Exception as error:  # the broker is away: the outbox keeps the records
            await self._give_up(error)
            return set()
        faults = [answer for answer in answers if isinstance(answer, BaseException)]
        self.healthy = len(faults) < len(records)
        broken = [fault for fault in faults if not isinstance(fault, MessageSizeTooLargeError)]
        if broken:
            await self._give_up(broken[0])
        return {one.id for one, answer in zip(records, answers, strict=True) if answer is None}

    async def _give_up(self, error: BaseException) -> None:
        """Replace the client: one that broke off in the middle would send what it holds some time later."""
        get_logger().warning("events.unpublished", error=type(error).__name__)
        self.healthy = False
        client, self._client = self._client, None
        if client is not None:
            # Without this, stop() would wait for the broker to take what is now no longer wanted.
            client._message_accumulator.fail_all(error)
            await client.stop()

    async def _connected(self) -> AIOKafkaProducer:
        if self._client is None:
            client = AIOKafkaProducer(
                bootstrap_servers=self._url,
                acks="all",
                enable_idempotence=True,
                linger_ms=2,
                max_batch_size=256 * 1024,
                request_timeout_ms=10_000,
                metadata_max_age_ms=10_000,
                compression_type="lz4",
            )
            try:
                await client.start()
            except BaseException:
                await client.stop()
                raise
            self._client = client
        return self._client


async def _send_one(client: AIOKafkaProducer, record: Record) -> None:
    headers = [(name, text.encode()) for name, text in record.headers.items()]
    await client.send_and_wait(record.topic, record.body.encode(), key=record.key.encode(), headers=headers)
