"""The API: which messages were sent, without addresses, and ticking off calls."""

from collections.abc import AsyncIterator
from uuid import uuid5

import httpx
import pytest
from fastapi import FastAPI

from services.notifier import api
from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Proof
from services.notifier.domain.notification import State
from services.notifier.use_cases.calls import RecordCall
from shared import problems
from shared.clock import new_id
from shared.events import NotificationCallAwaited, NotificationDelivered, NotificationFailed, NotificationSent
from shared.http import Edge
from shared.idempotency import HEADER, Idempotency, Unsealed
from tests.notifier.heard import offered, recalled
from tests.notifier.world import EMAIL, IDS, MOBILE, PHONE, ScriptedSender, World

LIST = "/api/v1/notifications"


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, "http://waymark.example")
    idempotency = Idempotency(world.database, Unsealed())
    app.include_router(api.routes(world.transactions, world.transactions.within, idempotency, RecordCall()))
    transport = httpx.ASGITransport(Edge(app, new_id), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def a_key() -> dict[str, str]:
    return {HEADER: str(new_id())}


async def the_call(client: httpx.AsyncClient) -> str:
    [call] = (await client.get(LIST, params={"state": "awaiting_call"})).json()["notifications"]
    return f"{LIST}/{call['id']}"


async def test_the_messages_of_a_referral_are_listed_with_their_attempts(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.hear(offered(channels=("email",)))
    worker = world.worker(ScriptedSender([SendFailed(Failure.TRANSIENT, "450 4.2.0")]))
    await worker.run_once()
    await worker.run_once()
    [message] = (await client.get(LIST, params={"referral": "7K3M-2QX"})).json()["notifications"]
    assert (message["channel"], message["purpose"], message["state"]) == ("email", "offer", "sent")
    assert (message["service_id"], message["template"]) == ("svc-dva-doorstep", "offer.email@2")
    assert [(attempt["number"], attempt["outcome"], attempt["code"]) for attempt in message["attempts"]] == [
        (1, "transient", "450 4.2.0"),
        (2, "sent", None),
    ]
    assert message["sent_at"] is not None
    assert message["try_at"] is None


async def test_no_address_is_shown_in_full(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered(channels=("email", "sms", "phone"), priority="P1"))
    answer = await client.get(LIST)
    assert {message["to"] for message in answer.json()["notifications"]} == {"r***@dva.example", "…001"}
    assert not [address for address in (EMAIL, MOBILE, PHONE) if address in answer.text]


async def test_messages_are_found_by_assignment_and_state(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered(name="one"), offered(name="two"), recalled(name="two"))
    by_assignment = await client.get(LIST, params={"assignment": str(uuid5(IDS, "two"))})
    by_state = await client.get(LIST, params={"state": "queued"})
    assert [message["reason"] for message in by_assignment.json()["notifications"]] == ["recalled"]
    assert [message["assignment_id"] for message in by_state.json()["notifications"]] == [str(uuid5(IDS, "one"))]
    assert (await client.get(LIST, params={"referral": "0000-000"})).json() == {"notifications": []}


async def test_one_message_can_be_read(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered())
    [listed] = (await client.get(LIST)).json()["notifications"]
    assert (await client.get(f"{LIST}/{listed['id']}")).json() == listed


async def test_what_is_known_of_an_arrival_and_what_its_clock_waits_for_is_shown(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.hear(offered(channels=("email", "phone"), priority="P1"))
    await world.worker(ScriptedSender(proof=Proof.LATER)).run_once()
    listed = (await client.get(LIST)).json()["notifications"]
    shown = {each["channel"]: (each["receipt"], each["waits_for"]) for each in listed}
    assert shown == {"email": (None, "receipt"), "phone": (None, "call")}
    assert all(each["confirm_by"] for each in listed)
    [sent] = [each for each in await world.stored() if each.state is State.SENT]
    await world.report(Report("notify", sent.id, "scripted:1", "delivered", Arrival.DELIVERED))
    shown = (await client.get(f"{LIST}/{sent.id}")).json()
    assert (shown["receipt"], shown["confirm_by"], shown["waits_for"]) == ("delivered", None, None)


async def test_a_contact_that_was_reached_leaves_the_call_list_and_is_told(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    call = await the_call(client)
    ticked = await client.post(f"{call}/called", json={"outcome": "reached", "rung_by": "cru-duty-2"}, headers=a_key())
    assert (ticked.status_code, ticked.json()["state"]) == (200, "sent")
    assert [(one["outcome"], one["rung_by"]) for one in ticked.json()["attempts"]] == [("reached", "cru-duty-2")]
    assert (await client.get(LIST, params={"state": "awaiting_call"})).json() == {"notifications": []}
    awaited, told, arrived = await world.published()
    assert isinstance(awaited, NotificationCallAwaited)
    assert isinstance(told, NotificationSent)
    assert isinstance(arrived, NotificationDelivered)
    assert (told.channel, told.notification_id) == ("phone", awaited.notification_id)


async def test_a_contact_that_was_not_reached_stays_on_the_call_list(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    call = await the_call(client)
    for outcome in ("no_answer", "left_message"):
        await client.post(f"{call}/called", json={"outcome": outcome, "rung_by": "cru-duty-2"}, headers=a_key())
    assert await the_call(client) == call
    assert [one["outcome"] for one in (await client.get(call)).json()["attempts"]] == ["no_answer", "left_message"]
    assert [type(told) for told in await world.published()] == [NotificationCallAwaited]


async def test_a_wrong_number_is_told_as_a_failure(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    await client.post(
        f"{await the_call(client)}/called", json={"outcome": "wrong_number", "rung_by": "cru-duty-2"}, headers=a_key()
    )
    _, told = await world.published()
    assert isinstance(told, NotificationFailed)
    assert told.failure == "permanent_recipient"


async def test_a_call_that_nobody_awaits_cannot_be_ticked_off(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    call = await the_call(client)
    body = {"outcome": "reached", "rung_by": "cru-duty-2"}
    await client.post(f"{call}/called", json=body, headers=a_key())
    again = await client.post(f"{call}/called", json=body, headers=a_key())
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["code"] == "illegal_transition"
    assert len((await client.get(call)).json()["attempts"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "reached", "rung_by": "Jane from the desk"},
        {"outcome": "reached", "rung_by": "cru-duty-2", "note": "spoke to her daughter"},
        {"outcome": "maybe", "rung_by": "cru-duty-2"},
        {},
    ],
)
async def test_a_call_takes_codes_only(world: World, client: httpx.AsyncClient, body: dict[str, str]) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    call = await the_call(client)
    assert (await client.post(f"{call}/called", json=body, headers=a_key())).status_code == 422
    assert (await client.get(call)).json()["state"] == "awaiting_call"


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    nowhere = f"{LIST}/{uuid5(IDS, 'nothing')}"
    assert (await client.get(nowhere)).status_code == 404
    called = await client.post(
        f"{nowhere}/called", json={"outcome": "reached", "rung_by": "cru-duty-2"}, headers=a_key()
    )
    assert called.status_code == 404
    assert (await client.get(f"{LIST}?state=nonsense")).status_code == 422


async def test_a_call_that_is_ticked_off_twice_under_one_key_counts_once(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    call, key = await the_call(client), a_key()
    body = {"outcome": "no_answer", "rung_by": "cru-duty-2"}
    answers = [await client.post(f"{call}/called", json=body, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await client.get(call)).json()["attempts"]) == 1
    without = await client.post(f"{call}/called", json=body)
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_missing")
