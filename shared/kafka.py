"""A transport over Kafka that needs no broker to start, survives losing it, and notices when it is stuck."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import LogicSubscriber

from shared.envelope import Record
from shared.events import Topic
from shared.kafka_consumer import Reading, undecoded, unparsed
from shared.kafka_logs import quieten_client_logs
from shared.kafka_producer import Producer
from shared.kafka_topics import Cluster
from shared.kafka_watch import Stall
from shared.log import get_logger
from shared.loops import keep
from shared.metrics import BROKER_UP, CONSUMER_LAG, CONSUMER_RESTARTS
from shared.service import Loop
from shared.transport import Deliver

# What a subscriber takes as one message is FastStream's own affair.
Subscriber = LogicSubscriber[Any]

STOP_WITHIN_S = 20.0
RESTART_WITHIN_S = 25.0


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """`partitions` of a topic bound how many processes can share it; `replication` is its copies; times in seconds.

    At most `batch_max` records are taken at once and `width` handled side by side: fewer than there are connections to
    the database. Every `watch_s` each consumer is looked at; one that is behind and has not moved for `patience_s` is
    restarted.
    """

    partitions: int = 8
    replication: int = 1
    batch_max: int = 200
    width: int = 8
    watch_s: float = 2.0
    patience_s: float = 20.0


class Kafka:
    """See Transport. The consumers are FastStream batch subscribers, one group for each service and topic."""

    def __init__(self, url: str, options: KafkaOptions | None = None, topics: Sequence[str] = tuple(Topic)) -> None:
        self._options = options or KafkaOptions()
        self._cluster = Cluster(url, topics, self._options.partitions, self._options.replication)
        self._producer = Producer(url)
        self.broker = KafkaBroker(
            url,
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=STOP_WITHIN_S,
            # A group that joined while its topic was gone owns nothing until the metadata are read again: by default
            # after five minutes.
            metadata_max_age_ms=10_000,
            logger=logging.getLogger("faststream"),
        )
        self._slots = asyncio.Semaphore(self._options.width)
        self._consumers: list[_Consumer] = []
        self._answers = False
        self._stop = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def restarts(self) -> int:
        """The most often that any one consumer was restarted; from three on the process itself should be."""
        return max((consumer.restarts for consumer in self._consumers), default=0)

    def subscribe(self, service: str, topic: str, deliver: Deliver) -> None:
        """See Transport."""
        reading = Reading(f"{service}.{topic}", topic, deliver, self._slots)
        self._consumers.append(_Consumer(_subscriber(self.broker, reading, self._options), reading, self._options))

    async def start(self) -> None:
        """See Transport."""
        quieten_client_logs()
        await self.broker.connect()
        loop = Loop("kafka.watch", self, self._options.watch_s)
        self._watching = asyncio.create_task(keep(loop, self._stop, {}), name=loop.name)

    async def publish(self, records: Sequence[Record]) -> set[UUID]:
        """See Transport."""
        return await self._producer.publish(records) if not self._stop.is_set() else set()

    async def stop(self) -> None:
        """See Transport."""
        self._stop.set()
        if self._watching is not None:
            # It looks at `stop` after each question to the broker, all of which are bounded in time.
            await self._watching
        await asyncio.gather(*(consumer.stop() for consumer in self._consumers))
        await self._producer.close()
        await self._cluster.close()
        self._tell(answers=False)

    def healthy(self) -> bool:
        """See Transport."""
        return self._answers and self._producer.healthy

    async def run_once(self) -> bool:
        """One look at the broker: topics, consumers not yet started, consumers that are stuck."""
        try:
            await self._cluster.ensure_topics()
            for consumer in self._consumers:
                await consumer.watch(self._cluster)
        except BaseException:
            self._tell(answers=False)
            await self._cluster.close()
            raise
        self._tell(answers=True)
        return False

    def _tell(self, *, answers: bool) -> None:
        self._answers = answers
        BROKER_UP.set(answers)


class _Consumer:
    """A subscriber and what keeps it going."""

    def __init__(self, subscriber: Subscriber, reading: Reading, options: KafkaOptions) -> None:
        self.restarts = 0
        self._subscriber = subscriber
        self._reading = reading
        self._patience_s = options.patience_s
        self._stall = Stall(options.patience_s)

    async def watch(self, cluster: Cluster) -> None:
        """Start it, or restart it when it is stuck."""
        if not self._subscriber.running:
            await self._start()
            return
        places = await cluster.lag(self._reading.group, self._reading.topic)
        CONSUMER_LAG.labels(self._reading.group).set(sum(end - committed for committed, end in places.values()))
        now = asyncio.get_running_loop().time()
        failed_at = self._reading.failed_at
        if failed_at is not None and now - failed_at < self._patience_s:
            # The database is away: a restart would not bring it back.
            self._stall.forget()
        elif self._stall.stuck(places, self._reading.in_hand, now):
            await self._restart()

    async def stop(self) -> None:
        """Finish the batch in hand, commit, and leave the group."""
        self._reading.stop()
        try:
            async with asyncio.timeout(RESTART_WITHIN_S):
                await self._subscriber.stop()
        except Exception as error:  # whatever is not committed is read again, and the inbox knows it
            get_logger().warning("consumer.dropped", consumer=self._reading.group, error=type(error).__name__)

    async def _start(self) -> None:
        try:
            await self._subscriber.start()
        except BaseException:
            await self.stop()
            raise

    async def _restart(self) -> None:
        self.restarts += 1
        CONSUMER_RESTARTS.labels(self._reading.group).inc()
        get_logger().error("consumer.restarted", consumer=self._reading.group, count=self.restarts)
        self._stall.forget()
        await self.stop()
        await self._start()


async def create_topics(url: str, options: KafkaOptions | None = None) -> list[str]:
    """Create those of our topics that are missing; the names of all. Raises a KafkaError when the broker is away."""
    wanted = options or KafkaOptions()
    cluster = Cluster(url, tuple(Topic), wanted.partitions, wanted.replication)
    try:
        await cluster.ensure_topics()
    finally:
        await cluster.close()
    return [str(topic) for topic in Topic]


def _subscriber(broker: KafkaBroker, reading: Reading, options: KafkaOptions) -> Subscriber:
    """Of FastStream's policies only NACK_ON_ERROR loses nothing: the default commits before the handler has run."""
    subscriber = broker.subscriber(
        reading.topic,
        group_id=reading.group,
        batch=True,
        max_records=options.batch_max,
        batch_timeout_ms=50,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        auto_offset_reset="earliest",
        # Small shares of each partition, so that a long backlog is read evenly: a partition that has to wait for
        # megabytes of another would look stuck.
        max_partition_fetch_bytes=64 * 1024,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
        max_poll_interval_ms=120_000,
        parser=unparsed,
        decoder=undecoded,
        # A stranger's "reply_to" must not make us answer.
        no_reply=True,
    )
    subscriber(reading.handle)
    return subscriber
