"""What a partner may answer over HTTP, and how it is kept and told."""

from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select

from services.router.domain.answers import Answers
from services.router.domain.county import County
from shared.clock import new_id
from shared.events import BY_TYPE, AnyEvent, AssignmentMoved
from tests.router.builders import a_cancellation, a_submission
from tests.router.conftest import World
from tests.router.test_api import ASSIGNMENTS, assert_problem, assignments

BY = {"by": "desk-2"}
NEED = "mind.creative_wellbeing"


async def offered(world: World, *needs: str) -> dict[str, Any]:  # JSON
    """One assignment, as it is listed."""
    event = a_submission(*(needs or (NEED,)))
    await world.hear(event)
    [listed] = await assignments(world.client, referral=event.reference)
    return listed


async def answer(
    world: World,
    assignment: dict[str, Any],  # JSON
    what: str,
    body: dict[str, object] | None = None,
    *,
    key: str | None = None,
    if_match: str | None = None,
) -> Response:
    headers = {"Idempotency-Key": key or str(new_id())} | ({"If-Match": if_match} if if_match else {})
    url = f"{ASSIGNMENTS}/{assignment['id']}/{what}"
    return await world.client.post(url, json=BY | (body or {}), headers=headers)


async def read(world: World, assignment: dict[str, Any]) -> dict[str, Any]:  # JSON
    answered = await world.client.get(f"{ASSIGNMENTS}/{assignment['id']}")
    found: dict[str, Any] = answered.json()
    return found


async def told(world: World) -> list[AnyEvent]:
    """Everything that the router has told, in order."""
    outbox = world.database.outbox
    async with world.database.engine.connect() as connection:
        rows = (await connection.execute(select(outbox).order_by(outbox.c.seq))).mappings().all()
    return [BY_TYPE[row["headers"]["ce_type"]].model_validate_json(row["body"]) for row in rows]


async def test_an_assignment_goes_from_offered_to_done_and_every_step_is_kept(world: World) -> None:
    assignment = await offered(world)
    steps: list[tuple[str, dict[str, object]]] = [
        ("open", {}),
        ("accept", {"role": "staff"}),
        ("contact", {"outcome": "no_answer"}),
        ("contact", {"outcome": "reached"}),
        ("complete", {"outcomes": {NEED: "met_in_part"}}),
    ]
    states = []
    for what, body in steps:
        world.clock.move(60)
        answered = await answer(world, assignment, what, body)
        assert answered.status_code == 200
        states.append((answered.json()["state"], answered.json()["version"]))
    assert states == [("opened", 2), ("accepted", 3), ("accepted", 4), ("contacted", 5), ("done", 6)]
    kept = await read(world, assignment)
    assert kept["outcomes"] == {NEED: "met_in_part"}
    assert [(move["actor"], move["by"], move["before"], move["to"], move["reason"]) for move in kept["moves"]] == [
        ("router", "router", None, "offered", None),
        ("partner", "desk-2", "offered", "opened", None),
        ("staff", "desk-2", "opened", "accepted", None),
        ("partner", "desk-2", "accepted", "accepted", "no_answer"),
        ("partner", "desk-2", "accepted", "contacted", "reached"),
        ("partner", "desk-2", "contacted", "done", None),
    ]
    assert [move["at"] for move in kept["moves"]] == [f"2020-05-06T11:0{minute}:00Z" for minute in range(6)]


async def test_each_move_is_told_to_the_others_in_order(world: World) -> None:
    assignment = await offered(world)
    await answer(world, assignment, "accept")
    await answer(world, assignment, "complete", {"outcomes": {NEED: "could_not_contact"}})
    moves = [event for event in await told(world) if isinstance(event, AssignmentMoved)]
    assert [(move.from_state, move.to_state, move.actor, move.version) for move in moves] == [
        ("offered", "accepted", "partner", 2),
        ("accepted", "done", "partner", 3),
    ]
    [ending] = moves[-1].outcomes
    assert (ending.need, ending.outcome, ending.met) == (NEED, "could_not_contact", False)
    assert [event.sequence for event in await told(world)] == list(range(1, 5))


@pytest.mark.parametrize(("code", "ends"), [("died", "died"), ("moved_away", None), ("resident_declined", None)])
async def test_of_a_death_and_of_no_other_outcome_it_is_told_that_the_referral_ends(
    world: World, code: str, ends: str | None
) -> None:
    assignment = await offered(world)
    await answer(world, assignment, "accept")
    await answer(world, assignment, "complete", {"outcomes": {NEED: code}})
    *_, move = await told(world)
    assert isinstance(move, AssignmentMoved)
    assert [(each.outcome, each.met, each.ends_referral) for each in move.outcomes] == [(code, False, ends)]


