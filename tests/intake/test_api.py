"""The HTTP interface of referrals."""

import json
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from services.intake.store.referrals import ReferralTable
from services.intake.store.tables import inbox
from shared.clock import new_id, utc_now
from shared.envelope import Origin, Record, headers_for
from shared.events import Event, ReferralSubmitted
from tests.intake.builders import NOON, a_body, a_decision, a_message_sent, a_recall, an_offer
from tests.intake.calling import REFERRALS, post, submitted, told
from tests.intake.conftest import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# What must never be seen outside the sealed columns; long enough not to turn up in ids and ciphertext by chance.
PRIVATE = ("Maureen", "O'Hara-Kent", "960001", "S401US", "S40 1US", "Example Street", "Rings back", "1947-05-01")


async def hear(world: World, *events: Event) -> None:
    """Let the events arrive one after the other, each for the first time."""
    for event in events:
        event_id = new_id()
        headers = headers_for(event, event_id, "/waymark/router", utc_now(), Origin("test"))
        await world.inbox.process(
            Record(event.topic, str(event.referral_id), event_id, event.model_dump_json(), headers)
        )
    async with world.database.engine.connect() as connection:
        states = (await connection.scalars(select(inbox.c.state))).all()
    assert set(states) <= {"done"}


async def test_a_referral_is_stored_and_answered_with_its_reference(client: AsyncClient) -> None:
    answer = await post(client, a_body())
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{REFERRALS}/{body['reference']}"
    assert (body["status"], body["outcome"], body["flags"]) == ("submitted", None, [])
    assert body["needs"] == [{"code": "food.shopping", "state": "waiting", "service": None, "priority": None}]


async def test_the_router_is_told_the_facts_and_nothing_of_the_person(world: World) -> None:
    person = {"name": "Maureen O'Hara-Kent", "dob": "1947-05-01", "phone": "01632 960001", "email": "mo@example.com"}
    await post(world.client, a_body(person=person, address="1 Example Street", notes="Rings back after four."))
    [(kind, event)] = await told(world)
    assert kind == ReferralSubmitted.type
    assert event["sequence"] == 1
    assert event["facts"]["needs"] == ["food.shopping"]
    assert event["facts"]["age"] == 78
    assert event["facts"]["place"] == {
        "district": "E07000034",
        "method": "unit",
        "candidates": [],
        "outcode": "S40",
        "ward": None,
        "lsoa": None,
    }
    assert not [word for word in (*PRIVATE, "example.com") if word in json.dumps(event)]


async def test_no_column_of_the_database_shows_the_person(world: World) -> None:
    await post(world.client, a_body(address="1 Example Street", notes="Rings back after four."))
    async with world.database.engine.connect() as connection:
        for table in world.database.metadata.sorted_tables:
            if table.name not in ("unit", "configuration"):
                rows = repr((await connection.execute(select(table))).all())
                assert not [word for word in PRIVATE if word in rows], table.name


async def test_what_was_sent_can_be_opened_again_exactly(world: World) -> None:
    notes = "  Ring twice, \u0645\u0631\u062d\u0628\u0627 \U0001f415\nand \u200bwait.  "
    progress = await submitted(world, notes=notes, needs=["food.shopping", "no.such.need"], household_size=3)
    async with world.database.begin(Origin("test")) as tx:
        sent = await ReferralTable(tx, world.vault, timedelta(minutes=1)).submission(progress.id)
    assert sent.notes == notes
    assert sent.needs == ("food.shopping", "no.such.need")
    assert (sent.person.name, sent.household_size, sent.postcode) == ("Maureen O'Hara-Kent", 3, "S40 1US")


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"needs": ["food.shopping"]}, ["contact"]),
        ({"postcode": "S40 1US"}, ["need"]),
        ({}, ["need", "contact"]),
    ],
)
async def test_too_little_to_act_on_is_refused_with_what_is_missing(
    client: AsyncClient,
    body: dict[str, Any],
    missing: list[str],  # JSON
) -> None:
    answer = await post(client, body)
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["missing"]) == ("incomplete", missing)
    assert problem["detail"].startswith("Add ")


async def test_an_incomplete_referral_keeps_neither_row_nor_event_nor_key(world: World) -> None:
    refused = await post(world.client, a_body(needs=[]), key="same-key-twice")
    assert refused.status_code == 422
    assert await told(world) == []
    assert (await post(world.client, a_body(), key="same-key-twice")).status_code == 201


@pytest.mark.parametrize("field", ["ref_id", "received_at", "context"])
async def test_fields_that_are_ours_to_set_are_refused_with_a_reason(client: AsyncClient, field: str) -> None:
    answer = await post(client, a_body(**{field: "REF-1"}))
    assert answer.status_code == 422
    assert "intake sets them itself" in answer.json()["errors"][0]["detail"]


async def test_a_misspelt_field_is_refused_and_named(client: AsyncClient) -> None:
    answer = await post(client, a_body(person={"nmae": "Maureen"}))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/person/nmae"]


