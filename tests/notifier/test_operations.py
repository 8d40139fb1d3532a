"""The operations list: what waits for a person, and what a person may do about it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid5

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from services.notifier import operations
from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.notification import State
from services.notifier.upkeep import Figures
from shared import problems
from shared.clock import new_id
from shared.events import NotificationFailed, NotificationSent
from shared.http import Edge
from shared.idempotency import HEADER, Idempotency, Unsealed
from tests.notifier.heard import offered, recalled
from tests.notifier.holding import AUTH, drain
from tests.notifier.world import (
    EMAIL,
    IDS,
    MOBILE,
    SERVICE,
    WAY_NAMES,
    ScriptedSender,
    World,
)

LIST = "/api/v1/operations"
GIVEN = {"by": "cru-duty-2", "reason": "wrong_wording"}
NOTHING = {"holds": [], "failed": [], "calls": {"count": 0, "oldest": None}, "quarantined": []}


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, "http://waymark.example")
    once = operations.Once(world.transactions.within, Idempotency(world.database, Unsealed()))
    app.include_router(operations.routes(world.transactions, once, WAY_NAMES))
    transport = httpx.ASGITransport(Edge(app, new_id), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: dict[str, str]) -> httpx.Response:
    return await client.post(f"{LIST}{path}", json=body, headers={HEADER: str(new_id())})


async def test_the_list_is_empty_when_nothing_waits_for_a_person(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered())
    assert (await client.get(LIST)).json() == NOTHING


async def test_receipts_of_no_message_of_ours_are_listed_for_a_week_newest_first(
    world: World, client: httpx.AsyncClient
) -> None:
    stranger = uuid5(IDS, "stranger")
    await world.report(Report("smtp", None, "", "unreadable", None, body="Subject: hello"))
    await world.pass_time(timedelta(days=1))
    await world.report(Report("notify", stranger, "notify:one", "delivered", Arrival.DELIVERED))
    answer = await client.get(LIST)
    listed = answer.json()["quarantined"]
    assert [(each["provider"], each["message_id"], each["status"]) for each in listed] == [
        ("notify", str(stranger), "delivered"),
        ("smtp", None, "unreadable"),
    ]
    assert "hello" not in answer.text
    await world.pass_time(timedelta(days=6, hours=1))
    assert [each["provider"] for each in (await client.get(LIST)).json()["quarantined"]] == ["notify"]


async def test_a_breaker_is_listed_with_what_waits_behind_it_and_without_addresses(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.hear(*(offered(name=f"offer {number}", channels=("email", "sms")) for number in range(3)))
    await drain(world, ScriptedSender([AUTH] * 3))
    answer = await client.get(LIST)
    [hold] = answer.json()["holds"]
    assert (hold["scope"], hold["subject"], hold["kind"], hold["reason"]) == ("way", "email-by-smtp", "breaker", "auth")
    assert hold["waiting"]["count"] == 3
    assert hold["waiting"]["oldest"] is not None
    assert hold["next_probe_at"] is not None
    assert EMAIL not in answer.text
    assert MOBILE not in answer.text


@pytest.mark.parametrize(
    "what",
    [
        {"scope": "everything"},
        {"scope": "way", "subject": "email-by-smtp"},
        {"scope": "template", "subject": "offer.email"},
        {"scope": "service", "subject": SERVICE},
    ],
)
async def test_what_somebody_stops_waits_until_somebody_resumes_it(
    world: World, client: httpx.AsyncClient, what: dict[str, str]
) -> None:
    stopped = await post(client, "/holds", GIVEN | what)
    assert stopped.status_code == 201
    await world.hear(offered())
    sender = ScriptedSender()
    await drain(world, sender)
    assert sender.taken == []
    [hold] = (await client.get(LIST)).json()["holds"]
    assert (hold["kind"], hold["by"], hold["reason"]) == ("stopped", "cru-duty-2", "wrong_wording")
    assert (hold["id"], hold["waiting"]["count"]) == (stopped.json()["id"], 1)
    resumed = await post(client, f"/holds/{hold['id']}/resume", GIVEN)
    assert resumed.status_code == 200
    await drain(world, sender)
    assert len(sender.taken) == 1
    assert (await client.get(LIST)).json() == NOTHING


async def test_stopping_is_done_once_for_a_key_and_refused_when_it_is_stopped(client: httpx.AsyncClient) -> None:
    key = {HEADER: str(new_id())}
    body = GIVEN | {"scope": "everything"}
    first, replayed = [await client.post(f"{LIST}/holds", json=body, headers=key) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, replayed.json())
    again = await post(client, "/holds", body)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


async def test_dropping_gives_up_what_waits_with_who_and_why_and_leaves_the_hold(
    world: World, client: httpx.AsyncClient
) -> None:
    stopped = (await post(client, "/holds", GIVEN | {"scope": "template", "subject": "offer.email"})).json()
    await world.hear(offered(name="one"), offered(name="two"), offered(name="safe", safe_contact_only=True))
    dropped = await post(client, f"/holds/{stopped['id']}/drop", GIVEN)
    assert dropped.json() == {"dropped": 2}
    await drain(world, ScriptedSender())
    told = await world.published()
    assert sorted(type(event).__name__ for event in told) == [
        NotificationFailed.__name__,
        NotificationFailed.__name__,
        NotificationSent.__name__,
    ]
    assert {event.failure for event in told if isinstance(event, NotificationFailed)} == {"dropped"}
    given_up = [(one, tries) for one, tries in await world.stored_with_attempts() if one.state is State.FAILED]
    assert {(tries[-1].outcome, tries[-1].rung_by, tries[-1].code) for _, tries in given_up} == {
        ("dropped", "cru-duty-2", "wrong_wording")
    }
    assert len((await client.get(LIST)).json()["holds"]) == 1


async def test_a_failure_is_listed_until_somebody_deals_with_it(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered())
    await drain(world, ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT, "550 5.1.1")]))
    [failed] = (await client.get(LIST)).json()["failed"]
    assert (failed["reference"], failed["channel"], failed["reason"]) == ("7K3M-2QX", "email", "permanent_recipient")
    done = await post(client, f"/failed/{failed['id']}/dealt-with", GIVEN)
    assert done.status_code == 200
    assert (await client.get(LIST)).json() == NOTHING


async def test_a_failure_whose_offer_has_ended_waits_for_nobody(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered())
    await drain(world, ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT, "550 5.1.1")]))
    await world.hear(recalled())
    assert (await client.get(LIST)).json() == NOTHING


async def test_calls_to_make_are_counted(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    assert (await client.get(LIST)).json()["calls"]["count"] == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/holds", GIVEN | {"scope": "way", "subject": "email-by-pigeon"}, 422),
        ("/holds", GIVEN | {"scope": "service", "subject": "svc-nobody"}, 422),
        ("/holds", GIVEN | {"scope": "everything", "subject": "offer.email"}, 422),
        ("/holds", GIVEN | {"scope": "template"}, 422),
        ("/holds", {"scope": "everything", "by": "Jane from the desk", "reason": "wrong_wording"}, 422),
        ("/holds", GIVEN | {"scope": "everything", "note": "about her"}, 422),
        (f"/holds/{uuid5(IDS, 'nothing')}/resume", GIVEN, 404),
        (f"/holds/{uuid5(IDS, 'nothing')}/drop", GIVEN, 404),
        (f"/failed/{uuid5(IDS, 'nothing')}/dealt-with", GIVEN, 404),
    ],
)
async def test_what_is_not_known_is_refused(
    client: httpx.AsyncClient, path: str, body: dict[str, str], status: int
) -> None:
    assert (await post(client, path, body)).status_code == status


async def test_only_what_failed_can_be_dealt_with(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(offered())
    [queued] = await world.stored()
    assert (await post(client, f"/failed/{queued.id}/dealt-with", GIVEN)).status_code == 409


async def test_the_figures_say_what_has_not_left_and_what_is_held(world: World, client: httpx.AsyncClient) -> None:
    await post(client, "/holds", GIVEN | {"scope": "everything"})
    await world.hear(offered(channels=("email", "sms"), priority="P2"))
    await Figures(world.transactions).run_once()
    assert REGISTRY.get_sample_value("waymark_holds_standing", {"kind": "stopped"}) == 1
    assert REGISTRY.get_sample_value("waymark_messages_unsent", {"channel": "email"}) == 1
    assert (REGISTRY.get_sample_value("waymark_oldest_unsent_age_seconds", {"priority": "P2"}) or 0) > 0
    assert REGISTRY.get_sample_value("waymark_oldest_unsent_age_seconds", {"priority": "P4"}) == 0
