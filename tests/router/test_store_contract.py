"""What any store of the router must do: the real one on both databases, and the fake that other tests use."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.router.domain.assignment import Actor, State
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Decision
from services.router.domain.load import Load
from services.router.facts import domain_facts
from services.router.main import counties
from services.router.ports import Moved, Offer, Transaction
from services.router.store.transaction import RouterTransaction
from shared.clock import new_id
from shared.envelope import Origin
from shared.errors import Conflict, NotFound, Unavailable
from tests.router.builders import CREATIVE, LEAD, NOON, PEER, a_reference, an_offer, facts_of
from tests.router.conftest import OpenDatabase
from tests.router.fakes import FakeTransaction

Begin = Callable[[], AbstractAsyncContextManager[Transaction]]
TODAY = NOON.date()
INTAKE = Actor("intake", "intake")
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty database, of each kind in turn; None for the store in memory."""
    if request.param == "fake":
        return None
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture
async def begin(store_url: str | None, open_database: OpenDatabase) -> Begin:
    """Opens a transaction on an empty store of each kind in turn."""
    if store_url is None:
        fake = FakeTransaction(None)

        @asynccontextmanager
        async def begin_fake() -> AsyncIterator[Transaction]:
            yield fake

        return begin_fake
    database = await open_database(store_url)
    in_force = counties()

    @asynccontextmanager
    async def begin_real() -> AsyncIterator[Transaction]:
        async with database.begin(Origin("test-request")) as transaction:
            yield RouterTransaction(transaction, in_force)

    return begin_real


async def stored(begin: Begin, *offers: Offer, counted: bool = True) -> None:
    async with begin() as tx:
        for offer in offers:
            await tx.offers.add(offer, capacity_day=TODAY if counted else None)


@pytest.fixture
def decision(county: County) -> Decision:
    return decide(domain_facts(facts_of("mind.creative_wellbeing", "mind.crisis")), county, Load())


# -- referrals ---------------------------------------------------------------------------------------------------------


async def test_a_referral_is_remembered_once(begin: Begin) -> None:
    referral, reference = new_id(), a_reference()
    async with begin() as tx:
        assert await tx.referrals.add(referral, reference, NOON)
    async with begin() as tx:
        assert not await tx.referrals.add(referral, reference, NOON)
        assert await tx.referrals.add(new_id(), a_reference(), NOON)


async def test_the_events_of_a_referral_are_numbered_without_gaps(begin: Begin) -> None:
    first, second = new_id(), new_id()
    async with begin() as tx:
        for referral in (first, second):
            await tx.referrals.add(referral, a_reference(), NOON)
        assert [await tx.referrals.next_sequence(first) for _ in range(3)] == [1, 2, 3]
    async with begin() as tx:
        assert await tx.referrals.next_sequence(first) == 4
        assert await tx.referrals.next_sequence(second) == 1


async def test_a_referral_that_was_never_heard_of_has_no_numbers(begin: Begin) -> None:
    async with begin() as tx:
        with pytest.raises(NotFound):
            await tx.referrals.next_sequence(new_id())


async def test_to_cancel_a_referral_that_was_never_heard_of_changes_nothing(begin: Begin) -> None:
    referral = new_id()
    async with begin() as tx:
        await tx.referrals.cancel(referral, NOON)
    async with begin() as tx:
        assert await tx.referrals.add(referral, a_reference(), NOON)


# -- decisions ---------------------------------------------------------------------------------------------------------


async def test_a_decision_is_kept_whole_with_its_facts(begin: Begin, decision: Decision) -> None:
    decision_id, referral, reference, facts = new_id(), new_id(), a_reference(), facts_of("mind.creative_wellbeing")
    async with begin() as tx:
        await tx.decisions.add(decision_id, referral, reference, facts, decision, NOON)
    async with begin() as tx:
        kept = await tx.decisions.latest(reference)
    assert kept is not None
    assert (kept.id, kept.referral_id, kept.reference, kept.decided_at) == (decision_id, referral, reference, NOON)
    assert (kept.rule_set, kept.outcome) == (decision.rule_set, decision.outcome)
    assert dict(kept.facts) == facts.model_dump(mode="json")
    assert [need["need"] for need in kept.document["needs"]] == [need.need for need in decision.needs]
    assert kept.document["assignments"][0]["due_at"] == decision.assignments[0].due_at.isoformat().replace(
        "+00:00", "Z"
    )


