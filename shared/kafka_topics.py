"""The broker's side of things: that our topics exist as we need them, and how far each consumer has read."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.log import get_logger

ANSWER_WITHIN_S = 10.0
RETENTION_MS = 7 * 86_400_000


class Cluster:
    """A view of the broker over connections of its own, so that it can tell what hangs from what is merely slow."""

    def __init__(self, url: str, topics: Sequence[str], partitions: int, replication: int) -> None:
        self._url = url
        self._topics = tuple(topics)
        self._partitions = partitions
        self._replication = replication
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None

    async def ensure_topics(self) -> None:
        """Create what is missing and grow what is too small. Raises a KafkaError while the broker is away.

        A broker that lost its data may have made a topic anew on somebody's request, with its own number of
        partitions: consumers that joined before then leave the others unread.
        """
        admin = await self._connected_admin()
        async with asyncio.timeout(ANSWER_WITHIN_S):
            missing = [name for name in self._topics if name not in await admin.list_topics()]
            if missing:
                await self._create(admin, missing)
            counts = {name: len(found) for name, found in (await self._describe(admin, self._topics)).items()}
            small = [name for name in self._topics if 0 < counts.get(name, 0) < self._partitions]
            if small:
                get_logger().warning("topics.grown", count=len(small))
                await admin.create_partitions({name: NewPartitions(self._partitions) for name in small})

    async def lag(self, group: str, topic: str) -> dict[TopicPartition, tuple[int, int]]:
        """For each partition of `topic`: where `group` is to read on, and the end; whoever owns it, or nobody.

        What was deleted cannot be read any more: a group that stopped before that is to read on where the rest begins.
        """
        admin = await self._connected_admin()
        reader = await self._connected_reader()
        async with asyncio.timeout(ANSWER_WITHIN_S):
            numbers = (await self._describe(admin, [topic])).get(topic, [])
            partitions = [TopicPartition(topic, number) for number in numbers]
            committed = await admin.list_consumer_group_offsets(group, partitions=partitions)
            begins, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
        return {one: (max(begins[one], _offset(committed, one)), ends[one]) for one in partitions}

    async def close(self) -> None:
        """Drop the connections; the next question makes new ones."""
        admin, self._admin = self._admin, None
        reader, self._reader = self._reader, None
        if admin is not None:
            await admin.close()
        if reader is not None:
            await reader.stop()

    async def _create(self, admin: AIOKafkaAdminClient, names: Iterable[str]) -> None:
        settings = {"retention.ms": str(RETENTION_MS)}
        wanted = [NewTopic(name, self._partitions, self._replication, topic_configs=settings) for name in names]
        answer = await admin.create_topics(wanted)
        for name, code, *_ in answer.topic_errors:
            # Another process may have been first.
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(f"topic {name} could not be created")

    async def _describe(self, admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, list[int]]:
        found = await admin.describe_topics(list(topics))
        return {topic["topic"]: sorted(one["partition"] for one in topic["partitions"]) for topic in found}

    async def _connected_admin(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self._url, request_timeout_ms=10_000)
            await self._admin.start()
        return self._admin

    async def _connected_reader(self) -> AIOKafkaConsumer:
        if self._reader is None:
            self._reader = AIOKafkaConsumer(bootstrap_servers=self._url, group_id=None, enable_auto_commit=False)
            await self._reader.start()
        return self._reader


def _offset(committed: Mapping[TopicPartition, object], partition: TopicPartition) -> int:
    found = committed.get(partition)
    return max(0, getattr(found, "offset", 0))
