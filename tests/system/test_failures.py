"""Faults of everything around the services, under load: what was accepted is decided and told, once."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from shared.events import Topic
from tests.eventually import eventually
from tests.servers import Servers
from tests.system.broker import Sent
from tests.system.caller import Caller, calling
from tests.system.databases import SERVICES
from tests.system.ledger import balanced, under_way
from tests.system.people import a_referral, many
from tests.system.poison import of_a_later_version, unreadable
from tests.system.world import Deployment

pytestmark = pytest.mark.timeout(240)
REFERRALS = 40
KILL_AT = 10
WITHIN_S = 60.0
SWEPT = "x-sweep"


@pytest.fixture
async def caller(deployment: Deployment) -> AsyncIterator[Caller]:
    async with calling(deployment) as client:
        yield client


async def assert_balanced(deployment: Deployment, caller: Caller, count: int) -> None:
    """All `count` were accepted, decided and told once; not even a copy arrived."""
    assert len(set(caller.ids)) == count
    books = await balanced(deployment, caller.ids)
    assert (books.lost, books.repeated, books.copies) == ([], [], 0)


def effects(deployment: Deployment) -> dict[str, int]:
    """How much of everything there is that must exist once."""
    tables = (("intake", "referral"), ("intake", "timeline"), ("intake", "notice"), ("router", "decision"),
              ("router", "assignment"), ("router", "assignment_move"), ("notifier", "notification"),
              ("notifier", "attempt"))  # fmt: skip
    counted = {
        f"{service}.{table}": int(str(deployment.rows(service, f"SELECT count(*) FROM {table}")[0][0]))
        for service, table in tables
    }
    return counted | {"letters": len(deployment.post.letters()), "texts": len(deployment.post.texts())}


async def all_read(deployment: Deployment) -> None:
    """Wait until every consumer has a verdict on every record, and nothing waits to leave."""

    async def left() -> dict[str, int]:
        return {**await deployment.broker.behind(), **under_way(deployment)}

    await eventually(left, lambda waiting: not waiting, within_s=WITHIN_S)


def dead(deployment: Deployment) -> dict[str, list[str]]:
    """The lines of `waymark dead-letters list`, by service; none for a service that has none."""
    said = {each: deployment.command("dead-letters", "list", each).splitlines() for each in SERVICES}
    return {each: lines for each, lines in said.items() if lines != ["There are none."]}


async def test_every_record_delivered_twice_more_and_then_swept_changes_nothing(
    deployment: Deployment, caller: Caller
) -> None:
    await caller.submit_all(many(10_000, 45))
    await assert_balanced(deployment, caller, 45)
    await all_read(deployment)
    before, records = effects(deployment), await deployment.broker.records()
    assert {record.topic for record in records} == set(Topic)
    await deployment.broker.send([*records, *records])
    await all_read(deployment)
    assert effects(deployment) == before
    # A sweep asks each service for what it once published because of the record.
    await deployment.broker.send([record.with_header(SWEPT, "1") for record in records])
    await all_read(deployment)
    assert effects(deployment) == before
    assert dead(deployment) == {}


async def test_losing_every_record_in_the_broker_loses_no_referral(deployment: Deployment, caller: Caller) -> None:
    router = deployment.services["router"]
    router.kill()
    await caller.submit_all(many(12_000, 20))

    async def left_intake() -> bool:
        return "intake outbox" not in under_way(deployment)

    await eventually(left_intake)
    await deployment.broker.forget()
    router.start()
    # News of a referral may take a minute, which the test lets pass at once.
    deployment.databases.execute("intake", "UPDATE referral SET sweep_at = now() WHERE sweep_at IS NOT NULL")
    await assert_balanced(deployment, caller, 20)


async def test_a_broker_that_is_killed_under_load_loses_nothing(
    deployment: Deployment, caller: Caller, servers: Servers
) -> None:
    await caller.submit_all(many(13_000, REFERRALS), at=_kill_and_start_again(servers, "kafka"))
    await assert_balanced(deployment, caller, REFERRALS)
    assert caller.put_off == []


async def test_without_a_broker_intake_accepts_and_all_is_routed_once_it_is_back(
    deployment: Deployment, caller: Caller, servers: Servers
) -> None:
    servers.kill("kafka")
    try:
        await caller.submit_all(many(14_000, REFERRALS))
        assert caller.put_off == []
        assert under_way(deployment)["intake outbox"] == REFERRALS
        assert (await caller.intake.get("/readyz")).status_code == 200
    finally:
        await asyncio.to_thread(servers.start_again, "kafka")
    await assert_balanced(deployment, caller, REFERRALS)


async def test_databases_that_are_killed_under_load_lose_nothing(
    deployment: Deployment, caller: Caller, servers: Servers
) -> None:
    await caller.submit_all(many(15_000, REFERRALS), at=_kill_and_start_again(servers, "postgres"))
    await assert_balanced(deployment, caller, REFERRALS)
    assert {answer.status_code for answer in caller.put_off} <= {409, 503}
    assert all("Retry-After" in answer.headers for answer in caller.put_off)


async def test_without_redis_intake_goes_on_accepting(deployment: Deployment, caller: Caller, servers: Servers) -> None:
    servers.kill("redis")
    try:
        await caller.submit_all(many(16_000, 20))
        assert caller.put_off == []
    finally:
        servers.start_again("redis")
    metrics = (await caller.intake.get("/metrics")).text
    (failures,) = re.findall(r"^waymark_rate_limit_failures_total (\S+)$", metrics, re.MULTILINE)
    assert float(failures) > 0
    await assert_balanced(deployment, caller, 20)


async def test_a_service_asked_to_stop_under_load_ends_well_and_repeats_nothing(
    deployment: Deployment, caller: Caller
) -> None:
    codes: dict[str, int] = {}

    def stop(service: str) -> Callable[[], Awaitable[None]]:
        async def and_start() -> None:
            process = deployment.services[service]
            codes[service] = await asyncio.to_thread(process.stop, signal.SIGTERM)
            process.start()

        return and_start

    await caller.submit_all(many(17_000, REFERRALS), at={10 * at + 5: stop(each) for at, each in enumerate(SERVICES)})
    await assert_balanced(deployment, caller, REFERRALS)
    assert codes == dict.fromkeys(SERVICES, 0)


async def test_poison_is_set_aside_once_for_each_consumer_and_others_go_on(
    deployment: Deployment, caller: Caller
) -> None:
    poison: list[Sent] = [record for topic in Topic for record in unreadable(topic)]
    await deployment.broker.send(poison)
    receipts = [await caller.submit(a_referral(18_000 + number)) for number in range(5)]
    for receipt in receipts:
        assert (await caller.settled(receipt["reference"]))["outcome"] == "routed"
    await all_read(deployment)
    # Each service reads two topics.
    kinds = len(poison) // len(Topic)
    letters = dead(deployment)
    assert {each: len(lines) for each, lines in letters.items()} == dict.fromkeys(SERVICES, 2 * kinds)
    letter = letters["router"][0].split()[0]
    assert letter in deployment.command("dead-letters", "show", "router", letter)


async def test_an_event_of_a_later_version_is_passed_over(deployment: Deployment) -> None:
    async def passed_over() -> dict[str, float]:
        return {each: await _passed_over(deployment, each) for each in SERVICES}

    before = await passed_over()
    await deployment.broker.send([of_a_later_version(topic) for topic in Topic])
    await eventually(passed_over, lambda now: all(now[each] >= before[each] + 2 for each in SERVICES))


async def _passed_over(deployment: Deployment, service: str) -> float:
    async with httpx.AsyncClient(base_url=deployment.url(service)) as client:
        metrics = (await client.get("/metrics")).text
    pattern = rf'^waymark_inbox_verdicts_total{{outcome="passed_over",service="{service}",type="other"}} (\S+)$'
    return sum(map(float, re.findall(pattern, metrics, re.MULTILINE)))


def _kill_and_start_again(servers: Servers, kind: str) -> dict[int, Callable[[], Awaitable[None]]]:
    """A server dies after some referrals, and comes back a little later, while they keep coming."""

    async def both() -> None:
        servers.kill(kind)
        await asyncio.to_thread(servers.start_again, kind)

    return {KILL_AT: both}
