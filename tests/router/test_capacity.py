"""The places of a day: who takes one, who goes elsewhere, and that none is ever lost."""

from datetime import UTC, datetime

import pytest

from services.router.domain.county import County
from services.router.use_cases.routing import RecallReferral, RouteReferral
from shared.clock import new_id
from shared.events import AssignmentOffered, ReferralSubmitted
from tests.router.builders import (
    CREATIVE,
    HELPLINE,
    LEAD,
    NOON,
    PEER,
    a_cancellation,
    a_submission,
    county_with_places,
)
from tests.router.conftest import Hands
from tests.router.fakes import FakeTransaction

TODAY = NOON.date()


@pytest.fixture(scope="session")
def county() -> County:
    """A county in which one service has two places a day."""
    return county_with_places({CREATIVE: 2})


@pytest.fixture
def tx(county: County) -> FakeTransaction:
    return FakeTransaction(county)


@pytest.fixture
def route(clock: Hands) -> RouteReferral:
    return RouteReferral(clock, new_id)


def services_told(tx: FakeTransaction, event: ReferralSubmitted) -> set[str]:
    return {
        each.service_id
        for each in tx.published
        if isinstance(each, AssignmentOffered) and each.referral_id == event.referral_id
    }


def places_taken(tx: FakeTransaction) -> dict[str, int]:
    return {service: count for (service, _), count in tx.capacity.places.items() if count}


async def test_a_place_of_the_day_is_taken_for_each_service_that_counts_them(
    tx: FakeTransaction, route: RouteReferral
) -> None:
    event = a_submission("mind.creative_wellbeing", "social.peer_support", "mind.crisis")
    await route(tx, event)
    assert services_told(tx, event) == {CREATIVE, PEER, HELPLINE}
    assert tx.capacity.places == {(CREATIVE, TODAY): 1, (PEER, TODAY): 1}
    assert {tx.offers.kept[offer].service_id: day for offer, day in tx.offers.capacity_days.items()} == {
        CREATIVE: TODAY,
        PEER: TODAY,
        HELPLINE: None,
    }


async def test_the_day_is_the_one_on_the_wall_in_london(tx: FakeTransaction) -> None:
    half_past_midnight = datetime(2020, 5, 5, 23, 30, tzinfo=UTC)
    await RouteReferral(lambda: half_past_midnight, new_id)(tx, a_submission())
    assert tx.capacity.places == {(CREATIVE, TODAY): 1}


async def test_when_the_day_is_full_the_need_goes_elsewhere(tx: FakeTransaction, route: RouteReferral) -> None:
    events = [a_submission("mind.creative_wellbeing") for _ in range(3)]
    for event in events:
        await route(tx, event)
    assert [services_told(tx, event) for event in events] == [{CREATIVE}, {CREATIVE}, {LEAD}]
    assert places_taken(tx) == {CREATIVE: 2, LEAD: 1}


async def test_a_place_that_was_given_back_is_given_to_the_next(
    tx: FakeTransaction, route: RouteReferral, clock: Hands
) -> None:
    first, second, third = (a_submission("mind.creative_wellbeing") for _ in range(3))
    await route(tx, first)
    await route(tx, second)
    await RecallReferral(clock)(tx, a_cancellation(first))
    await route(tx, third)
    assert services_told(tx, third) == {CREATIVE}


async def test_when_the_last_place_goes_meanwhile_the_need_goes_elsewhere_and_no_place_is_lost(
    tx: FakeTransaction, route: RouteReferral
) -> None:
    tx.capacity.meanwhile[CREATIVE] = 2
    event = a_submission("mind.creative_wellbeing", "social.peer_support")
    await route(tx, event)
    assert services_told(tx, event) == {LEAD, PEER}
    assert places_taken(tx) == {CREATIVE: 2, LEAD: 1, PEER: 1}
    assert "capacity_fallback" in tx.decisions.kept[0].document["flags"]


async def test_when_every_place_goes_meanwhile_the_triage_desk_is_told(
    tx: FakeTransaction, route: RouteReferral, county: County
) -> None:
    tx.capacity.meanwhile.update(county.capacities)
    event = a_submission("mind.creative_wellbeing", "social.peer_support")
    await route(tx, event)
    assert services_told(tx, event) == {county.rules.triage_desk}
    assert set(tx.offers.capacity_days.values()) == {None}


async def test_a_service_that_a_rule_names_is_told_although_it_is_full(route: RouteReferral, clock: Hands) -> None:
    tx = FakeTransaction(county_with_places({HELPLINE: 1}))
    first, second = a_submission("mind.crisis"), a_submission("mind.crisis", "mind.creative_wellbeing")
    await route(tx, first)
    await route(tx, second)
    assert services_told(tx, first) == {HELPLINE}
    assert services_told(tx, second) == {HELPLINE, CREATIVE}
    assert places_taken(tx) == {HELPLINE: 1, CREATIVE: 1}


async def test_what_took_no_place_frees_none_when_it_is_recalled(route: RouteReferral, clock: Hands) -> None:
    tx = FakeTransaction(county_with_places({HELPLINE: 1}))
    first, second = a_submission("mind.crisis"), a_submission("mind.crisis")
    await route(tx, first)
    await route(tx, second)
    await RecallReferral(clock)(tx, a_cancellation(second))
    assert places_taken(tx) == {HELPLINE: 1}
    await RecallReferral(clock)(tx, a_cancellation(first))
    assert places_taken(tx) == {}


async def test_a_named_service_without_any_place_is_told_too(route: RouteReferral) -> None:
    tx = FakeTransaction(county_with_places({HELPLINE: 0}))
    event = a_submission("mind.crisis")
    await route(tx, event)
    assert services_told(tx, event) == {HELPLINE}
    assert places_taken(tx) == {}
