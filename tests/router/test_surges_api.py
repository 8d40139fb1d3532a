"""Surges by API: switched on by a named authority until a time, counting at once, and ending by themselves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy.exc import IntegrityError

from services.router.domain.surge import Surge
from services.router.main import rederive as rederive_stored
from shared.clock import new_id
from shared.document_set import version_of
from tests.router.builders import NOON, a_submission, facts_of
from tests.router.conftest import Begin, Hands, World
from tests.router.test_rule_sets_api import CHANGED, FOLDER, WORD, approved, post, problem

SURGES = "/api/v1/surges"
ORDER = {"by": "lead-1", "authority": "Director of Public Health", "reason": "Roads may close tonight."}
TONIGHT = NOON + timedelta(hours=9)
ON = Surge("snow", "Director of Public Health", "lead-1", "Snow.", NOON, TONIGHT)


async def switch(world: World, how: str, **body: object) -> Response:
    headers = {"Idempotency-Key": str(new_id())}
    return await world.client.post(f"{SURGES}/{how}", json=body, headers=headers)


async def switched_on(world: World) -> None:
    answer = await switch(world, "snow/on", until=TONIGHT.isoformat(), **ORDER)
    assert answer.status_code == 200, answer.text


async def listed(world: World) -> dict[str, Any]:  # JSON
    answer: dict[str, Any] = (await world.client.get(SURGES)).json()
    return answer


async def priority(world: World) -> str:
    """Of food for three days."""
    event = a_submission(facts=facts_of("food.shopping").model_copy(update={"food_days_left": 3}))
    await world.hear(event)
    decision = (await world.client.get(f"/api/v1/decisions/{event.reference}")).json()["decision"]
    return str(decision["priority"])


async def test_what_is_switched_on_counts_at_once_and_ends_by_itself(world: World, clock: Hands) -> None:
    assert await priority(world) == "P3"
    clock.move(60)
    await switched_on(world)
    assert await priority(world) == "P2"
    answer = await listed(world)
    assert (answer["surges"], answer["running"]) == ({"snow": "Snow"}, ["snow"])
    assert answer["rule_set"] != version_of(FOLDER)
    clock.at = TONIGHT - timedelta(microseconds=1)
    assert await priority(world) == "P2"
    clock.at = TONIGHT
    assert await priority(world) == "P3"
    answer = await listed(world)
    assert (answer["running"], answer["rule_set"]) == ([], version_of(FOLDER))
    assert [(each["authority"], each["reason"]) for each in answer["history"]] == [
        (ORDER["authority"], ORDER["reason"])
    ]


async def test_it_can_be_ended_before_its_time_and_switched_on_again(world: World, clock: Hands) -> None:
    await switched_on(world)
    clock.move(60)
    again = await switch(world, "snow/on", until=TONIGHT.isoformat(), **ORDER)
    assert problem(again) == (409, "surge_running")
    answer = await switch(world, "snow/off", by="lead-2", reason="It thaws.")
    assert (answer.json()["ended_by"], answer.json()["ended_reason"]) == ("lead-2", "It thaws.")
    assert await priority(world) == "P3"
    assert problem(await switch(world, "snow/off", by="lead-2", reason="It thaws.")) == (409, "surge_not_running")
    clock.move(60)
    await switched_on(world)
    assert await priority(world) == "P2"
    assert len((await listed(world))["history"]) == 2


async def test_decisions_made_meanwhile_can_be_made_again_for_ever(world: World, clock: Hands) -> None:
    await switched_on(world)
    await priority(world)
    clock.at = TONIGHT + timedelta(minutes=1)
    await priority(world)
    found = await rederive_stored(world.database, 1, 10)
    assert (found.alike, found.different, found.unknown) == (2, (), 0)


async def test_a_version_that_is_published_meanwhile_has_the_surge_too(world: World, clock: Hands) -> None:
    version = await approved(world)
    clock.move(60)
    await switched_on(world)
    clock.move(60)
    assert (await post(world, f"/{version}/publish", **WORD)).status_code == 200
    assert await priority(world) == "P2"
    assert (await listed(world))["rule_set"] not in (version, version_of(FOLDER))
    clock.move(60)
    assert (await post(world, f"/{version}/rollback", **WORD)).status_code == 200
    assert await priority(world) == "P2"
    clock.at = TONIGHT
    assert (await listed(world))["rule_set"] == version_of(FOLDER)


async def test_a_version_that_comes_into_force_meanwhile_has_it_until_its_end(world: World, clock: Hands) -> None:
    version, evening = await approved(world, CHANGED), NOON + timedelta(hours=6)
    await switched_on(world)
    answer = await post(world, f"/{version}/publish", effective_from=evening.isoformat(), **WORD)
    assert answer.status_code == 200
    clock.at = evening
    assert await priority(world) == "P2"
    clock.at = TONIGHT
    assert (await listed(world))["rule_set"] == version


@pytest.mark.parametrize(
    ("how", "body", "expected"),
    [
        ("flood/on", ORDER | {"until": TONIGHT.isoformat()}, (404, "not_found")),
        ("snow/on", ORDER | {"until": NOON.isoformat()}, (422, "effective_time_past")),
        ("snow/on", ORDER | {"until": "2020-05-06T20:00:00"}, (422, "validation_failed")),
        ("snow/on", {"by": "lead-1", "reason": "Snow.", "until": TONIGHT.isoformat()}, (422, "validation_failed")),
        ("snow/on", ORDER, (422, "validation_failed")),
        ("snow/off", {"by": "lead-1", "reason": "None."}, (409, "surge_not_running")),
    ],
)
async def test_it_takes_a_known_surge_an_authority_a_reason_and_an_end(
    world: World, how: str, body: dict[str, str], expected: tuple[int, str]
) -> None:
    assert problem(await switch(world, how, **body)) == expected


async def test_every_switch_is_kept(begin: Begin) -> None:
    async with begin() as tx:
        kept = await tx.surges.add(ON)
        await tx.surges.end(replace(kept, ended_at=NOON, ended_by="lead-2", ended_reason="It thaws."))
        second = await tx.surges.add(ON)
    async with begin() as tx:
        first, again = await tx.surges.all()
    assert (first.ended_by, first.ended_reason, again) == ("lead-2", "It thaws.", second)


async def test_one_that_is_over_makes_room_for_the_next(begin: Begin) -> None:
    async with begin() as tx:
        await tx.surges.add(ON)
        next_day = Surge("snow", "Director", "lead-1", "More.", TONIGHT, TONIGHT + timedelta(days=1))
        await tx.surges.add(next_day)
    async with begin() as tx:
        over, _ = await tx.surges.all()
    assert (over.ended_at, over.ended_by) == (TONIGHT, "clock")


@pytest.mark.parametrize("store_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)], indirect=True)
async def test_the_database_refuses_a_second_one_of_a_name_that_is_on(begin: Begin) -> None:
    async with begin() as tx:
        await tx.surges.add(ON)
    with pytest.raises(IntegrityError):
        async with begin() as tx:
            await tx.surges.add(ON)