async def test_the_newest_decision_of_a_referral_is_found_and_none_of_another(begin: Begin, decision: Decision) -> None:
    referral, reference, newest = new_id(), a_reference(), new_id()
    async with begin() as tx:
        await tx.decisions.add(newest, referral, reference, facts_of(), decision, NOON + timedelta(hours=1))
        await tx.decisions.add(new_id(), referral, reference, facts_of(), decision, NOON)
    async with begin() as tx:
        kept = await tx.decisions.latest(reference)
        assert kept is not None
        assert kept.id == newest
        assert await tx.decisions.latest(a_reference()) is None


# -- offers ------------------------------------------------------------------------------------------------------------


async def test_an_offer_is_found_as_it_was_stored(begin: Begin) -> None:
    offer = an_offer("mind.creative_wellbeing", "mind.low_mood")
    await stored(begin, offer)
    async with begin() as tx:
        assert list(await tx.offers.find(assignment_id=offer.id)) == [offer]
        assert list(await tx.offers.live_of(offer.referral_id)) == [offer]


async def test_the_live_offers_of_a_referral_come_in_the_order_of_their_services(begin: Begin) -> None:
    referral, reference = new_id(), a_reference()
    offers = [
        an_offer(need, service=service, referral_id=referral, reference=reference)
        for need, service in (
            ("social.peer_support", PEER),
            ("mind.creative_wellbeing", CREATIVE),
            ("social.befriending", LEAD),
        )
    ]
    await stored(begin, *offers, an_offer())
    async with begin() as tx:
        assert [offer.service_id for offer in await tx.offers.live_of(referral)] == sorted([PEER, CREATIVE, LEAD])


async def test_a_second_live_offer_of_a_need_is_refused_by_the_store_itself(begin: Begin) -> None:
    first = an_offer("mind.creative_wellbeing", "mind.low_mood")
    await stored(begin, first)
    second = an_offer("mind.low_mood", referral_id=first.referral_id, reference=first.reference, service=LEAD)
    with pytest.raises(IntegrityError):
        await stored(begin, second)
    async with begin() as tx:
        assert list(await tx.offers.live_of(first.referral_id)) == [first]


async def test_a_need_may_be_offered_again_once_its_offer_was_recalled(begin: Begin) -> None:
    first = an_offer("mind.creative_wellbeing")
    await stored(begin, first)
    async with begin() as tx:
        await tx.offers.move(first, State.RECALLED, actor=INTAKE, at=NOON, reason="died")
    second = an_offer("mind.creative_wellbeing", referral_id=first.referral_id, reference=first.reference, service=LEAD)
    await stored(begin, second)
    async with begin() as tx:
        assert list(await tx.offers.live_of(first.referral_id)) == [second]


async def test_a_move_raises_the_version_and_ends_the_life_of_a_recalled_offer(begin: Begin) -> None:
    offer = an_offer()
    await stored(begin, offer)
    async with begin() as tx:
        await tx.offers.move(offer, State.RECALLED, actor=INTAKE, at=NOON, reason="died")
    async with begin() as tx:
        assert list(await tx.offers.find(assignment_id=offer.id)) == [replace(offer, state=State.RECALLED, version=2)]
        assert list(await tx.offers.live_of(offer.referral_id)) == []


async def test_an_offer_that_moved_since_it_was_read_is_not_moved_again(begin: Begin) -> None:
    offer = an_offer()
    await stored(begin, offer)
    async with begin() as tx:
        await tx.offers.move(offer, State.RECALLED, actor=INTAKE, at=NOON, reason=None)
    async with begin() as tx:
        with pytest.raises(Conflict, match="changed since it was read"):
            await tx.offers.move(offer, State.OFFERED, actor=INTAKE, at=NOON, reason=None)
    async with begin() as tx:
        [kept] = await tx.offers.find(assignment_id=offer.id)
    assert (kept.state, kept.version) == (State.RECALLED, 2)


async def test_each_move_is_kept_with_who_when_from_to_and_why(begin: Begin) -> None:
    offer, partner = an_offer(), Actor("partner", "desk-2")
    await stored(begin, offer, an_offer())
    async with begin() as tx:
        locked = await tx.offers.lock(offer.id)
        accepted = await tx.offers.move(locked, State.ACCEPTED, actor=partner, at=NOON, reason=None)
        later = NOON + timedelta(minutes=5)
        outcomes = {"mind.creative_wellbeing": "met"}
        done = await tx.offers.move(accepted, State.DONE, actor=partner, at=later, reason="ended", outcomes=outcomes)
    async with begin() as tx:
        assert list(await tx.offers.find(assignment_id=offer.id)) == [done]
        assert (done.version, done.outcomes) == (3, outcomes)
        assert list(await tx.offers.history(offer.id)) == [
            Moved(NOON, Actor("router", "router"), None, State.OFFERED, None),
            Moved(NOON, partner, State.OFFERED, State.ACCEPTED, None),
            Moved(later, partner, State.ACCEPTED, State.DONE, "ended"),
        ]


