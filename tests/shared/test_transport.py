"""What every transport promises, shown on each: delivery within the process, and a real Kafka."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from shared.clock import new_id
from shared.embedded import Embedded
from shared.envelope import Record
from shared.kafka import Kafka, KafkaOptions
from shared.messaging import make_transport
from shared.transport import Transport
from tests.eventually import eventually
from tests.shared.listening import Listener, settle, some, started

Make = Callable[[], Transport]


@pytest.fixture
def topic() -> str:
    return f"topic-{new_id()}"


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.real)])
async def make(request: pytest.FixtureRequest, topic: str) -> AsyncIterator[Make]:
    """Makes transports of each kind in turn; they are stopped after the test."""
    made: list[Transport] = []

    def make_embedded() -> Transport:
        return Embedded()

    def make_kafka() -> Transport:
        url: str = request.getfixturevalue("kafka_url")
        return Kafka(url, KafkaOptions(partitions=3, watch_s=0.1), topics=[topic])

    def make_one() -> Transport:
        made.append(make_embedded() if request.param == "embedded" else make_kafka())
        return made[-1]

    yield make_one
    for transport in made:
        await transport.stop()


@pytest.fixture
def transport(make: Make) -> Transport:
    return make()


async def test_every_service_hears_every_record_of_its_topics(transport: Transport, topic: str) -> None:
    router, notifier = Listener(), Listener()
    transport.subscribe(f"router-{topic}", topic, router)
    transport.subscribe(f"notifier-{topic}", topic, notifier)
    await started(transport)
    records = [record for _ in range(20) for record in some(topic, new_id(), "moved")]
    await settle(transport, records)
    for listener in (router, notifier):
        await eventually(listener.keys, lambda keys: len(keys) == 20)


async def test_one_referrals_records_arrive_in_order(transport: Transport, topic: str) -> None:
    listener = Listener()
    transport.subscribe(f"router-{topic}", topic, listener)
    await started(transport)
    keys = [new_id() for _ in range(5)]
    numbers = [str(number) for number in range(10)]
    by_key = [some(topic, key, *numbers) for key in keys]
    await settle(transport, [record for wave in zip(*by_key, strict=True) for record in wave])
    await eventually(listener.keys, lambda heard: heard.total() == 50)
    assert [listener.reasons(key) for key in keys] == [numbers] * 5


async def test_a_record_without_a_verdict_comes_again_before_the_later_ones_of_its_referral(
    transport: Transport, topic: str
) -> None:
    key = new_id()
    listener = Listener(Counter({str(key): 2}))
    transport.subscribe(f"router-{topic}", topic, listener)
    await started(transport)
    await settle(transport, some(topic, key, "first", "second"))
    await eventually(listener.keys, lambda heard: heard.total() == 2)
    assert listener.reasons(key) == ["first", "second"]


async def test_nothing_is_lost_for_others_while_one_referral_fails(transport: Transport, topic: str) -> None:
    failing, fine = new_id(), [new_id() for _ in range(10)]
    listener = Listener(Counter({str(failing): 2}))
    transport.subscribe(f"router-{topic}", topic, listener)
    await started(transport)
    await settle(transport, [record for key in (failing, *fine) for record in some(topic, key, "moved")])
    heard = await eventually(listener.keys, lambda keys: len(keys) == 11)
    assert set(heard.values()) == {1}


async def test_a_record_arrives_as_it_was_sent(transport: Transport, topic: str) -> None:
    listener = Listener()
    transport.subscribe(f"router-{topic}", topic, listener)
    await started(transport)
    [record] = some(topic, new_id(), "déménagé 搬家")
    record.headers["x-sweep"] = "2"
    await settle(transport, [record])
    await eventually(listener.keys)
    assert listener.heard == [record]


async def test_before_it_is_started_and_after_it_is_stopped_nothing_is_safe(transport: Transport, topic: str) -> None:
    assert not transport.healthy()
    await started(transport)
    await transport.stop()
    assert not transport.healthy()
    assert await transport.publish(some(topic, new_id(), "moved")) == set()


async def test_what_is_in_hand_is_finished_before_it_stops(transport: Transport, topic: str) -> None:
    begun, go_on, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_: Record) -> None:
        begun.set()
        await go_on.wait()
        finished.set()

    transport.subscribe(f"router-{topic}", topic, slow)
    await started(transport)
    publishing = asyncio.create_task(transport.publish(some(topic, new_id(), "moved")))
    await begun.wait()
    stopping = asyncio.create_task(transport.stop())
    go_on.set()
    await stopping
    assert finished.is_set()
    await publishing


async def test_a_topic_that_nobody_here_hears_may_still_be_told(transport: Transport, topic: str) -> None:
    await started(transport)
    records = some(topic, new_id(), "moved")
    assert await transport.publish(records) == {records[0].id}


def test_the_transport_follows_from_the_broker_url() -> None:
    assert isinstance(make_transport(None), Embedded)
    assert isinstance(make_transport("127.0.0.1:9092"), Kafka)
