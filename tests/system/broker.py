"""Kafka from outside: its records, read, repeated and forged, and how far the consumers are."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.events import Topic

GROUPS = (
    ("router", Topic.REFERRALS),
    ("notifier", Topic.REFERRALS),
    ("intake", Topic.ASSIGNMENTS),
    ("notifier", Topic.ASSIGNMENTS),
    ("intake", Topic.NOTIFICATIONS),
    ("router", Topic.NOTIFICATIONS),
)
READ_WITHIN_MS = 5_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One record as its bytes lie in a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str:
        """The text of a header, "" when it has none."""
        return dict(self.headers).get(name, b"").decode()

    def with_header(self, name: str, text: str) -> "Sent":
        """The same with one header put or replaced."""
        others = tuple(each for each in self.headers if each[0] != name)
        return replace(self, headers=(*others, (name, text.encode())))


@dataclass(frozen=True, slots=True)
class Broker:
    """Kafka at `url`."""

    url: str

    async def forget(self) -> None:
        """Delete every record of our topics; the topics and the consumers' places stay."""
        async with self._reader() as reader, self._admin() as admin:
            ends = await reader.end_offsets(await _partitions(admin))
            await admin.delete_records({each: RecordsToDelete(end) for each, end in ends.items() if end})

    async def records(self) -> Sequence[Sent]:
        """All that lies in our topics, each partition in its order."""
        async with self._reader() as reader, self._admin() as admin:
            partitions = await _partitions(admin)
            ends = await reader.end_offsets(partitions)
            reader.assign(partitions)
            await reader.seek_to_beginning(*partitions)
            found: list[Sent] = []
            while any([await reader.position(each) < ends[each] for each in partitions]):
                for batch in (await reader.getmany(timeout_ms=READ_WITHIN_MS)).values():
                    found += [Sent(each.topic, each.key, each.value, tuple(each.headers)) for each in batch]
            return found

    async def send(self, records: Iterable[Sent]) -> None:
        """Put `records` into their topics, in order."""
        producer = AIOKafkaProducer(bootstrap_servers=self.url, acks="all")
        await producer.start()
        try:
            for each in records:
                await producer.send(each.topic, each.value, key=each.key, headers=list(each.headers))
            await producer.flush()
        finally:
            await producer.stop()

    async def behind(self) -> dict[str, int]:
        """For each consumer group that is behind: by how many records."""
        async with self._reader() as reader, self._admin() as admin:
            partitions = await _partitions(admin)
            begins, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
            lags: dict[str, int] = {}
            for service, topic in GROUPS:
                group, of_topic = f"{service}.{topic}", [each for each in partitions if each.topic == topic]
                places = await admin.list_consumer_group_offsets(group, partitions=of_topic)
                lags[group] = sum(
                    max(0, ends[each] - max(begins[each], places[each].offset if each in places else 0))
                    for each in of_topic
                )
            return {group: lag for group, lag in lags.items() if lag}

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(bootstrap_servers=self.url, group_id=None, enable_auto_commit=False)
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.url)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()


async def _partitions(admin: AIOKafkaAdminClient) -> list[TopicPartition]:
    described = await admin.describe_topics([str(topic) for topic in Topic])
    return [TopicPartition(topic["topic"], one["partition"]) for topic in described for one in topic["partitions"]]
