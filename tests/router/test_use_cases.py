"""What the router does with what it hears, on stores in memory."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.router.domain.assignment import Move, State, after
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.load import Load
from services.router.facts import domain_facts
from services.router.use_cases.routing import NoteTold, RecallReferral, RouteReferral
from shared.clock import new_id
from shared.errors import Conflict, Unavailable
from shared.events import AssignmentOffered, AssignmentRecalled, ReferralDecided
from tests.router.builders import NOON, a_cancellation, a_message_sent, a_submission, an_offer
from tests.router.conftest import Hands
from tests.router.fakes import FakeTransaction

TWO_SERVICES = ("mind.creative_wellbeing", "social.befriending")


@pytest.fixture
def tx(county: County) -> FakeTransaction:
    return FakeTransaction(county)


@pytest.fixture
def route(clock: Hands) -> RouteReferral:
    return RouteReferral(clock, new_id)


async def test_a_referral_is_decided_kept_and_told_of(
    tx: FakeTransaction, route: RouteReferral, county: County
) -> None:
    event = a_submission(*TWO_SERVICES)
    await route(tx, event)
    expected = decide(domain_facts(event.facts), county, Load(remaining=dict(county.capacities)))
    [kept] = tx.decisions.kept
    told, *offers = tx.published
    assert isinstance(told, ReferralDecided)
    assert (told.decision_id, told.rule_set, told.outcome) == (kept.id, county.version, expected.outcome)
    assert (kept.referral_id, kept.reference, kept.decided_at) == (event.referral_id, event.reference, NOON)
    assert (told.flags, told.district, told.priority) == (expected.flags, expected.district, expected.priority)
    assert [(need.code, need.state, need.service_id, need.priority) for need in told.needs] == [
        (need.need, need.state.value, need.service_id, need.priority) for need in expected.needs
    ]
    assert len(offers) == len(expected.assignments) == 2


async def test_an_offer_carries_what_the_decision_says(
    tx: FakeTransaction, route: RouteReferral, county: County
) -> None:
    event = a_submission(*TWO_SERVICES)
    await route(tx, event)
    expected = decide(domain_facts(event.facts), county, Load(remaining=dict(county.capacities)))
    told = [each for each in tx.published if isinstance(each, AssignmentOffered)]
    for assignment, offered in zip(expected.assignments, told, strict=True):
        stored = tx.offers.kept[offered.assignment_id]
        for name in ("service_id", "service_name", "organization_id", "organization_name", "track", "needs", "priority",
                     "sla", "due_at", "channels", "safe_contact_only"):  # fmt: skip
            assert getattr(offered, name) == getattr(assignment, name) == getattr(stored, name)
        assert (offered.offered_at, offered.district) == (NOON, expected.district)
        assert (stored.state, stored.version, stored.notified_at) == (State.OFFERED, 1, None)
        assert stored.decision_id == tx.decisions.kept[0].id


async def test_a_referral_is_routed_once_though_its_event_comes_twice(
    tx: FakeTransaction, route: RouteReferral
) -> None:
    event = a_submission(*TWO_SERVICES)
    await route(tx, event)
    before = (list(tx.published), dict(tx.offers.kept), dict(tx.capacity.places))
    await route(tx, event)
    assert (tx.published, tx.offers.kept, tx.capacity.places) == before
    assert len(tx.decisions.kept) == 1


async def test_everything_told_of_a_referral_is_numbered_without_gaps(
    tx: FakeTransaction, route: RouteReferral, clock: Hands
) -> None:
    event, other = a_submission(*TWO_SERVICES), a_submission("food.bank")
    await route(tx, event)
    await route(tx, other)
    await RecallReferral(clock)(tx, a_cancellation(event))
    numbers = [told.sequence for told in tx.published if told.key == event.key]
    assert numbers == [1, 2, 3, 4, 5]
    assert [told.sequence for told in tx.published if told.key == other.key] == [1, 2]


async def test_a_risk_is_told_at_once_and_nobody_is_told_twice(tx: FakeTransaction, route: RouteReferral) -> None:
    await route(tx, a_submission("mind.crisis", flags=("suicidal_now",)))
    told = [each for each in tx.published if isinstance(each, AssignmentOffered)]
    assert {offer.priority for offer in told} == {"P1"}
    assert len({offer.service_id for offer in told}) == len(told)


async def test_before_a_directory_is_loaded_nothing_is_routed(route: RouteReferral) -> None:
    tx = FakeTransaction(None)
    with pytest.raises(Unavailable):
        await route(tx, a_submission())
    assert tx.published == []


async def test_a_cancellation_recalls_every_live_assignment_and_says_why(
    tx: FakeTransaction, route: RouteReferral, clock: Hands
) -> None:
    event = a_submission(*TWO_SERVICES)
    await route(tx, event)
    clock.move(60)
    await RecallReferral(clock)(tx, a_cancellation(event, reason="died"))
    recalled = [told for told in tx.published if isinstance(told, AssignmentRecalled)]
    assert {told.assignment_id for told in recalled} == tx.offers.kept.keys()
    assert {(told.reason, told.recalled_at) for told in recalled} == {("died", NOON + timedelta(minutes=1))}
    assert {offer.state for offer in tx.offers.kept.values()} == {State.RECALLED}
    assert tx.referrals.cancelled_at == {event.referral_id: NOON + timedelta(minutes=1)}
    assert [(move.actor.kind, move.to, move.reason) for _, move in tx.offers.moves[-2:]] == [
        ("intake", State.RECALLED, "died")
    ] * 2


async def test_a_cancellation_gives_every_place_back(tx: FakeTransaction, route: RouteReferral, clock: Hands) -> None:
    event = a_submission(*TWO_SERVICES)
    await route(tx, event)
    assert sum(tx.capacity.places.values()) == 2
    await RecallReferral(clock)(tx, a_cancellation(event))
    assert sum(tx.capacity.places.values()) == 0


async def test_a_second_cancellation_finds_nothing_to_recall(
    tx: FakeTransaction, route: RouteReferral, clock: Hands
) -> None:
    event = a_submission(*TWO_SERVICES)
    await route(tx, event)
    await RecallReferral(clock)(tx, a_cancellation(event))
    before = list(tx.published)
    await RecallReferral(clock)(tx, a_cancellation(event))
    assert tx.published == before
    assert sum(tx.capacity.places.values()) == 0


async def test_a_referral_that_was_cancelled_before_it_was_heard_of_is_not_routed(
    tx: FakeTransaction, route: RouteReferral, clock: Hands
) -> None:
    event = a_submission()
    await RecallReferral(clock)(tx, a_cancellation(event))
    await route(tx, event)
    assert tx.published == []


def test_what_is_not_live_cannot_be_recalled() -> None:
    assert after(State.OFFERED, Move.RECALL) is State.RECALLED
    with pytest.raises(Conflict, match="recalled"):
        after(State.RECALLED, Move.RECALL)


async def test_the_first_message_is_what_an_assignment_remembers(tx: FakeTransaction) -> None:
    offer = an_offer()
    await tx.offers.add(offer, capacity_day=None)
    for minutes in (2, 1, 3):
        await NoteTold()(tx, a_message_sent(offer, NOON + timedelta(minutes=minutes)))
    assert tx.offers.kept == {offer.id: replace(offer, notified_at=NOON + timedelta(minutes=2))}
