"""Two services and a transport, whole: what one tells, the other does, whatever fails in between."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from shared.clock import new_id
from shared.db import Database, Transaction
from shared.embedded import Embedded
from shared.errors import Conflict
from shared.events import AssignmentRecalled, ReferralCancelled, Topic
from shared.kafka import Kafka, KafkaOptions
from shared.loops import Loops
from shared.messaging import Messaging
from shared.outbox import hand_out_again
from shared.service import Service
from shared.transport import Subscription, Transport
from tests.eventually import eventually
from tests.shared.world import AT_ONCE, EFFECTS, REQUEST, OpenDatabase, Scribe, a_cancellation, publish, rows

Transports = Callable[[], tuple[Transport, ...]]
QUICK = KafkaOptions(partitions=4, watch_s=0.2)
ROOT = Path(__file__).parents[2]


def a_recall(kind: type[AssignmentRecalled], cancelled: ReferralCancelled) -> AssignmentRecalled:
    return kind(
        referral_id=cancelled.referral_id,
        reference=cancelled.reference,
        assignment_id=new_id(),
        service_id="svc-1",
        service_name="Glossop Food Bank",
        reason=cancelled.reason,
        recalled_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


class Kinds:
    """Both kinds of event on topics that only one test uses: a broker keeps what other tests told."""

    def __init__(self, mark: str) -> None:
        # The type asks for one of our three topics, which is what production has and a shared broker must not.
        self.topics = [cast(Topic, f"{topic}-{mark}") for topic in (Topic.REFERRALS, Topic.ASSIGNMENTS)]
        self.cancelled: type[ReferralCancelled] = type("Cancelled", (ReferralCancelled,), {"topic": self.topics[0]})
        self.recalled: type[AssignmentRecalled] = type("Recalled", (AssignmentRecalled,), {"topic": self.topics[1]})


@dataclass
class Pair:
    """Intake, which tells of cancellations, and the router, which answers each with a recall that intake notes."""

    intake: Database
    router: Database
    scribe: Scribe
    kinds: Kinds

    def kafka(self, url: str) -> Kafka:
        """A client of the broker at `url` that knows this pair's topics."""
        return Kafka(url, QUICK, self.kinds.topics)

    def services(self) -> list[Service]:
        async def note(transaction: Transaction, event: AssignmentRecalled) -> None:
            row = {"key": str(event.referral_id), "reason": event.reason}
            await transaction.connection.execute(EFFECTS.insert(), row)

        return [
            Service(self.intake.name, self.intake, subscriptions=[Subscription(self.kinds.recalled, note)]),
            Service(self.router.name, self.router, subscriptions=[Subscription(self.kinds.cancelled, self.scribe)]),
        ]

    async def cancel(self, *reasons: str) -> UUID:
        """Cancel one referral, once for each reason."""
        key = new_id()
        for reason in reasons:
            await publish(self.intake, a_cancellation(key, reason, self.kinds.cancelled))
        return key

    async def noted(self, *keys: UUID) -> list[list[str]]:
        """For each referral, the reasons that intake heard back, in order."""
        heard = await rows(self.intake, EFFECTS)
        return [[str(row["reason"]) for row in heard if row["key"] == str(key)] for key in keys]

    async def hears(self, *expected: tuple[UUID, list[str]]) -> None:
        """Wait until intake has heard back what is expected."""
        keys, reasons = [key for key, _ in expected], [wanted for _, wanted in expected]
        await eventually(lambda: self.noted(*keys), lambda noted: noted == reasons, within_s=60)


@asynccontextmanager
async def running(services: Sequence[Service], *transports: Transport) -> AsyncIterator[None]:
    """The services, each on its transport (or all on the one), until the block ends."""
    pairs = zip(services, cycle(transports), strict=False)
    messaging = [Messaging(service, transport, AT_ONCE) for service, transport in pairs]
    async with AsyncExitStack() as stack:
        for each in messaging:
            await each.claim_data()
        for transport in transports:
            stack.push_async_callback(transport.stop)
            await transport.start()
        await stack.enter_async_context(Loops([loop for each in messaging for loop in each.loops]).running())
        yield


CreatePostgresql = Callable[[], Awaitable[str]]


async def a_pair(open_any_database: OpenDatabase, intake_url: str, router_url: str) -> Pair:
    kinds = Kinds(new_id().hex[-8:])
    intake = await open_any_database(intake_url, name="intake")
    router = await open_any_database(router_url, name="router")
    return Pair(intake, router, Scribe(answer=partial(a_recall, kinds.recalled)), kinds)


@pytest.fixture
async def embedded_pair(open_any_database: OpenDatabase, tmp_path: Path) -> Pair:
    urls = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("intake", "router"))
    return await a_pair(open_any_database, *urls)


@pytest.fixture
async def distributed_pair(open_any_database: OpenDatabase, create_postgresql: CreatePostgresql) -> Pair:
    return await a_pair(open_any_database, await create_postgresql(), await create_postgresql())


@pytest.fixture(params=["embedded", pytest.param("distributed", marks=pytest.mark.real)])
def pair(request: pytest.FixtureRequest) -> Pair:
    """The pair on SQLite, then on PostgreSQL."""
    found: Pair = request.getfixturevalue(f"{request.param}_pair")
    return found


