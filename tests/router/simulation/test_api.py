"""A draft simulated over HTTP, in a router that goes on with its work."""

import asyncio
import csv
import io
import re
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from httpx import ASGITransport, AsyncClient

from services.router.api import simulating
from services.router.configuration.documents import RULES, read_documents
from services.router.configuration.versions import county_with
from services.router.domain.county import County
from services.router.main import counties
from services.router.store.transaction import RouterTransaction
from services.router.use_cases.simulating import SimulationRunning, Workbench
from shared.app import application
from shared.clock import new_id
from shared.db import Transaction
from shared.document_set import Documents
from shared.embedded import Embedded
from tests.router.builders import a_submission
from tests.router.conftest import PUBLIC_URL, Hands, World
from tests.router.rules.builders import COUNTY_DIRECTORY
from tests.router.test_surges_api import priority, switched_on

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


async def test_while_a_surge_is_on_what_has_not_changed_changes_nothing(world: World, clock: Hands) -> None:
    version = (await world.client.get("/api/v1/rule-sets")).json()["in_force"]
    clock.move(60)
    await switched_on(world)
    assert await priority(world) == "P2"
    unchanged: tuple[dict[str, object], ...] = (
        {"documents": {}},
        {"documents": {RULES: RULES_IN_FORCE}},
        {"version": version},
    )
    for body in unchanged:
        report = (await world.client.post(URL, json=body)).json()
        assert (report["simulated"], report["decided"], report["changed"]) == (1, 0, 0)
        assert report["rule_set_after"] == report["rule_set_before"] != version
    of_the_surge = (await world.client.post(URL, json={"version": report["rule_set_before"]})).json()
    assert (of_the_surge["rule_set_after"], of_the_surge["changed"]) == (report["rule_set_before"], 0)


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


async def test_while_a_draft_is_simulated_others_are_answered_and_referrals_are_routed(world: World) -> None:
    began, done = threading.Event(), threading.Event()
    in_force = counties()

    def read(documents: Documents, on: Sequence[str]) -> County:
        began.set()
        assert done.wait(60), "the router waited for the simulation"
        return county_with(documents, on)

    def stores(transaction: Transaction) -> RouterTransaction:
        return RouterTransaction(transaction, in_force)

    routes = simulating.routes(world.database, stores, read, Workbench(), world.clock)
    app = application([replace(world.service, routers=(routes,))], Embedded(), public_url=PUBLIC_URL, new_id=new_id)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://router") as client:
        simulation = asyncio.create_task(client.post(URL, json=DRAFT))
        assert await asyncio.to_thread(began.wait, 60)
        await world.hear(a_submission("mind.crisis"))
        assert len((await world.client.get("/api/v1/assignments")).json()) == 1
        done.set()
        assert (await simulation).json()["simulated"] == 0


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
