"""A request sent twice counts once, whatever happens to the first."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from fastapi import FastAPI, Request, Response
from httpx import ASGITransport, AsyncClient
from sqlalchemy import func, select, update

from services.intake.store.tables import idempotency, outbox, referral
from shared import problems
from shared.clock import new_id, utc_now
from shared.db import Database, Transaction
from shared.envelope import Origin
from shared.errors import Refused
from shared.idempotency import Answer, Expiry, Idempotency, KeyMissing, fingerprint_of, key_of
from shared.vault import Vault
from tests.intake.builders import a_body
from tests.intake.conftest import OpenDatabase, World

REFERRALS = "/api/v1/referrals"
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


class Shop:
    """A small application whose only work is to count, and to wait or fail when it is told to."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self.idempotency = Idempotency(database, vault)
        self.sold = 0
        self.failures: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()
        self.app = FastAPI()
        problems.install(self.app, "http://shop")

        @self.app.post("/sales")
        @self.app.post("/sales/{item}")
        async def sell(request: Request) -> Response:
            client = request.headers.get("x-client", "till")
            return await self.idempotency(request, client, Origin("test"), self._sell)

    async def _sell(self, tx: Transaction) -> Answer:
        self.entered.set()
        await self.open.wait()
        if self.failures:
            raise self.failures.pop()
        self.sold += 1
        return Answer(201, {"number": self.sold}, f"/sales/{self.sold}")

    async def buy(
        self, key: str | None = KEY, body: object = "tea", path: str = "/sales", client: str = "till"
    ) -> Response:
        headers = {"X-Client": client} | ({} if key is None else {"Idempotency-Key": key})
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://shop") as http:
            answer = await http.post(path, json=body, headers=headers)
        return Response(answer.content, answer.status_code, dict(answer.headers))


@pytest.fixture
async def database(open_database: OpenDatabase, database_url: str) -> Database:
    return await open_database(database_url, now=utc_now)


@pytest.fixture
def shop(database: Database, vault: Vault) -> Shop:
    return Shop(database, vault)


async def make_older(database: Database) -> None:
    """Let the 24 hours of every kept answer be over."""
    async with database.engine.begin() as connection:
        await connection.execute(update(idempotency).values(expires_at=database.instant_in(-1)))


def code_of(response: Response) -> str:
    return str(json.loads(bytes(response.body))["code"])


async def test_the_same_request_gets_the_first_answer_again(shop: Shop) -> None:
    first, second = await shop.buy(), await shop.buy()
    assert (second.status_code, second.body) == (first.status_code, first.body)
    assert second.headers["location"] == "/sales/1"
    assert ("idempotency-replayed" in first.headers, second.headers["idempotency-replayed"]) == (False, "true")
    assert shop.sold == 1


async def test_a_quoted_key_is_the_same_as_a_bare_one(shop: Shop) -> None:
    await shop.buy(f'"{KEY}"')
    await shop.buy(KEY)
    assert shop.sold == 1


async def test_the_order_of_members_and_spaces_makes_no_other_request(shop: Shop) -> None:
    await shop.buy(body={"a": 1, "b": [2, "\u00e9"]})
    assert (await shop.buy(body={"b": [2, "\u00e9"], "a": 1})).status_code == 201
    assert shop.sold == 1


async def test_another_body_under_the_same_key_is_refused_without_the_first_answer(shop: Shop) -> None:
    await shop.buy()
    other = await shop.buy(body="coffee")
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert b"number" not in bytes(other.body)


async def test_another_path_of_the_same_route_under_the_same_key_is_refused(shop: Shop) -> None:
    await shop.buy(path="/sales/tea")
    assert (await shop.buy(path="/sales/coffee")).status_code == 422


async def test_keys_of_different_clients_and_routes_do_not_meet(shop: Shop) -> None:
    for client, path in (("till", "/sales"), ("web", "/sales"), ("till", "/sales/tea")):
        assert (await shop.buy(client=client, path=path)).status_code == 201
    assert shop.sold == 3


@pytest.mark.parametrize("key", [None, "", "   "])
async def test_a_request_without_a_key_is_told_to_send_one(shop: Shop, key: str | None) -> None:
    answer = await shop.buy(key)
    assert (answer.status_code, code_of(answer)) == (400, "idempotency_key_missing")
    assert shop.sold == 0


@pytest.mark.parametrize("key", ["1234567", '"1234567"', "x" * 256, "with a space in it", '"tab\there-1234"'])
async def test_a_key_that_is_not_well_formed_is_refused(shop: Shop, key: str) -> None:
    answer = await shop.buy(key)
    assert (answer.status_code, code_of(answer)) == (400, "idempotency_key_invalid")


async def test_a_request_that_is_still_being_handled_is_not_begun_again(shop: Shop) -> None:
    shop.open.clear()
    first = asyncio.create_task(shop.buy())
    await shop.entered.wait()
    second = await shop.buy()
    shop.open.set()
    assert (second.status_code, code_of(second), second.headers["retry-after"]) == (409, "request_in_progress", "1")
    assert (await first).status_code == 201
    assert (await shop.buy()).headers["idempotency-replayed"] == "true"
    assert shop.sold == 1


