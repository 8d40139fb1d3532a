"""What is read of the past: first decisions with the room there was, and how much is left out."""

from dataclasses import replace
from datetime import timedelta

from services.router.domain.conditions import ALWAYS
from services.router.domain.county import County
from services.router.domain.rule_set import TrackRow
from services.router.domain.simulation.report import Moves
from services.router.use_cases.simulating import BEYOND_THE_LIMIT, past_decisions, prepared, simulated
from tests.router.builders import CREATIVE, HELPLINE, LEAD, NOON
from tests.router.conftest import Hands
from tests.router.fakes import FakeTransaction
from tests.router.test_rerouting import decline, live, routed

BY_THE_LEAD = TrackRow(("R42",), ALWAYS, ("lead_va",))


async def test_a_draft_is_simulated_on_first_decisions_and_what_followed_them_is_counted(
    county: County, clock: Hands
) -> None:
    tx = FakeTransaction(county)
    first = await routed(tx, clock)
    await decline(tx, clock, await live(tx, first))
    crisis = await routed(tx, clock, "mind.crisis")
    history = await past_decisions(tx, NOON, 10)
    assert {past.reference for past in history.past} == {first.reference, crisis.reference}
    assert (dict(history.left_out), history.without_load) == ({"declined": 1}, 0)

    need = "mind.creative_wellbeing"
    draft = replace(
        county, rules=replace(county.rules, tracks={**county.rules.tracks, need: (BY_THE_LEAD,)}), version="draft"
    )
    report = await simulated(await prepared(history, county), draft)
    assert report.moves == (Moves("mind.creative_wellbeing", CREATIVE, LEAD, 1),)
    assert (report.rule_set_before, report.rule_set_after) == (county.version, draft.version)
    offers = {row.service: (row.offers_before, row.offers_after) for row in report.load}
    assert (offers[CREATIVE], offers[LEAD], offers[HELPLINE]) == ((1, 0), (0, 1), (1, 1))


async def test_only_the_newest_are_read_and_those_beyond_the_limit_are_counted(county: County, clock: Hands) -> None:
    tx = FakeTransaction(county)
    await routed(tx, clock)
    clock.move(3600)
    for _ in range(2):
        await routed(tx, clock)
    clock.move(3600)
    newest = await routed(tx, clock)
    history = await past_decisions(tx, NOON + timedelta(minutes=30), 1)
    assert [past.reference for past in history.past] == [newest.reference]
    assert history.left_out == {BEYOND_THE_LIMIT: 2}


async def test_a_decision_of_which_the_room_was_not_kept_is_decided_as_if_there_was_some_and_counted(
    county: County, clock: Hands
) -> None:
    tx = FakeTransaction(county)
    await routed(tx, clock)
    tx.decisions.kept[:] = [replace(each, basis=None) for each in tx.decisions.kept]
    history = await past_decisions(tx, NOON, 10)
    assert history.without_load == 1
    report = await simulated(await prepared(history, county), county)
    assert (report.simulated, report.changed, report.without_load) == (1, 0, 1)
