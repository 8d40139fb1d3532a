"""Receipts of Notify: called back or asked for, twice, late, in any order, or never."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import uuid5

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from structlog.testing import capture_logs

from services.notifier import operations
from services.notifier.channels.notify import Notify
from services.notifier.channels.notify_receipts import read_callback
from services.notifier.domain.arrival import Arrival, Report, furthest
from services.notifier.domain.message import Proof
from services.notifier.domain.notification import State
from services.notifier.receipts import callback, suppressed
from services.notifier.store.database import NotifierDatabase
from services.notifier.store.tables import notification, receipt
from services.notifier.store.transactions import Transactions
from services.notifier.use_cases.receipts import KeepReports
from shared import problems
from shared.clock import new_id, utc_now
from shared.events import NotificationDelivered, ServiceReachable
from shared.http import Edge
from shared.idempotency import HEADER, Idempotency, Unsealed
from tests.notifier.heard import offered
from tests.notifier.http_server import nobody_listens
from tests.notifier.notify_server import FakeNotify, Json, by_notify
from tests.notifier.world import DIRECTORY, EMAIL, IDS, SERVICE, ScriptedSender, World, transactions_on

TOKEN, NEXT_TOKEN = "the-token-of-this-year", "the-token-of-next-year"
PATH = "/api/v1/receipts/notify"
HOUR = timedelta(hours=1)


@asynccontextmanager
async def calling(transactions: Transactions) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, "http://waymark.example")
    once = operations.Once(transactions.within, Idempotency(transactions.database, Unsealed()))
    app.include_router(callback.routes(transactions, KeepReports(), read_callback, (TOKEN, NEXT_TOKEN)))
    app.include_router(suppressed.routes(transactions, once))
    transport = httpx.ASGITransport(Edge(app, new_id), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(world.transactions) as client:
        yield client


async def call_back(client: httpx.AsyncClient, body: object, token: str = TOKEN) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await client.post(PATH, content=content, headers={"authorization": f"Bearer {token}"})
    return answer.status_code


async def test_a_callback_is_described_with_its_body_and_what_refuses_it(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()["paths"][PATH]["post"]
    assert {"202", "401", "503"} <= described["responses"].keys()
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    assert {"reference", "status", "completed_at"} <= schema["properties"].keys()


async def kept(world: World) -> list[tuple[str, str]]:
    async with world.begin() as tx:
        rows = await tx.tx.connection.execute(select(receipt.c.status, receipt.c.state).order_by(receipt.c.seq))
        return [(row.status, row.state) for row in rows]


@pytest.mark.parametrize(
    ("status", "arrival"),
    [
        ("delivered", Arrival.DELIVERED),
        ("permanent-failure", Arrival.BOUNCED_HARD),
        ("technical-failure", Arrival.NOT_SENT),
        ("cancelled", Arrival.NOT_SENT),
        ("sent", None),
        ("a-word-of-next-year", None),
    ],
)
async def test_each_status_of_notify_means_one_thing(
    world: World, client: httpx.AsyncClient, notify: Notify, fake: FakeNotify, status: str, arrival: Arrival | None
) -> None:
    await by_notify(world, notify)
    assert await call_back(client, fake.callback(fake.taken[0], status)) == 202
    await world.report()
    message = await world.only()
    assert (message.state, message.receipt) == (State.SENT, arrival)


async def test_a_receipt_that_comes_twice_is_told_once(
    world: World, client: httpx.AsyncClient, notify: Notify, fake: FakeNotify
) -> None:
    await by_notify(world, notify)
    body = fake.callback(fake.taken[0], "delivered")
    for token in (TOKEN, NEXT_TOKEN, TOKEN):
        assert await call_back(client, body, token) == 202
        await world.report()
    assert await kept(world) == [("delivered", "applied")]
    assert [type(told) for told in await world.published()].count(NotificationDelivered) == 1


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe9"]
)
async def test_only_a_wrong_token_is_refused(world: World, client: httpx.AsyncClient, header: str) -> None:
    answer = await client.post(PATH, content=b"{}", headers={b"authorization": header.encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert await kept(world) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json, to: resident@dva.example 07700 900001",
        b"[1]",
        b'{"status": 5}',
        b'{"status": "delivered\\u0000", "to": "resident@dva.example"}',
        b"\xff\xfe",
        b"[" * 5_000,
    ],
)
async def test_what_cannot_be_read_is_kept_aside_without_addresses(
    world: World, client: httpx.AsyncClient, body: bytes
) -> None:
    assert await call_back(client, body) == 202
    await world.report()
    assert await kept(world) == [("unreadable", "quarantined")]
    async with world.begin() as tx:
        shown = (await tx.tx.connection.execute(select(receipt.c.body))).scalar_one()
    assert "@" not in shown
    assert "900001" not in shown


@given(st.binary(max_size=300))
def test_any_body_is_read(body: bytes) -> None:
    assert read_callback(body).provider == "notify"


@given(st.dictionaries(st.sampled_from(["id", "reference", "to", "status", "completed_at", "complaint_id"]), st.text()))
def test_no_address_is_in_what_is_made_of_a_body(told: Json) -> None:
    report = read_callback(json.dumps(told | {"to": "canary@dva.example", "status": "delivered"}).encode())
    assert "canary@" not in repr(report)


@pytest.mark.parametrize("odd", ["\\u0000", "\\ud800", "0001-01-01T00:00:00+23:59", "x" * 900])
async def test_whatever_a_receipt_holds_it_is_kept(world: World, client: httpx.AsyncClient, odd: str) -> None:
    body = f'{{"status": "delivered", "id": "{odd}", "reference": "{odd}", "completed_at": "{odd}"}}'
    assert await call_back(client, body.encode()) == 202
    assert await kept(world) == [("delivered", "waiting")]


async def test_a_receipt_for_a_message_that_is_not_ours_is_kept_aside(world: World, client: httpx.AsyncClient) -> None:
    for reference in (str(uuid5(IDS, "nobody")), "not-an-id", None):
        body = {"id": str(reference), "reference": reference, "status": "delivered", "to": EMAIL}
        assert await call_back(client, body) == 202
    await world.report()
    assert await kept(world) == [("delivered", "quarantined")] * 3


async def test_while_the_database_is_away_notify_is_asked_to_come_again() -> None:
    url = f"postgresql+asyncpg://nobody@127.0.0.1:{nobody_listens()}/nothing"
    async with calling(transactions_on(NotifierDatabase(url, now=utc_now, new_id=new_id))) as client:
        assert await call_back(client, {"status": "delivered"}) == 503


async def test_a_receipt_that_overtakes_the_record_of_its_sending_waits_for_it(world: World) -> None:
    await world.hear(offered(channels=("email",)))
    planned = await world.only()
    report = Report("notify", planned.id, f"scripted:{planned.id}", "delivered", Arrival.DELIVERED)

    async def told_already() -> None:
        await world.report(report)

    sender = ScriptedSender(meanwhile=told_already, proof=Proof.LATER)
    await world.worker(sender).run_once()
    assert (await world.only()).receipt is None
    await world.pass_time(timedelta(seconds=10))
    await world.report()
    assert (await world.only()).receipt is Arrival.DELIVERED


async def test_the_failing_of_an_earlier_copy_says_nothing_of_the_present_one(
    world: World, notify: Notify, fake: FakeNotify
) -> None:
    await by_notify(world, notify)
    message = await world.only()
    await world.report(Report("notify", message.id, "notify:earlier", "permanent-failure", Arrival.BOUNCED_HARD))
    assert (await world.only()).receipt is None
    await world.report(Report("notify", message.id, "notify:earlier", "delivered", Arrival.DELIVERED))
    assert (await world.only()).receipt is Arrival.DELIVERED


@pytest.mark.parametrize("order", list(permutations([Arrival.DELIVERED, Arrival.BOUNCED_HARD, Arrival.NOT_SENT])))
async def test_the_order_of_receipts_does_not_matter(world: World, order: tuple[Arrival, ...]) -> None:
    sender = ScriptedSender(proof=Proof.LATER)
    await world.hear(offered(channels=("email",)))
    await world.worker(sender).run_once()
    message = await world.only()
    for arrival in order:
        await world.report(Report("notify", message.id, "scripted:one", arrival.value, arrival))
    assert (await world.only()).receipt is Arrival.DELIVERED


@given(st.lists(st.sampled_from([None, *Arrival]), max_size=1000), st.randoms(use_true_random=False))
def test_a_thousand_receipts_in_any_order_lead_to_the_same_end(told: list[Arrival], chance: random.Random) -> None:
    def end(reports: list[Arrival]) -> Arrival | None:
        known = None
        for report in reports:
            known = furthest(known, report)
        return known

    shuffled = told + told[: len(told) // 3]
    chance.shuffle(shuffled)
    assert end(shuffled) == end(told)


async def test_a_digests_receipt_is_that_of_all_it_told(world: World) -> None:
    sender, digest = ScriptedSender(proof=Proof.LATER), uuid5(IDS, "digest")
    await world.hear(offered(name="first", channels=("email",)), offered(name="second", channels=("email",)))
    await world.worker(sender).run_once()
    async with world.begin() as tx:
        await tx.tx.connection.execute(notification.update().values(digest_id=digest))
    await world.report(Report("notify", digest, "scripted:1", "delivered", Arrival.DELIVERED))
    assert [message.receipt for message in await world.stored()] == [Arrival.DELIVERED] * 2


async def test_a_complaint_has_nothing_more_sent_there_until_a_person_lifts_it(
    world: World, client: httpx.AsyncClient, notify: Notify, fake: FakeNotify
) -> None:
    await by_notify(world, notify)
    told = {"notification_id": fake.taken[0]["id"], "reference": fake.taken[0]["reference"], "to": EMAIL}
    assert await call_back(client, told | {"complaint_id": "c-1", "complaint_date": "2020-04-15T11:00:00Z"}) == 202
    await world.report()
    [listed] = (await client.get("/api/v1/contacts/suppressed")).json()["contacts"]
    assert (listed["contact"], listed["reason"]) == ("svc-dva-doorstep:email", "complaint")
    assert listed["to"] == "r***@dva.example"
    lift = f"/api/v1/contacts/{listed['contact']}/lift"
    body = {"by": "cru-duty-2", "reason": "spoke_to_them"}
    assert (await client.post(lift, json=body, headers={HEADER: "lift-once-0001"})).status_code == 200
    assert (await client.get("/api/v1/contacts/suppressed")).json() == {"contacts": []}
    assert (await client.post(lift, json=body, headers={HEADER: "lift-once-0002"})).status_code == 404
    [reachable] = [event for event in await world.published() if isinstance(event, ServiceReachable)]
    assert (reachable.service_id, reachable.contact) == ("svc-dva-doorstep", "svc-dva-doorstep:email")
    assert (reachable.lifted_by, reachable.sequence) == ("cru-duty-2", 1)


def test_every_service_of_an_organisation_is_reached_by_its_office() -> None:
    office = DIRECTORY.offices[SERVICE]
    directory = replace(DIRECTORY, offices={SERVICE: office, "svc-phone-only": office})
    assert directory.services_of(office.id) == (SERVICE, "svc-phone-only")
    assert directory.services_of("svc-phone-only:phone") == ("svc-phone-only",)
    assert directory.services_of("resident:2c1f") == ()


async def test_a_report_that_cannot_be_applied_keeps_no_other_waiting(world: World) -> None:
    sender = ScriptedSender(proof=Proof.LATER)
    await world.hear(offered(name="broken", channels=("email",)), offered(name="whole", channels=("email",)))
    await world.worker(sender).run_once()
    first, second = [message.id for message in await world.stored()]
    async with world.begin() as tx:
        spoilt = notification.update().where(notification.c.id == first).values(channel="pigeon")
        await tx.tx.connection.execute(spoilt)
    reports = [Report("notify", each, f"scripted:{each}", "delivered", Arrival.DELIVERED) for each in (first, second)]
    with capture_logs() as logs:
        await world.report(*reports)
        await world.report()
    assert [(each["event"], each["notification_id"]) for each in logs] == [("receipt.failed", str(first))]
    async with world.begin() as tx:
        mended = notification.update().where(notification.c.id == first).values(channel="email")
        await tx.tx.connection.execute(mended)
    assert [message.receipt for message in await world.stored() if message.id == second] == [Arrival.DELIVERED]
    await world.pass_time(timedelta(minutes=1))
    await world.report()
    assert [message.receipt for message in await world.stored()] == [Arrival.DELIVERED] * 2


async def test_what_was_queued_when_its_contact_was_suppressed_does_not_go(world: World) -> None:
    await world.hear(offered(channels=("email",)))
    message = await world.only()
    async with world.begin() as tx:
        await tx.suppressions.add(message.contact, "hard_bounce", message.id, await tx.present())
    sender = ScriptedSender()
    await world.worker(sender).run_once()
    message = await world.only()
    assert (message.state, message.reason, sender.taken) == (State.FAILED, "suppressed", [])
