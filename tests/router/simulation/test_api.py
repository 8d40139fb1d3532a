"""A draft simulated over HTTP, in a router that goes on with its work."""

import asyncio
import csv
import io
import re

import pytest

from services.router.configuration.documents import RULES, read_documents
from services.router.use_cases.simulating import SimulationRunning, Workbench
from tests.router.builders import a_submission
from tests.router.conftest import World
from tests.router.rules.builders import COUNTY_DIRECTORY

URL = "/api/v1/rule-sets/simulations"
CRISIS = re.compile(r"(- R15 .*\| svc-mh-helpline *\| )P2")
RULES_IN_FORCE = read_documents(COUNTY_DIRECTORY)[RULES]
DRAFT = {"documents": {RULES: CRISIS.sub(r"\g<1>P3", RULES_IN_FORCE)}}


async def test_a_draft_of_one_file_is_compared_with_the_rules_in_force(world: World) -> None:
    crisis = a_submission("mind.crisis")
    for event in (crisis, a_submission("food.shopping")):
        await world.hear(event)
    response = await world.client.post(URL, json=DRAFT)
    assert response.status_code == 200
    report = response.json()
    assert (report["simulated"], report["decided"], report["changed"]) == (2, 1, 1)
    assert report["safeguarding"] == [
        {"concern": "urgent_lowered", "about": "mind.crisis", "referrals": 1},
        {"concern": "later", "about": "mind.crisis", "referrals": 1},
    ]
    [decision] = report["decisions"]
    assert (decision["reference"], decision["priority_after"]) == (crisis.reference, "P3")


async def test_any_table_is_answered_as_csv(world: World) -> None:
    await world.hear(a_submission("mind.crisis"))
    response = await world.client.post(URL, json=DRAFT, params={"table": "priorities"}, headers={"accept": "text/csv"})
    assert response.headers["content-type"].startswith("text/csv")
    assert list(csv.reader(io.StringIO(response.text))) == [
        ["priority_before", "priority_after", "needs"],
        ["P2", "P3", "1"],
    ]


async def test_a_version_that_is_stored_is_a_draft_too(world: World) -> None:
    await world.hear(a_submission("mind.crisis"))
    in_force = (await world.client.post(URL, json=DRAFT)).json()["rule_set_before"]
    report = (await world.client.post(URL, json={"version": in_force})).json()
    assert (report["rule_set_after"], report["simulated"], report["changed"]) == (in_force, 1, 0)
    unknown = await world.client.post(URL, json={"version": "0" * 64})
    assert unknown.status_code == 404


async def test_a_draft_that_cannot_be_used_is_refused_with_file_and_line(world: World) -> None:
    broken = {"documents": {RULES: CRISIS.sub(r"\g<1>P5", RULES_IN_FORCE)}}
    response = await world.client.post(URL, json=broken)
    assert (response.status_code, response.json()["code"]) == (422, "county_refused")
    assert response.json()["detail"].startswith("rules.yaml:")


@pytest.mark.parametrize(
    "body", [{}, {"documents": {}, "version": "0" * 64}, {"version": "new"}, {**DRAFT, "days": 91}]
)
async def test_what_is_not_one_draft_is_refused(world: World, body: dict[str, object]) -> None:
    response = await world.client.post(URL, json=body)
    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")


async def test_while_one_draft_is_simulated_another_is_asked_to_come_again(world: World) -> None:
    one, other = await asyncio.gather(*(world.client.post(URL, json=DRAFT) for _ in range(2)))
    assert (one.status_code, other.status_code) == (200, 503)
    assert (other.json()["code"], other.headers["retry-after"]) == ("simulation_running", "5")
    assert (await world.client.post(URL, json=DRAFT)).status_code == 200


async def test_the_past_is_kept_for_the_next_draft_until_other_rules_are_in_force(world: World) -> None:
    await world.hear(a_submission("mind.crisis"))
    assert (await world.client.post(URL, json=DRAFT)).json()["simulated"] == 1
    await world.hear(a_submission("mind.crisis"))
    assert (await world.client.post(URL, json=DRAFT)).json()["simulated"] == 1
    await world.load({**read_documents(COUNTY_DIRECTORY), **DRAFT["documents"]})
    report = (await world.client.post(URL, json=DRAFT)).json()
    assert (report["simulated"], report["changed"]) == (2, 0)


def test_a_simulation_that_fails_makes_room_for_the_next() -> None:
    workbench = Workbench()
    with pytest.raises(ValueError, match="broken"), workbench.taken():
        raise ValueError("broken")
    with workbench.taken(), pytest.raises(SimulationRunning), workbench.taken():
        pass