@pytest.fixture
def transports(request: pytest.FixtureRequest, pair: Pair) -> Transports:
    """Makes what goes with the pair: one transport within the process, or a Kafka client for each service."""
    if not pair.intake.is_postgresql:
        return lambda: (Embedded(),)
    url: str = request.getfixturevalue("kafka_url")
    return lambda: (pair.kafka(url), pair.kafka(url))


async def test_what_one_service_tells_the_other_does_and_answers_in_order(pair: Pair, transports: Transports) -> None:
    async with running(pair.services(), *transports()):
        keys = [await pair.cancel("first", "second", "third") for _ in range(10)]
        await pair.hears(*((key, ["first", "second", "third"]) for key in keys))


async def test_what_failed_is_tried_again_without_holding_others_up(pair: Pair, transports: Transports) -> None:
    pair.scribe.failures["bad"] = [KeyError("bug"), KeyError("bug")]
    async with running(pair.services(), *transports()):
        failing = await pair.cancel("bad", "after")
        fine = await pair.cancel("good")
        await pair.hears((fine, ["good"]), (failing, ["bad", "after"]))


async def test_what_was_stored_before_a_stop_goes_on_after_the_next_start(pair: Pair, transports: Transports) -> None:
    before = await pair.cancel("before")
    async with running(pair.services(), *transports()):
        await pair.hears((before, ["before"]))
    between = await pair.cancel("between")
    async with running(pair.services(), *transports()):
        await pair.hears((before, ["before"]), (between, ["between"]))


async def test_one_sweep_at_the_start_heals_a_loss_at_a_later_hop(pair: Pair, transports: Transports) -> None:
    async with running(pair.services(), *transports()):
        key = await pair.cancel("lost on the way back")
        await pair.hears((key, ["lost on the way back"]))
    for table in (pair.intake.inbox, EFFECTS):
        # As if the answer had never arrived.
        async with pair.intake.engine.begin() as connection:
            await connection.execute(table.delete())
    async with running(pair.services(), *transports()):
        async with pair.intake.begin(REQUEST) as transaction:
            assert await hand_out_again(transaction, pair.intake.outbox.c.key == str(key)) == 1
        await pair.hears((key, ["lost on the way back"]))
    assert len(await rows(pair.router, EFFECTS)) >= 1
    assert len([row for row in await rows(pair.router, EFFECTS) if row["key"] == str(key)]) == 1


async def test_a_second_process_on_the_same_data_does_not_start(embedded_pair: Pair) -> None:
    async with running(embedded_pair.services(), Embedded()):
        again = Messaging(embedded_pair.services()[0], Embedded())
        with pytest.raises(Conflict, match="Another Waymark process"):
            await again.claim_data()


class OwnKafka:
    """A Kafka that only this test uses, so that it may be killed and wiped."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._port = "0"
        self.url = self.up()
        self._port = self.url.rpartition(":")[2]

    def up(self) -> str:
        """Start it, on the port it had; its address."""
        said = self._run("up", "--only", "kafka", "--kafka-port", self._port)
        return said.partition("WAYMARK_KAFKA_URL=")[2].strip()

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        self._run("kill", "kafka")

    def wipe(self) -> None:
        """Delete every byte it holds."""
        self._run("down", "--only", "kafka", "--wipe")

    def _run(self, command: str, *more: str) -> str:
        line = [sys.executable, "-m", "deploy.native", command, "--data", str(self._data), *more]
        return subprocess.run(line, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[OwnKafka]:
    broker = OwnKafka(tmp_path / "broker")
    yield broker
    broker.wipe()


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_a_broker_that_is_killed_under_load_loses_nothing(distributed_pair: Pair, own_kafka: OwnKafka) -> None:
    pair = distributed_pair
    async with running(pair.services(), pair.kafka(own_kafka.url), pair.kafka(own_kafka.url)):
        before = [await pair.cancel("before") for _ in range(20)]
        await pair.hears((before[0], ["before"]))
        await asyncio.to_thread(own_kafka.kill)
        during = [await pair.cancel("during", "still") for _ in range(20)]
        await asyncio.to_thread(own_kafka.up)
        await pair.hears(*((key, ["before"]) for key in before), *((key, ["during", "still"]) for key in during))
        after = await pair.cancel("after")
        await pair.hears((after, ["after"]))


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_a_broker_that_forgot_everything_costs_one_sweep(distributed_pair: Pair, own_kafka: OwnKafka) -> None:
    pair = distributed_pair
    intake, router = pair.services()

    async def left() -> bool:
        return all(row["published_at"] is not None for row in await rows(pair.intake, pair.intake.outbox))

    async with running([intake], pair.kafka(own_kafka.url)):
        keys = [await pair.cancel("told to the broker alone") for _ in range(5)]
        await eventually(left)
        await asyncio.to_thread(own_kafka.wipe)
        await asyncio.to_thread(own_kafka.up)
        async with running([router], pair.kafka(own_kafka.url)):
            later = await pair.cancel("later")
            await pair.hears((later, ["later"]))
            assert await pair.noted(*keys) == [[]] * 5
            async with pair.intake.begin(REQUEST) as transaction:
                assert await hand_out_again(transaction, pair.intake.outbox.c.key.in_(map(str, keys))) == 5
            await pair.hears(*((key, ["told to the broker alone"]) for key in keys))