async def test_a_refused_request_keeps_no_answer_so_the_corrected_one_may_use_its_key(shop: Shop) -> None:
    shop.failures = [Refused("validation-failed", "No tea today.")]
    assert (await shop.buy()).status_code == 422
    assert (await shop.buy(body="coffee")).status_code == 201


async def test_a_request_that_failed_through_our_fault_may_be_sent_again(shop: Shop) -> None:
    shop.failures = [RuntimeError("the till is on fire")]
    assert (await shop.buy()).status_code == 500
    assert (await shop.buy()).status_code == 201


async def test_after_its_time_a_key_is_new_again(shop: Shop, database: Database) -> None:
    await shop.buy()
    await make_older(database)
    assert (await shop.buy(body="coffee")).status_code == 201
    assert (await shop.buy(body="coffee")).headers["idempotency-replayed"] == "true"
    assert shop.sold == 2


async def test_an_answer_is_kept_for_24_hours_by_the_clock_of_the_database(shop: Shop, database: Database) -> None:
    await shop.buy()
    async with database.engine.connect() as connection:
        kept_on = idempotency.c.expires_at > database.instant_in(24 * 3_600 - 60)
        gone_by = idempotency.c.expires_at <= database.instant_in(24 * 3_600)
        assert await connection.scalar(select(func.count()).where(kept_on, gone_by)) == 1


async def test_answers_are_deleted_after_their_time_and_not_before(shop: Shop, database: Database) -> None:
    await shop.buy()
    assert not await Expiry(database).run_once()
    assert (await shop.buy()).headers["idempotency-replayed"] == "true"
    await make_older(database)
    await Expiry(database).run_once()
    async with database.engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(idempotency)) == 0


async def test_neither_key_nor_answer_can_be_read_in_the_database(shop: Shop, database: Database) -> None:
    await shop.buy()
    async with database.engine.connect() as connection:
        row = repr((await connection.execute(select(idempotency))).one())
    assert KEY not in row
    assert "number" not in row


@pytest.mark.real
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_another_process_that_handles_the_same_request_is_waited_for_too(
    shop: Shop, database: Database, vault: Vault
) -> None:
    elsewhere = Shop(database, vault)
    shop.open.clear()
    first = asyncio.create_task(shop.buy())
    await shop.entered.wait()
    assert (await elsewhere.buy()).status_code == 409
    shop.open.set()
    await first
    assert (await elsewhere.buy()).headers["idempotency-replayed"] == "true"
    assert (shop.sold, elsewhere.sold) == (1, 0)


@pytest.mark.real
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_process_that_dies_lets_go_of_its_key(shop: Shop, database: Database, vault: Vault) -> None:
    elsewhere = Shop(database, vault)
    shop.open.clear()
    first = asyncio.create_task(shop.buy())
    await shop.entered.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (await elsewhere.buy()).status_code == 201


@pytest.mark.real
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_of_many_processes_that_get_the_same_request_at_once_one_does_it(
    database: Database, vault: Vault
) -> None:
    shops = [Shop(database, vault) for _ in range(8)]
    for _ in range(5):
        key = str(new_id())
        answers = await asyncio.gather(*(shop.buy(key) for shop in shops))
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({bytes(answer.body) for answer in answers if answer.status_code == 201}) == 1
    assert sum(shop.sold for shop in shops) == 5


async def test_twenty_equal_posts_at_once_make_one_referral(world: World) -> None:
    async def post() -> int:
        headers = {"Idempotency-Key": KEY}
        return (await world.client.post(REFERRALS, json=a_body(), headers=headers)).status_code

    statuses: Sequence[int] = await asyncio.gather(*(post() for _ in range(20)))
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 1
    assert await post() == 201
    async with world.database.engine.connect() as connection:
        for table in (referral, outbox, idempotency):
            assert await connection.scalar(select(func.count()).select_from(table)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.real
async def test_of_twenty_calls_about_one_person_at_once_the_first_has_no_match_and_every_other_has(
    world: World,
) -> None:
    async def post() -> int:
        headers = {"Idempotency-Key": str(new_id())}
        return (await world.client.post(REFERRALS, json=a_body(), headers=headers)).status_code

    assert set(await asyncio.gather(*(post() for _ in range(20)))) == {201}
    async with world.database.engine.connect() as connection:
        bodies = (await connection.scalars(select(outbox.c.body))).all()
    matches = sorted(len(json.loads(body)["facts"]["open_matches"]) for body in bodies)
    assert matches == list(range(20))


def test_a_key_is_read_as_a_structured_field_or_bare() -> None:
    assert key_of('"a\\"b\\\\c12345"') == 'a"b\\c12345'
    assert key_of(f"  {KEY} ") == KEY
    with pytest.raises(KeyMissing):
        key_of(None)


def test_a_fingerprint_tells_requests_apart_by_method_path_and_content() -> None:
    same = fingerprint_of("POST", "/a", b'{"x": 1, "y": 2}')
    assert same == fingerprint_of("POST", "/a", b'{"y":2,"x":1}')
    others = {
        ("PUT", "/a", b'{"x": 1, "y": 2}'),
        ("POST", "/b", b'{"x": 1, "y": 2}'),
        ("POST", "/a", b'{"x": 1, "y": 3}'),
    }
    assert same not in {fingerprint_of(*other) for other in others}
    assert fingerprint_of("POST", "/a", b"\xff") != fingerprint_of("POST", "/a", b"\xfe")