async def test_an_answer_sent_twice_counts_once_and_gets_the_same_answer(world: World) -> None:
    assignment = await offered(world)
    first = await answer(world, assignment, "accept", key="one-and-the-same")
    second = await answer(world, assignment, "accept", key="one-and-the-same")
    assert (second.status_code, second.json()) == (200, first.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (await read(world, assignment))["version"] == 2


async def test_a_key_cannot_serve_another_answer(world: World) -> None:
    assignment = await offered(world)
    await answer(world, assignment, "decline", {"reason": "other"}, key="one-and-the-same")
    again = await answer(world, assignment, "decline", {"reason": "out_of_area"}, key="one-and-the-same")
    assert_problem(again, 422, "idempotency_key_reused")


async def test_without_a_key_nothing_is_done(world: World) -> None:
    assignment = await offered(world)
    answered = await world.client.post(f"{ASSIGNMENTS}/{assignment['id']}/accept", json=BY)
    assert_problem(answered, 400, "idempotency_key_missing")
    assert (await read(world, assignment))["state"] == "offered"


async def test_an_answer_to_a_version_that_has_passed_is_refused(world: World) -> None:
    assignment = await offered(world)
    url = f"{ASSIGNMENTS}/{assignment['id']}"
    tag = (await world.client.get(url)).headers["ETag"]
    assert tag == '"1"'
    await answer(world, assignment, "open")
    assert_problem(await answer(world, assignment, "accept", if_match=tag), 412, "version_conflict")
    assert (await answer(world, assignment, "accept", if_match='"2"')).status_code == 200
    assert (await answer(world, assignment, "contact", {"outcome": "reached"}, if_match="*")).status_code == 200


async def test_an_answer_that_the_state_does_not_allow_is_refused_with_what_it_does_allow(world: World) -> None:
    assignment = await offered(world)
    problem = assert_problem(
        await answer(world, assignment, "contact", {"outcome": "reached"}), 409, "illegal_transition"
    )
    assert problem["state"] == "offered"
    assert problem["allowed"] == ["open", "accept", "decline"]


async def test_after_a_cancellation_nothing_can_be_answered(world: World) -> None:
    event = a_submission(NEED)
    await world.hear(event)
    [assignment] = await assignments(world.client, referral=event.reference)
    await world.hear(a_cancellation(event))
    problem = assert_problem(await answer(world, assignment, "accept"), 409, "illegal_transition")
    assert (problem["state"], problem["allowed"]) == ("recalled", [])


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("decline", {"reason": "not_in_the_mood"}),
        ("contact", {"outcome": "not_in_the_mood"}),
        ("hand-back", {"reason": "not_in_the_mood"}),
        ("complete", {"outcomes": {NEED: "not_in_the_mood"}}),
    ],
)
async def test_a_code_that_is_none_of_the_countys_is_refused_with_those_that_are(
    world: World, county: County, what: str, body: dict[str, object]
) -> None:
    assignment = await offered(world)
    if what != "decline":
        await answer(world, assignment, "accept")
    problem = assert_problem(await answer(world, assignment, what, body), 422, "reason_unknown")
    answers: Answers = county.rules.answers
    known = {"decline": answers.decline, "contact": answers.contact, "hand-back": answers.hand_back}
    assert problem["known"] == list(known.get(what, answers.close))


@pytest.mark.parametrize("outcomes", [{}, {NEED: "met", "food.shopping": "met"}, {"food.shopping": "met"}])
async def test_each_need_of_the_assignment_and_no_other_gets_an_outcome(world: World, outcomes: dict[str, str]) -> None:
    assignment = await offered(world)
    await answer(world, assignment, "accept")
    problem = assert_problem(
        await answer(world, assignment, "complete", {"outcomes": outcomes}), 422, "outcomes_missing"
    )
    assert problem["needs"] == [NEED]


@pytest.mark.parametrize(
    "body",
    [{"by": "Maureen O'Hara"}, {"by": "desk-2", "note": "Maureen"}, {"by": "desk-2", "role": "Maureen"}, {}],
)
async def test_what_is_no_answer_is_refused_without_repeating_it(world: World, body: dict[str, str]) -> None:
    assignment = await offered(world)
    url = f"{ASSIGNMENTS}/{assignment['id']}/accept"
    answered = await world.client.post(url, json=body, headers={"Idempotency-Key": str(new_id())})
    assert_problem(answered, 422, "validation_failed")
    assert "Maureen" not in answered.text


async def test_an_assignment_that_does_not_exist_cannot_be_answered(world: World) -> None:
    assert_problem(await answer(world, {"id": str(new_id())}, "accept"), 404, "not_found")


async def test_the_triage_desk_cannot_say_no(world: World, county: County) -> None:
    assignment = await offered(world, "info.unclassified")
    assert assignment["service_id"] == county.rules.triage_desk
    problem = assert_problem(await answer(world, assignment, "decline", {"reason": "other"}), 409, "illegal_transition")
    assert problem["allowed"] == ["open", "accept"]


async def test_the_api_description_says_when_each_answer_is_possible(world: World) -> None:
    paths = world.app.openapi()["paths"]
    described = paths[f"{ASSIGNMENTS}/{{assignment_id}}/hand-back"]["post"]["responses"]
    assert "only while it is accepted or contacted" in described["409"]["description"]
    assert {"400", "404", "409", "412", "422", "503"} <= described.keys()
