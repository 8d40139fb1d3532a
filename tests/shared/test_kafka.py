"""What only a broker can do to us: strangers' bytes, lost topics, stuck consumers, and being away."""

import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from faststream import AckPolicy
from faststream.kafka.subscriber.usecase import LogicSubscriber

from shared.clock import new_id
from shared.db import Database
from shared.envelope import Record
from shared.events import Topic
from shared.kafka import Kafka, KafkaOptions
from shared.kafka_consumer import record_of
from shared.kafka_logs import OnceAMinute, quieten_client_logs
from shared.kafka_topics import Cluster
from shared.kafka_watch import Stall
from tests.eventually import eventually
from tests.shared.listening import Listener, settle, some, started
from tests.shared.world import Scribe, an_inbox, effects, rows

QUICK = KafkaOptions(partitions=3, watch_s=0.1, patience_s=0.5)


@pytest.fixture
def topic() -> str:
    return f"topic-{new_id()}"


@pytest.fixture
async def kafka(kafka_url: str, topic: str) -> AsyncIterator[Kafka]:
    transport = Kafka(kafka_url, QUICK, topics=[topic])
    yield transport
    await transport.stop()


@pytest.fixture
async def producer(kafka_url: str) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(bootstrap_servers=kafka_url)
    await client.start()
    yield client
    await client.stop()


@pytest.fixture
async def admin(kafka_url: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_url)
    await client.start()
    yield client
    await client.close()


def subscribers_of(kafka: Kafka) -> list[LogicSubscriber[Any]]:  # of batches or of single records
    return [subscriber for subscriber in kafka.broker.subscribers if isinstance(subscriber, LogicSubscriber)]


def test_every_consumer_commits_after_its_verdicts_and_begins_at_the_beginning() -> None:
    kafka = Kafka("127.0.0.1:1")
    for service in ("intake", "router", "notifier"):
        for name in Topic:
            kafka.subscribe(service, name, Listener())
    assert len(subscribers_of(kafka)) == 9
    for subscriber in subscribers_of(kafka):
        assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
        assert subscriber._connection_args["auto_offset_reset"] == "earliest"
        assert not subscriber._connection_args["enable_auto_commit"]
    groups = {subscriber.group_id for subscriber in subscribers_of(kafka)}
    assert groups == {f"{service}.{name}" for service in ("intake", "router", "notifier") for name in Topic}


@pytest.mark.real
async def test_strangers_bytes_become_one_dead_letter_each_and_stop_nobody(
    database: Database, kafka: Kafka, producer: AIOKafkaProducer, topic: str
) -> None:
    inbox = an_inbox(database, Scribe())

    async def as_if_on_our_topic(record: Record) -> None:
        await inbox.process(replace(record, topic=Topic.REFERRALS))

    kafka.subscribe(f"router-{topic}", topic, as_if_on_our_topic)
    await started(kafka)
    # All to one partition, with a good event of our own behind them.
    for key, value in ((b"\xff\xfe", b"\xff\xfe\x00"), (b"key", None), (None, b"{}"), (b"key", b"[" * 1_000)):
        await producer.send_and_wait(topic, value, key, partition=0, headers=[("odd", b"\xff"), ("reply_to", b"x")])
    [good] = some(topic, new_id(), "good")
    headers = [(name, text.encode()) for name, text in good.headers.items()]
    await producer.send_and_wait(topic, good.body.encode(), good.key.encode(), partition=0, headers=headers)

    async def verdicts() -> list[tuple[object, object]]:
        return sorted((row["state"], row["error"]) for row in await rows(database, database.inbox))

    await eventually(verdicts, lambda found: found == [("dead", "no ce_type")] * 4 + [("done", None)])
    assert await effects(database) == ["good"]


def test_a_record_without_an_id_gets_the_same_one_each_time_and_another_in_another_place() -> None:
    def placed(offset: int) -> ConsumerRecord:
        return ConsumerRecord("referrals", 1, offset, 7, 0, None, None, None, 0, 0, ())

    assert record_of(placed(5)) == record_of(placed(5))
    assert record_of(placed(5)).id != record_of(placed(6)).id


@pytest.mark.real
async def test_missing_topics_are_made_and_small_ones_grown(
    kafka_url: str, admin: AIOKafkaAdminClient, topic: str
) -> None:
    other = f"{topic}-small"
    await admin.create_topics([NewTopic(other, 1, 1)])
    transport = Kafka(kafka_url, QUICK, topics=[topic, other])
    await started(transport)

    async def partitions() -> list[int]:
        return [len(found["partitions"]) for found in await admin.describe_topics([topic, other])]

    assert await eventually(partitions, lambda counts: counts == [3, 3])
    await transport.stop()


