"""Pausing and resuming a service over HTTP."""

import pytest
from httpx import Response

from services.router.domain.county import County
from shared.clock import new_id
from tests.router.builders import CREATIVE, LEAD, a_submission
from tests.router.conftest import World
from tests.router.test_api import ASSIGNMENTS, assert_problem, assignments

SERVICES = "/api/v1/services"


async def post(world: World, path: str, **body: object) -> Response:
    headers = {"Idempotency-Key": str(new_id())}
    return await world.client.post(path, json={"by": "cru-2", "role": "staff"} | body, headers=headers)


async def service_of_the_next(world: World) -> str:
    event = a_submission("mind.creative_wellbeing")
    await world.hear(event)
    [assignment] = await assignments(world.client, referral=event.reference)
    service: str = assignment["service_id"]
    return service


async def test_a_paused_service_is_passed_over_until_it_is_resumed(world: World) -> None:
    paused = await post(world, f"{SERVICES}/{CREATIVE}/pause", reason="partner_closed")
    assert paused.status_code == 200
    assert paused.json() == {
        "service_id": CREATIVE,
        "reason": "partner_closed",
        "actor": "staff",
        "by": "cru-2",
        "since": "2020-05-06T11:00:00Z",
        "until": None,
    }
    assert (await world.client.get(f"{SERVICES}/pauses")).json() == [paused.json()]
    assert await service_of_the_next(world) == LEAD
    assert (await post(world, f"{SERVICES}/{CREATIVE}/resume")).json() == {"service_id": CREATIVE}
    assert await service_of_the_next(world) == CREATIVE
    assert (await world.client.get(f"{SERVICES}/pauses")).json() == []


async def test_a_pause_for_today_ends_at_midnight_in_london(world: World) -> None:
    paused = await post(world, f"{SERVICES}/{CREATIVE}/pause", reason="no_capacity", length="today")
    assert paused.json()["until"] == "2020-05-06T23:00:00Z"


async def test_an_unknown_service_or_reason_is_refused(world: World, county: County) -> None:
    assert_problem(await post(world, f"{SERVICES}/svc-nobody/pause", reason="no_capacity"), 404, "not_found")
    assert_problem(await post(world, f"{SERVICES}/svc-nobody/resume"), 404, "not_found")
    problem = assert_problem(await post(world, f"{SERVICES}/{CREATIVE}/pause", reason="tired"), 422, "reason_unknown")
    assert problem["known"] == list(county.rules.answers.decline)


@pytest.mark.parametrize(("reason", "listed"), [("no_capacity", [CREATIVE]), ("other", [])])
async def test_to_decline_for_want_of_room_pauses_the_service(world: World, reason: str, listed: list[str]) -> None:
    event = a_submission("mind.creative_wellbeing")
    await world.hear(event)
    [assignment] = await assignments(world.client, referral=event.reference)
    await post(world, f"{ASSIGNMENTS}/{assignment['id']}/decline", reason=reason)
    assert [each["service_id"] for each in (await world.client.get(f"{SERVICES}/pauses")).json()] == listed
