"""What any store of the router must do: the real one on both databases, and the fake that other tests use."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.router.domain.again import Returned
from services.router.domain.assembling import Beside
from services.router.domain.assignment import Actor, State
from services.router.domain.basis import Again, Basis
from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Decision
from services.router.domain.load import Load
from services.router.facts import domain_facts
from services.router.ports import Offer
from shared.clock import new_id
from shared.errors import Conflict, NotFound, Unavailable
from shared.events import Facts
from tests.router.builders import CREATIVE, LEAD, NOON, PEER, a_reference, an_offer, facts_of
from tests.router.conftest import Begin

TODAY = NOON.date()
INTAKE = Actor("intake", "intake")
TOMORROW = TODAY + timedelta(days=1)


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


async def test_a_decision_is_kept_with_what_it_was_made_from(begin: Begin, decision: Decision) -> None:
    load = Load(
        {CREATIVE: 0}, {"mind.crisis": frozenset({LEAD, PEER})}, frozenset({LEAD}), {"mind.crisis": frozenset()}
    )
    beside = Beside(tracks=("cru",), priorities=("P1",), held_needs=("food.bank",), duplicate_of="4WJX-P7K")
    basis = Basis(load, Again(Returned({"mind.crisis": "P2"}, for_a_person=True), beside))
    reference = a_reference()
    async with begin() as tx:
        await tx.decisions.add(new_id(), new_id(), reference, facts_of(), decision, NOON, basis=basis)
    async with begin() as tx:
        kept = await tx.decisions.latest(reference)
    assert kept is not None
    assert kept.basis == basis


async def test_a_sample_has_what_was_decided_since_then_and_no_more_than_asked_for(
    begin: Begin, decision: Decision
) -> None:
    ids = [new_id() for _ in range(4)]
    async with begin() as tx:
        for hours, decision_id in enumerate(ids):
            at = NOON + timedelta(hours=hours)
            await tx.decisions.add(decision_id, new_id(), a_reference(), facts_of(), decision, at, basis=Basis())
    async with begin() as tx:
        assert [each.id for each in await tx.decisions.sample(NOON + timedelta(hours=1), 10)] == ids[1:]
        assert len(await tx.decisions.sample(NOON, 2)) == 2


async def test_first_decisions_are_read_newest_first_with_what_they_were_made_from(
    begin: Begin, decision: Decision
) -> None:
    facts, load = facts_of(), Load(remaining={CREATIVE: 0})
    references = [a_reference() for _ in range(4)]
    again = Cause(Trigger.DECLINED, "It said no.")
    async with begin() as tx:
        for hours, reference in enumerate(references):
            at, basis = NOON + timedelta(hours=hours), Basis(load) if hours == 3 else None
            await tx.decisions.add(new_id(), new_id(), reference, facts, decision, at, basis=basis)
            await tx.decisions.add(new_id(), new_id(), reference, facts, decision, at, cause=again)
    since = NOON + timedelta(hours=1)
    async with begin() as tx:
        found = [each async for page in tx.decisions.first_ones(since, 2) for each in page]
        assert [(each.reference, each.load) for each in found] == [(references[3], load), (references[2], None)]
        assert Facts.model_validate(found[0].facts) == facts
        assert await tx.decisions.causes(since) == {"submitted": 3, "declined": 3}


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


async def test_without_a_directory_there_is_no_county(begin: Begin) -> None:
    async with begin() as tx:
        with pytest.raises(Unavailable):
            await tx.county()