@pytest.mark.real
async def test_a_topic_that_was_deleted_is_made_again_and_read(
    kafka: Kafka, admin: AIOKafkaAdminClient, topic: str
) -> None:
    listener = Listener()
    kafka.subscribe(f"router-{topic}", topic, listener)
    await started(kafka)
    before = some(topic, new_id(), "before")
    await settle(kafka, before)
    await eventually(listener.keys)
    await admin.delete_topics([topic])
    after = [record for _ in range(6) for record in some(topic, new_id(), "after")]
    await settle(kafka, after)
    await eventually(listener.keys, lambda keys: keys.total() == 7, within_s=60)


@pytest.mark.real
async def test_a_consumer_that_stands_still_is_restarted(kafka: Kafka, topic: str) -> None:
    listener = Listener()
    kafka.subscribe(f"router-{topic}", topic, listener)
    await started(kafka)
    await settle(kafka, [record for _ in range(9) for record in some(topic, new_id(), "before")])
    await eventually(listener.keys, lambda keys: keys.total() == 9)
    [subscriber] = subscribers_of(kafka)
    assert subscriber.consumer is not None
    subscriber.consumer.pause(*subscriber.consumer.assignment())
    await settle(kafka, [record for _ in range(9) for record in some(topic, new_id(), "after")])
    await eventually(listener.keys, lambda keys: keys.total() == 18)
    assert kafka.restarts >= 1


@pytest.mark.real
async def test_nobody_is_behind_on_records_that_were_deleted(
    kafka_url: str, kafka: Kafka, admin: AIOKafkaAdminClient, topic: str
) -> None:
    cluster = Cluster(kafka_url, [topic], QUICK.partitions, QUICK.replication)

    async def left() -> int:
        return sum(end - place for place, end in (await cluster.lag("never-started", topic)).values())

    listener = Listener()
    kafka.subscribe(f"router-{topic}", topic, listener)
    await started(kafka)
    await settle(kafka, [record for _ in range(9) for record in some(topic, new_id(), "read by another group")])
    await eventually(listener.keys, lambda keys: keys.total() == 9)
    assert await left() == 9
    ends = {one: end for one, (_, end) in (await cluster.lag("never-started", topic)).items()}
    await admin.delete_records({one: RecordsToDelete(end) for one, end in ends.items() if end})
    assert await left() == 0
    await cluster.close()


@pytest.mark.real
async def test_two_processes_of_a_service_share_its_records(kafka_url: str, kafka: Kafka, topic: str) -> None:
    second = Kafka(kafka_url, QUICK, topics=[topic])
    listeners = Listener(), Listener()
    for transport, listener in zip((kafka, second), listeners, strict=True):
        transport.subscribe(f"router-{topic}", topic, listener)
        await started(transport)

    async def heard() -> int:
        await settle(kafka, some(topic, new_id(), "moved"))
        return min(len(listener.heard) for listener in listeners)

    await eventually(heard)
    await second.stop()


async def test_it_starts_without_a_broker_and_keeps_what_it_is_given(topic: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        transport = Kafka(f"127.0.0.1:{unused.getsockname()[1]}", QUICK, topics=[topic])
        transport.subscribe(f"router-{topic}", topic, Listener())
        await transport.start()
        assert not transport.healthy()
        assert await transport.publish(some(topic, new_id(), "moved")) == set()
        assert not transport.healthy()
        await transport.stop()


def places(*found: tuple[int, int]) -> dict[TopicPartition, tuple[int, int]]:
    return {TopicPartition("referrals", number): place for number, place in enumerate(found)}


@pytest.mark.parametrize(
    ("looks", "in_hand", "stuck"),
    [
        ([(5, 5), (5, 5)], set(), False),
        ([(5, 9), (5, 9)], set(), True),
        ([(5, 9), (6, 9)], set(), False),
        ([(5, 9), (5, 9)], {0}, False),
        ([(5, 9), (0, 9)], set(), False),
    ],
    ids=["nothing waits", "stands still", "moves", "is being handled", "was put back"],
)
def test_a_partition_is_stuck_when_records_wait_and_it_does_not_move(
    looks: list[tuple[int, int]], in_hand: set[int], stuck: bool
) -> None:
    stall = Stall(patience_s=20)
    first, second = looks
    assert not stall.stuck(places(first, (3, 3)), in_hand, now=0)
    assert stall.stuck(places(second, (3, 3)), in_hand, now=21) is stuck
    stall.forget()
    assert not stall.stuck(places(second, (3, 3)), in_hand, now=42)


def test_the_client_says_the_same_thing_once_a_minute() -> None:
    now = [0.0]
    once = OnceAMinute(lambda: now[0])

    def said(line: int) -> bool:
        return once.filter(logging.LogRecord("aiokafka", logging.ERROR, "conn.py", line, "gone", None, None))

    assert [said(1), said(1), said(2)] == [True, False, True]
    now[0] = 61.0
    assert [said(1), said(2)] == [True, True]


def test_quietening_twice_adds_one_filter() -> None:
    handler = logging.NullHandler()
    logging.getLogger("aiokafka").addHandler(handler)
    quieten_client_logs()
    quieten_client_logs()
    logging.getLogger("aiokafka").removeHandler(handler)
    assert len(handler.filters) == 1
