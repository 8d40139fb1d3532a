"""The HTTP interface of decisions and assignments."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from shared.clock import new_id
from shared.events import ReferralSubmitted
from tests.router.builders import (
    CREATIVE,
    HELPLINE,
    a_cancellation,
    a_message_sent,
    a_reference,
    a_submission,
    an_offer,
)
from tests.router.conftest import PUBLIC_URL, World
from tests.router.rules.builders import CHESTERFIELD

DECISIONS = "/api/v1/decisions"
ASSIGNMENTS = "/api/v1/assignments"


@pytest.fixture
def client(world: World) -> AsyncClient:
    return world.client


async def heard(world: World, *needs: str, flags: tuple[str, ...] = ()) -> ReferralSubmitted:
    event = a_submission(*needs, flags=flags)
    await world.hear(event)
    return event


async def assignments(client: AsyncClient, **asked: str) -> list[dict[str, Any]]:  # JSON
    answer = await client.get(ASSIGNMENTS, params=asked)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def assert_problem(answer: Response, status: int, code: str) -> Mapping[str, Any]:  # JSON
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem: Mapping[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"{PUBLIC_URL}/problems/{code.replace('_', '-')}"
    return problem


async def test_a_decision_tells_facts_reasons_and_what_the_rules_say(world: World) -> None:
    event = await heard(world, "mind.creative_wellbeing", "mind.crisis")
    answer = (await world.client.get(f"{DECISIONS}/{event.reference}")).json()
    assert (answer["reference"], answer["referral_id"]) == (event.reference, str(event.referral_id))
    assert answer["facts"]["place"]["district"] == CHESTERFIELD
    decision = answer["decision"]
    assert answer["rule_set"] == decision["rule_set"]
    assert {each["service_id"] for each in decision["assignments"]} == {CREATIVE, HELPLINE}
    [creative] = [need for need in decision["needs"] if need["need"] == "mind.creative_wellbeing"]
    [tried] = creative["searches"][0]["tracks"]
    assert tried["candidates"] == [{"service_id": CREATIVE, "verdict": "taken"}]
    named = {rule for need in decision["needs"] for rule in need["because"]} | set(decision["because"])
    assert named <= answer["rules"].keys()
    assert "helpline" in answer["rules"]["R15"]


async def test_a_decision_tells_what_the_caller_could_still_be_asked(world: World) -> None:
    event = await heard(world, "food.shopping")
    answer = (await world.client.get(f"{DECISIONS}/{event.reference}")).json()
    assert {"fact": "food_days_left", "rules": ["R50"]} in answer["decision"]["asks"]
    assert answer["questions"]["food_days_left"] == "For how many days is there still food in the house?"
    assert answer["questions"].keys() == {ask["fact"] for ask in answer["decision"]["asks"]}
    assert {rule for ask in answer["decision"]["asks"] for rule in ask["rules"]} <= answer["rules"].keys()


@pytest.mark.parametrize(
    "typed",
    [
        lambda reference: reference.lower(),
        lambda reference: reference.replace("-", ""),
        lambda reference: reference.replace("0", "o").replace("1", "l"),
        lambda reference: f" {reference} ",
    ],
    ids=["small", "without its hyphen", "with look-alikes", "with blanks"],
)
async def test_a_reference_may_be_typed_loosely(world: World, typed: Callable[[str], str]) -> None:
    event = await heard(world)
    answer = await world.client.get(f"{DECISIONS}/{typed(event.reference)}")
    assert answer.json()["reference"] == event.reference
    assert len(await assignments(world.client, referral=typed(event.reference))) == 1


@pytest.mark.parametrize("reference", ["not-a-reference", "3NQK-8N2", "x" * 300, "%00", "..%2F..%2Fetc"])
async def test_a_reference_that_cannot_be_one_is_not_found(client: AsyncClient, reference: str) -> None:
    assert_problem(await client.get(f"{DECISIONS}/{reference}"), 404, "not_found")


async def test_what_does_not_exist_is_not_found(client: AsyncClient) -> None:
    assert_problem(await client.get(f"{DECISIONS}/{a_reference()}"), 404, "not_found")
    assert_problem(await client.get(f"{ASSIGNMENTS}/{new_id()}"), 404, "not_found")
    assert_problem(await client.get(ASSIGNMENTS, params={"referral": "nonsense"}), 404, "not_found")


async def test_assignments_are_found_by_service_state_and_referral(world: World) -> None:
    one, other = await heard(world, "mind.creative_wellbeing", "mind.crisis"), await heard(world, "mind.crisis")
    await world.hear(a_cancellation(other))
    client = world.client
    assert len(await assignments(client)) == 3
    assert {each["reference"] for each in await assignments(client, service=HELPLINE)} == {
        one.reference,
        other.reference,
    }
    assert [each["reference"] for each in await assignments(client, state="recalled")] == [other.reference]
    assert {each["service_id"] for each in await assignments(client, referral=one.reference)} == {CREATIVE, HELPLINE}
    assert await assignments(client, referral=one.reference, state="recalled") == []
    due = [each["due_at"] for each in await assignments(client)]
    assert due == sorted(due)


async def test_one_assignment_is_read_by_its_id_and_tells_when_its_service_was_told(world: World) -> None:
    event = await heard(world)
    [listed] = await assignments(world.client)
    assert (listed["reference"], listed["state"], listed["version"]) == (event.reference, "offered", 1)
    assert (listed["needs"], listed["channels"], listed["notified_at"]) == (
        ["mind.creative_wellbeing"],
        ["email"],
        None,
    )
    offer = an_offer(referral_id=event.referral_id, reference=event.reference)
    await world.hear(a_message_sent(replace(offer, id=UUID(listed["id"]))))
    read = (await world.client.get(f"{ASSIGNMENTS}/{listed['id']}")).json()
    assert [move["to"] for move in read.pop("moves")] == ["offered"]
    assert read == listed | {"notified_at": "2020-05-06T11:00:00Z"}


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"state": "Maureen"}, "#/query/state"),
        ({"service": "Maureen O'Hara"}, "#/query/service"),
        ({"service": "svc\x00"}, "#/query/service"),
    ],
)
async def test_a_question_that_cannot_be_understood_is_refused_without_repeating_it(
    client: AsyncClient, asked: dict[str, str], pointer: str
) -> None:
    answer = await client.get(ASSIGNMENTS, params=asked)
    problem = assert_problem(answer, 422, "validation_failed")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert "Maureen" not in answer.text


async def test_an_id_that_is_none_is_refused_without_repeating_it(client: AsyncClient) -> None:
    answer = await client.get(f"{ASSIGNMENTS}/Zmaureen")
    problem = assert_problem(answer, 422, "validation_failed")
    assert problem["errors"] == [
        {"pointer": "#/path/assignment_id", "code": "uuid_parsing", "detail": "Input should be a valid UUID"}
    ]


async def test_nothing_that_the_router_answers_says_who_the_person_is(world: World) -> None:
    event = await heard(world, "mind.creative_wellbeing")
    shown = (await world.client.get(f"{DECISIONS}/{event.reference}")).json()
    assert shown["facts"].keys().isdisjoint({"name", "address", "phone", "mobile", "email", "dob", "postcode", "notes"})
    assert shown["facts"]["place"].keys() == {"district", "method", "candidates", "outcode", "ward", "lsoa"}
