"""Needs that no service was given are looked at again by the unit's call-back service."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.router.chaser import Reviews
from services.router.domain.assignment import Actor
from services.router.domain.county import County
from services.router.ports import Transaction
from services.router.store.tables import decision
from services.router.use_cases.answering import DeclineOffer
from services.router.use_cases.given import Given
from services.router.use_cases.holding import ReviewHeld
from services.router.use_cases.reopening import ReopenReferral
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RecallReferral, RouteReferral
from shared.clock import new_id
from shared.events import OpenMatch, ReferralReviewDue, ReferralSubmitted
from tests.router.builders import NOON, a_cancellation, a_reference, a_submission, facts_of
from tests.router.conftest import Begin, Hands
from tests.router.fakes import FakeTransaction
from tests.router.rules.builders import WEDNESDAY_MORNING
from tests.router.test_chasing import REQUEST, Router, router  # noqa: F401  # the fixture
from tests.router.test_reopening import a_reopening

NEED, OTHER = "mind.creative_wellbeing", "social.peer_support"
PARTNER = Actor("partner", "desk-2")
LATER = timedelta(days=200)


@pytest.fixture
def tx(county: County, clock: Hands) -> FakeTransaction:
    fake = FakeTransaction(county)
    fake.referrals.now = clock
    return fake


def refused() -> ReferralSubmitted:
    facts = facts_of(NEED).model_copy(update={"consent_status": "refused"})
    return a_submission(facts=facts)


async def with_a_duplicate(tx: FakeTransaction, clock: Hands) -> ReferralSubmitted:
    """A referral of two needs, of which one is in hand elsewhere and the other is offered."""
    match = OpenMatch(reference=a_reference(), needs=(NEED,), priority="P4", received_at=WEDNESDAY_MORNING)
    event = a_submission(facts=facts_of(NEED, OTHER, open_matches=(match,)))
    await RouteReferral(clock, new_id)(tx, event)
    return event


async def decline(tx: Transaction, clock: Hands, event: ReferralSubmitted) -> None:
    [offer] = await tx.offers.live_of(event.referral_id)
    await DeclineOffer(clock, PlaceAgain(new_id))(tx, Given(offer.id, PARTNER), "not_eligible")


async def review(tx: FakeTransaction) -> list[ReferralReviewDue]:
    """Everything that is told once all that is due was looked at."""
    while (due := await tx.referrals.due_for_review()) is not None:
        await ReviewHeld()(tx, due)
    return [event for event in tx.published if isinstance(event, ReferralReviewDue)]


async def test_held_needs_are_told_of_again_and_again(tx: FakeTransaction, clock: Hands, county: County) -> None:
    event = refused()
    await RouteReferral(clock, new_id)(tx, event)
    assert await review(tx) == []
    for _ in range(2):
        clock.at += LATER
        told = await review(tx)
    assert [(each.reference, each.needs, each.service_id) for each in told] == [
        (event.reference, (NEED,), county.rules.consent.otherwise)
    ] * 2


async def test_whether_a_need_is_in_hand_elsewhere_is_asked_once(tx: FakeTransaction, clock: Hands) -> None:
    match = OpenMatch(reference=a_reference(), needs=(NEED,), priority="P4", received_at=WEDNESDAY_MORNING)
    await RouteReferral(clock, new_id)(tx, a_submission(facts=facts_of(NEED, open_matches=(match,))))
    for _ in range(2):
        clock.at += LATER
        told = await review(tx)
    assert [each.needs for each in told] == [(NEED,)]


@pytest.mark.parametrize("asked_before", [False, True])
async def test_a_duplicate_is_asked_about_once_though_another_need_is_placed_again(
    tx: FakeTransaction, clock: Hands, asked_before: bool
) -> None:
    event = await with_a_duplicate(tx, clock)
    due_at = tx.referrals.review_at[event.referral_id]
    if asked_before:
        clock.at += LATER
        await review(tx)
    clock.move(60)
    await decline(tx, clock, event)
    assert tx.referrals.review_at.get(event.referral_id) == (None if asked_before else due_at)
    assert tx.decisions.kept[-1].document["duplicate_needs"] == [NEED]
    for _ in range(2):
        clock.at += LATER
        told = await review(tx)
    assert [(each.needs, each.due_at) for each in told] == [((NEED,), due_at)]


async def test_a_duplicate_that_is_placed_after_all_is_asked_about_no_more(tx: FakeTransaction, clock: Hands) -> None:
    event = await with_a_duplicate(tx, clock)
    await ReopenReferral(clock, new_id)(tx, a_reopening(event, NEED, reason="not_a_duplicate"))
    clock.at += LATER
    assert await review(tx) == []


async def test_to_place_other_needs_again_does_not_put_off_the_look_at_held_ones(
    tx: FakeTransaction, clock: Hands
) -> None:
    event = await with_a_duplicate(tx, clock)
    held = replace(tx.decisions.kept[-1], document={**tx.decisions.kept[-1].document, "held_needs": ["info.general"]})
    tx.decisions.kept[-1] = held
    due_at = tx.referrals.review_at[event.referral_id]
    clock.move(3600 * 24)
    await decline(tx, clock, event)
    assert tx.referrals.review_at[event.referral_id] == due_at
    clock.at += LATER
    assert [each.needs for each in await review(tx)] == [("info.general", NEED)]


async def test_a_decision_from_before_duplicates_were_listed_names_its_own(tx: FakeTransaction, clock: Hands) -> None:
    event = await with_a_duplicate(tx, clock)
    document = {key: value for key, value in tx.decisions.kept[-1].document.items() if key != "duplicate_needs"}
    tx.decisions.kept[-1] = replace(tx.decisions.kept[-1], document=document)
    await decline(tx, clock, event)
    clock.at += LATER
    assert [each.needs for each in await review(tx)] == [(NEED,)]


async def test_of_a_cancelled_referral_nothing_is_looked_at(tx: FakeTransaction, clock: Hands) -> None:
    event = refused()
    await RouteReferral(clock, new_id)(tx, event)
    await RecallReferral(clock)(tx, a_cancellation(event))
    clock.at += LATER
    assert await review(tx) == []


async def test_what_is_assigned_needs_no_such_look(tx: FakeTransaction, clock: Hands) -> None:
    await RouteReferral(clock, new_id)(tx, a_submission(NEED))
    clock.at += LATER
    assert await review(tx) == []


async def test_the_referral_that_waits_longest_is_looked_at_first(begin: Begin) -> None:
    first, second = new_id(), new_id()
    async with begin() as tx:
        for referral in (first, second):
            await tx.referrals.add(referral, a_reference(), NOON)
        await tx.referrals.review(second, NOON - timedelta(hours=1))
        await tx.referrals.review(first, NOON - timedelta(hours=2))
    async with begin() as tx:
        due = await tx.referrals.due_for_review()
        assert due is not None
        assert (due.referral_id, due.due_at) == (first, NOON - timedelta(hours=2))
        await tx.referrals.review(first, None)
        await tx.referrals.cancel(second, NOON)
        assert await tx.referrals.due_for_review() is None


async def test_it_is_told_on_a_real_database(router: Router, clock: Hands) -> None:  # noqa: F811
    async with router.database.begin(REQUEST) as transaction:
        await RouteReferral(clock, new_id)(router.stores(transaction), refused())
    reviews = Reviews(router.database, router.stores, ReviewHeld())
    assert not await reviews.run_once()
    clock.at += LATER
    assert await reviews.run_once()
    assert not await reviews.run_once()
    assert len(await router.told(ReferralReviewDue)) == 1


async def test_a_referral_of_which_nothing_can_be_told_does_not_keep_others_waiting(
    router: Router,  # noqa: F811
    clock: Hands,
) -> None:
    broken, whole = refused(), refused()
    for event in (broken, whole):
        async with router.database.begin(REQUEST) as transaction:
            await RouteReferral(clock, new_id)(router.stores(transaction), event)
        clock.move(60)
    async with router.database.begin(REQUEST) as transaction:
        unreadable = decision.update().where(decision.c.reference == broken.reference)
        await transaction.connection.execute(unreadable.values(document={"held_needs": [NEED], "priority": "P9"}))
    clock.at += LATER
    reviews = Reviews(router.database, router.stores, ReviewHeld())
    assert [await reviews.run_once() for _ in range(3)] == [True, True, False]
    assert [each.reference for each in await router.told(ReferralReviewDue)] == [whole.reference]
    clock.move(60)
    assert await reviews.run_once()


async def test_after_a_decline_a_duplicate_is_asked_about_on_a_real_database(
    router: Router,  # noqa: F811
    clock: Hands,
) -> None:
    match = OpenMatch(reference=a_reference(), needs=(NEED,), priority="P4", received_at=WEDNESDAY_MORNING)
    event = a_submission(facts=facts_of(NEED, OTHER, open_matches=(match,)))
    async with router.database.begin(REQUEST) as transaction:
        await RouteReferral(clock, new_id)(router.stores(transaction), event)
    async with router.database.begin(REQUEST) as transaction:
        await decline(router.stores(transaction), clock, event)
    clock.at += LATER
    assert await Reviews(router.database, router.stores, ReviewHeld()).run_once()
    [told] = await router.told(ReferralReviewDue)
    assert isinstance(told, ReferralReviewDue)
    assert told.needs == (NEED,)
