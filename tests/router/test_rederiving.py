"""Every decision can be made again from what was kept with it, and comes out the same."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from services.router.domain.county import County
from services.router.facts import document_of
from services.router.main import rederive as rederive_stored
from services.router.store.decisions import BASIS
from services.router.store.tables import decision
from services.router.use_cases.rederiving import came_out_alike, rederive, rederive_sample
from services.router.use_cases.routing import RouteReferral
from shared.clock import new_id
from shared.errors import Refused
from tests.compare import Json
from tests.router.builders import NOON, a_submission, documents_with_places
from tests.router.conftest import Hands, World
from tests.router.fakes import FakeTransaction
from tests.router.rules.builders import COUNTY_DIRECTORY
from tests.router.test_rerouting import decline, live, routed
from waymark.scenarios import Ground, take_in

SCENARIOS = Path(__file__).parents[1] / "data" / "scenarios_public.jsonl"
PUBLISHED: list[Json] = [json.loads(line) for line in SCENARIOS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def tx(county: County) -> FakeTransaction:
    return FakeTransaction(county)


async def test_every_published_scenario_that_is_routed_is_derived_again_identically(clock: Hands) -> None:
    ground = Ground.load(COUNTY_DIRECTORY)
    kept = 0
    for scenario in PUBLISHED:
        tx, taken = FakeTransaction(ground.county), take_in(scenario["input"], ground)
        if taken.assessment.missing:
            continue
        clock.at = taken.facts.received_at
        # As many places are taken as the scenario has it.
        for service, left in taken.load.remaining.items():
            tx.capacity.places[service, ground.county.today(clock.at)] = ground.county.capacities.get(service, 0) - left
        await RouteReferral(clock, new_id)(tx, a_submission(facts=taken.facts))
        [stored] = tx.decisions.kept
        # As it comes back from a database.
        basis = BASIS.validate_json(BASIS.dump_json(stored.basis))
        assert document_of(rederive(replace(stored, basis=basis), ground.county)) == stored.document, scenario["id"]
        kept += 1
    assert kept > len(PUBLISHED) / 2


async def test_a_decision_on_needs_that_came_back_is_derived_again_from_who_said_no(
    tx: FakeTransaction, clock: Hands, county: County
) -> None:
    event = await routed(tx, clock)
    await decline(tx, clock, await live(tx, event))
    first, second = tx.decisions.kept
    assert first.document["needs"][0]["service_id"] != second.document["needs"][0]["service_id"]
    for stored in (first, second):
        assert document_of(rederive(stored, county)) == stored.document


async def test_a_decision_cannot_be_derived_by_other_rules_nor_from_what_was_not_kept(
    tx: FakeTransaction, clock: Hands, county: County
) -> None:
    await routed(tx, clock)
    [stored] = tx.decisions.kept
    with pytest.raises(Refused, match="another version"):
        rederive(stored, replace(county, version="0" * 64))
    with pytest.raises(Refused, match="before"):
        rederive(replace(stored, basis=None), county)


async def test_what_does_not_come_out_alike_is_told_from_what_a_later_release_adds(
    tx: FakeTransaction, clock: Hands, county: County
) -> None:
    await routed(tx, clock)
    [stored] = tx.decisions.kept
    again = rederive(stored, county)
    assert came_out_alike(stored, again)
    without = {name: value for name, value in stored.document.items() if name != "marks"}
    assert came_out_alike(replace(stored, document=without), again)
    wrongs: list[Json] = [{"outcome": "emergency"}, {"assignments": []}, {"of_old": 1}]
    for wrong in wrongs:
        assert not came_out_alike(replace(stored, document={**stored.document, **wrong}), again)


async def test_a_sample_counts_what_came_out_alike_what_did_not_and_what_nobody_knows(
    tx: FakeTransaction, clock: Hands
) -> None:
    for _ in range(4):
        await routed(tx, clock)
    alike, changed, old, elsewhere = tx.decisions.kept
    tx.decisions.kept = [
        alike,
        replace(changed, document={**changed.document, "outcome": "emergency"}),
        replace(old, basis=None),
        replace(elsewhere, rule_set="0" * 64),
    ]
    found = await rederive_sample(tx, NOON, 10)
    assert (found.alike, [each.id for each in found.different], found.unknown) == (1, [changed.id], 2)


async def test_decisions_are_derived_again_by_the_version_that_made_them(world: World, clock: Hands) -> None:
    await world.hear(a_submission())
    await world.load(documents_with_places({"svc-kakou": 0}))
    await world.hear(a_submission())
    clock.at += timedelta(hours=1)
    assert (await rederive_stored(world.database, 1, 10)).alike == 2
    async with world.database.engine.begin() as connection:
        await connection.execute(update(decision).values(outcome="emergency", document={"outcome": "emergency"}))
    assert len((await rederive_stored(world.database, 1, 10)).different) == 2
    assert (await rederive_stored(world.database, 1, 1)).alike == 0