@pytest.mark.parametrize(
    "changes",
    [
        {"postcode": "?!\x00 \u00a3 nowhere at all"},
        {"postcode": "\U0001f415"},
        {"person": {"name": "x", "dob": "sometime in spring", "phone": "ask her \x00daughter", "email": "none"}},
        {"person": {"age": -4, "phone": "07700 900001", "language": "Welsh, or English"}},
        {"notes": "n" * 20_000, "district_hint": "Chesterfield"},
        {"needs": ["FOOD", "food.shopping", ""], "flags": ["unheard-of"]},
    ],
)
async def test_rubbish_in_what_was_typed_is_taken_as_it_is(world: World, changes: dict[str, Any]) -> None:  # JSON
    answer = await post(world.client, a_body(**changes))
    assert answer.status_code == 201
    assert (await world.client.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"notes": "\\ud800"}',
        json.dumps(a_body(notes="n" * 20_001)).encode(),
        json.dumps(a_body(channel="pigeon")).encode(),
        json.dumps(a_body(person={"age": 10**12})).encode(),
        json.dumps(a_body(needs="food.shopping")).encode(),
    ],
)
async def test_what_cannot_be_a_referral_is_a_problem_that_quotes_nothing(client: AsyncClient, content: bytes) -> None:
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    answer = await client.post(REFERRALS, content=content, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "input" not in answer.text
    assert "pigeon" not in answer.text


async def test_a_referral_is_found_however_its_reference_is_typed(world: World) -> None:
    reference = (await submitted(world)).reference
    spoken = reference.replace("0", "O").replace("1", "i").lower()
    for typed in (reference, reference.lower(), reference.replace("-", ""), spoken, reference.replace("-", " ")):
        answer = await world.client.get(f"{REFERRALS}/{typed}")
        assert (answer.status_code, answer.json().get("reference")) == (200, reference)


async def test_the_answer_tells_what_to_ask_the_caller_until_the_referral_is_finished(world: World) -> None:
    progress = await submitted(world)
    address = f"{REFERRALS}/{progress.reference}"
    assert (await world.client.get(address)).json()["questions"] == []
    await hear(world, a_decision(progress, asks=("age", "food_days_left", "no_longer_asked")))
    assert (await world.client.get(address)).json()["questions"] == [
        {"fact": "age", "question": "How old is the person?"},
        {"fact": "food_days_left", "question": "For how many days is there still food in the house?"},
    ]
    await post(world.client, {"reason": "resident_withdrew"}, f"{address}/cancel")
    assert (await world.client.get(address)).json()["questions"] == []


@pytest.mark.parametrize("typed", ["3NQK-8N2", "3NQK-8N1", "nonsense", "3NQK", "%00"])
async def test_a_reference_that_nobody_has_is_not_found(client: AsyncClient, typed: str) -> None:
    answer = await client.get(f"{REFERRALS}/{typed}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_answer_tells_what_became_of_each_need(world: World) -> None:
    progress = await submitted(world, person={"name": "Maureen O'Hara-Kent", "phone": "01632 960001"})
    offer = an_offer(progress)
    await hear(world, a_decision(progress), offer, a_message_sent(offer))
    answer = await world.client.get(f"{REFERRALS}/{progress.reference}")
    body = answer.json()
    assert (body["status"], body["outcome"], body["priority"]) == ("assigned", "routed", "P2")
    assert (body["district"], body["district_name"]) == ("E07000034", "Chesterfield")
    assert body["needs"][0] == {
        "code": "food.shopping",
        "state": "assigned",
        "service": "svc-shopping",
        "priority": "P2",
    }
    [assignment] = body["assignments"]
    assert (assignment["service_name"], assignment["organisation_name"]) == ("Shopping", "Community Response Unit")
    assert assignment["due_at"] == "2026-03-02T20:00:00Z"
    assert [(told["channel"], told["state"]) for told in assignment["notifications"]] == [("email", "sent")]
    assert [entry["kind"] for entry in body["timeline"]] == ["submitted", "decided", "offered", "told"]
    assert not [word for word in PRIVATE if word in answer.text]


async def test_a_second_referral_of_the_same_person_names_the_first(world: World) -> None:
    first = await submitted(world)
    await hear(world, a_decision(first), an_offer(first))
    world.clock.move(3_600)
    await submitted(world, person={"name": "maureen ohara kent", "phone": "+44 1632 960001"}, postcode=None)
    event = (await told(world))[-1][1]
    assert event["facts"]["open_matches"] == [
        {
            "reference": first.reference,
            "needs": ["food.shopping"],
            "priority": "P2",
            "received_at": NOON.isoformat().replace("+00:00", "Z"),
        }
    ]


async def test_a_referral_of_over_a_week_ago_or_a_cancelled_one_is_no_match(world: World) -> None:
    await submitted(world)
    world.clock.move(7 * 86_400 + 1)
    second = await submitted(world)
    await post(world.client, {"reason": "met_another_way"}, f"{REFERRALS}/{second.reference}/cancel")
    await submitted(world)
    assert [event["facts"]["open_matches"] for kind, event in await told(world) if "submitted" in kind] == [[], [], []]


async def test_without_a_directory_a_referral_is_refused_until_later(empty_world: World) -> None:
    answer = await post(empty_world.client, a_body())
    assert (answer.status_code, answer.json()["code"]) == (503, "configuration_missing")
    assert "retry-after" in answer.headers


async def test_a_recall_shows_on_the_assignment_and_the_need_is_placed_anew(world: World) -> None:
    progress = await submitted(world)
    offer = an_offer(progress)
    await hear(world, a_decision(progress), offer, a_recall(offer, reason="no_answer"))
    body = (await world.client.get(f"{REFERRALS}/{progress.reference}")).json()
    assert (body["status"], body["assignments"][0]["state"], body["needs"][0]["state"]) == (
        "routing",
        "recalled",
        "routing",
    )
    assert body["timeline"][-1]["details"]["reason"] == "no_answer"


async def test_every_problem_that_the_interface_documents_is_a_problem_document(client: AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")):
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)
            named = [parameter["name"] for parameter in operation.get("parameters", [])]
            assert ("Idempotency-Key" in named) == (method == "post"), path