async def test_an_assignment_that_was_never_offered_cannot_be_locked(begin: Begin) -> None:
    async with begin() as tx:
        with pytest.raises(NotFound):
            await tx.offers.lock(new_id())


async def test_only_the_first_time_a_service_was_told_is_kept(begin: Begin) -> None:
    offer = an_offer()
    await stored(begin, offer)
    async with begin() as tx:
        await tx.offers.told(offer.id, NOON)
        await tx.offers.told(offer.id, NOON + timedelta(minutes=1))
        await tx.offers.told(new_id(), NOON)
    async with begin() as tx:
        assert list(await tx.offers.find()) == [replace(offer, notified_at=NOON)]


async def test_offers_are_found_by_all_that_is_asked_for_soonest_due_first(begin: Begin) -> None:
    later = an_offer(service=CREATIVE, due_at=NOON + timedelta(hours=2))
    sooner = an_offer(service=CREATIVE, due_at=NOON + timedelta(hours=1))
    elsewhere, recalled = an_offer(service=LEAD), an_offer(service=CREATIVE, state=State.RECALLED)
    await stored(begin, later, sooner, elsewhere, recalled)
    async with begin() as tx:
        assert list(await tx.offers.find(service=CREATIVE, state=State.OFFERED)) == [sooner, later]
        assert list(await tx.offers.find(reference=elsewhere.reference)) == [elsewhere]
        assert list(await tx.offers.find(reference=elsewhere.reference, service=CREATIVE)) == []
        assert len(await tx.offers.find()) == 4


async def test_at_most_two_hundred_offers_are_found(begin: Begin) -> None:
    await stored(begin, *(an_offer(due_at=NOON + timedelta(minutes=minute)) for minute in range(203)))
    async with begin() as tx:
        found = await tx.offers.find()
    assert [offer.due_at for offer in found] == [NOON + timedelta(minutes=minute) for minute in range(200)]


# -- capacity ----------------------------------------------------------------------------------------------------------


async def test_places_are_taken_until_none_is_left(begin: Begin) -> None:
    for expected in (None, None, CREATIVE):
        async with begin() as tx:
            assert await tx.capacity.take(TODAY, {CREATIVE: 2}) == expected
    async with begin() as tx:
        assert dict(await tx.capacity.taken(TODAY)) == {CREATIVE: 2}
        assert dict(await tx.capacity.taken(TOMORROW)) == {}


async def test_where_one_service_is_full_no_place_of_any_is_taken(begin: Begin) -> None:
    async with begin() as tx:
        assert await tx.capacity.take(TODAY, {PEER: 1}) is None
    async with begin() as tx:
        assert await tx.capacity.take(TODAY, {CREATIVE: 2, PEER: 1, LEAD: 5}) == PEER
        assert await tx.capacity.take(TODAY, {LEAD: 5}) is None
    async with begin() as tx:
        taken = {service: count for service, count in (await tx.capacity.taken(TODAY)).items() if count}
    assert taken == {PEER: 1, LEAD: 1}


async def test_a_service_without_any_place_is_full_and_asking_for_nothing_succeeds(begin: Begin) -> None:
    async with begin() as tx:
        assert await tx.capacity.take(TODAY, {CREATIVE: 0}) == CREATIVE
        assert await tx.capacity.take(TODAY, {}) is None
        assert not any((await tx.capacity.taken(TODAY)).values())


async def test_the_place_of_an_offer_is_given_back_to_its_own_day(begin: Begin) -> None:
    offer = an_offer(service=CREATIVE)
    async with begin() as tx:
        for day in (TODAY, TOMORROW):
            await tx.capacity.take(day, {CREATIVE: 2})
        await tx.offers.add(offer, capacity_day=TODAY)
    async with begin() as tx:
        await tx.capacity.give_back(offer.id)
    async with begin() as tx:
        assert (await tx.capacity.taken(TODAY)).get(CREATIVE, 0) == 0
        assert (await tx.capacity.taken(TOMORROW))[CREATIVE] == 1


async def test_an_offer_that_took_no_place_gives_none_back(begin: Begin) -> None:
    offer = an_offer(service=CREATIVE)
    async with begin() as tx:
        await tx.capacity.take(TODAY, {CREATIVE: 2})
        await tx.offers.add(offer, capacity_day=None)
    async with begin() as tx:
        await tx.capacity.give_back(offer.id)
        assert (await tx.capacity.taken(TODAY))[CREATIVE] == 1


async def test_without_a_directory_there_is_no_county(begin: Begin) -> None:
    async with begin() as tx:
        with pytest.raises(Unavailable):
            await tx.county()
