"""What any store of the router must do so that the loop closes: moves, refusals, places and pauses."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.router.domain.assignment import PLACED_AGAIN, Actor, Move, State
from services.router.domain.capacity import Pausing
from services.router.domain.chase import Clock, ClockState, Kind
from services.router.ports import Moved, Offer
from shared.clock import new_id
from shared.errors import NotFound
from tests.router.builders import CREATIVE, LEAD, NOON, PEER, an_offer
from tests.router.conftest import Begin, Hands

TODAY = NOON.date()
TOMORROW = TODAY + timedelta(days=1)
PARTNER = Actor("partner", "desk-2")


async def stored(begin: Begin, *offers: Offer) -> None:
    async with begin() as tx:
        for offer in offers:
            await tx.offers.add(offer, capacity_day=TODAY)


# -- moves -------------------------------------------------------------------------------------------------------------


async def test_each_move_is_kept_with_who_when_from_to_and_why(begin: Begin) -> None:
    offer = an_offer()
    await stored(begin, offer, an_offer())
    async with begin() as tx:
        locked = await tx.offers.lock(offer.id)
        accepted = await tx.offers.move(locked, State.ACCEPTED, actor=PARTNER, at=NOON, reason=None)
        later = NOON + timedelta(minutes=5)
        outcomes = {"mind.creative_wellbeing": "met"}
        done = await tx.offers.move(accepted, State.DONE, actor=PARTNER, at=later, reason="ended", outcomes=outcomes)
    async with begin() as tx:
        assert list(await tx.offers.find(assignment_id=offer.id)) == [done]
        assert (done.version, done.outcomes) == (3, outcomes)
        assert list(await tx.offers.history(offer.id)) == [
            Moved(NOON, Actor("router", "router"), None, State.OFFERED, None),
            Moved(NOON, PARTNER, State.OFFERED, State.ACCEPTED, None),
            Moved(later, PARTNER, State.ACCEPTED, State.DONE, "ended"),
        ]


async def test_an_assignment_that_was_never_offered_cannot_be_locked(begin: Begin) -> None:
    async with begin() as tx:
        with pytest.raises(NotFound):
            await tx.offers.lock(new_id())


async def test_who_sent_a_need_back_is_remembered_by_need(begin: Begin) -> None:
    first = an_offer("mind.creative_wellbeing", "mind.low_mood", service=CREATIVE)
    of_first = {"referral_id": first.referral_id, "reference": first.reference}
    again = an_offer("mind.low_mood", service=LEAD, **of_first)  # type: ignore[arg-type]  # of the names above
    for offer, to in ((first, State.DECLINED), (again, State.EXPIRED)):
        await stored(begin, offer)
        async with begin() as tx:
            await tx.offers.move(offer, to, actor=PARTNER, at=NOON, reason=None)
    async with begin() as tx:
        assert await tx.offers.refusals(first.referral_id) == {
            "mind.creative_wellbeing": {CREATIVE},
            "mind.low_mood": {CREATIVE, LEAD},
        }
        assert await tx.offers.refusals(new_id()) == {}


@pytest.mark.parametrize(
    ("is_told", "moves", "counts"),
    [
        (False, (State.EXPIRED,), False),
        (True, (State.EXPIRED,), True),
        (False, (State.OPENED, State.EXPIRED), True),
        (False, (State.DECLINED,), True),
        (False, (State.ACCEPTED, State.HANDED_BACK), True),
    ],
)
async def test_whose_offer_expired_before_it_knew_of_it_has_refused_nothing_but_is_still_remembered(
    begin: Begin, is_told: bool, moves: tuple[State, ...], counts: bool
) -> None:
    offer = an_offer()
    await stored(begin, offer)
    async with begin() as tx:
        if is_told:
            await tx.offers.told(offer.id, NOON)
        for to in moves:
            offer = await tx.offers.move(await tx.offers.lock(offer.id), to, actor=PARTNER, at=NOON, reason=None)
    async with begin() as tx:
        everyone = {need: {offer.service_id} for need in offer.needs}
        assert await tx.offers.refusals(offer.referral_id) == everyone
        assert await tx.offers.refusals(offer.referral_id, told=True) == (everyone if counts else {})


@pytest.mark.parametrize("to", sorted(set(State) - PLACED_AGAIN - {State.OFFERED}))
async def test_whoever_did_anything_else_has_refused_nothing(begin: Begin, to: State) -> None:
    offer = an_offer()
    await stored(begin, offer)
    async with begin() as tx:
        await tx.offers.move(offer, to, actor=PARTNER, at=NOON, reason=None)
        assert await tx.offers.refusals(offer.referral_id) == {}


# -- passing on --------------------------------------------------------------------------------------------------------


async def test_needs_that_were_let_go_may_be_anothers_and_come_back(begin: Begin) -> None:
    parent = an_offer("mind.creative_wellbeing", "mind.low_mood")
    child = replace(
        an_offer("mind.low_mood", referral_id=parent.referral_id, reference=parent.reference, service=LEAD),
        parent_id=parent.id,
    )
    await stored(begin, parent)
    async with begin() as tx:
        await tx.offers.let_go(parent.id, ["mind.low_mood"])
        await tx.offers.add(child, capacity_day=None)
        accepted = await tx.offers.move(parent, State.ACCEPTED, actor=PARTNER, at=NOON, reason=None, move=Move.PASS_ON)
    async with begin() as tx:
        assert await tx.offers.held_by(parent.id) == ("mind.creative_wellbeing",)
        assert await tx.offers.held_by(child.id) == ("mind.low_mood",)
        assert list(await tx.offers.children_of(parent.id)) == [child]
        assert list(await tx.offers.children_of(child.id)) == []
        assert (await tx.offers.history(parent.id))[-1].move is Move.PASS_ON
        await tx.offers.move(child, State.DECLINED, actor=PARTNER, at=NOON, reason=None)
        await tx.offers.take_back(parent.id, ["mind.low_mood"])
        assert set(await tx.offers.held_by(parent.id)) == set(parent.needs)
        assert await tx.offers.held_by(child.id) == ()
        await tx.offers.move(accepted, State.DONE, actor=PARTNER, at=NOON, reason=None)
        assert await tx.offers.held_by(parent.id) == ()


async def test_needs_that_another_has_cannot_be_taken_back(begin: Begin) -> None:
    parent = an_offer()
    child = an_offer(referral_id=parent.referral_id, reference=parent.reference, service=LEAD)
    await stored(begin, parent)
    async with begin() as tx:
        await tx.offers.let_go(parent.id, parent.needs)
        await tx.offers.add(child, capacity_day=None)
    with pytest.raises(IntegrityError):
        async with begin() as tx:
            await tx.offers.take_back(parent.id, parent.needs)


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


async def test_a_place_is_given_back_with_the_places_taken_or_not_at_all(begin: Begin) -> None:
    offer = an_offer(service=CREATIVE)
    async with begin() as tx:
        await tx.capacity.take(TODAY, {CREATIVE: 2, PEER: 1})
        await tx.offers.add(offer, capacity_day=TODAY)
    async with begin() as tx:
        assert await tx.capacity.take(TODAY, {LEAD: 5, PEER: 1}, give_back=offer.id) == PEER
        assert {service: count for service, count in (await tx.capacity.taken(TODAY)).items() if count} == {
            CREATIVE: 1,
            PEER: 1,
        }
    async with begin() as tx:
        assert await tx.capacity.take(TODAY, {LEAD: 5}, give_back=offer.id) is None
        assert {service: count for service, count in (await tx.capacity.taken(TODAY)).items() if count} == {
            LEAD: 1,
            PEER: 1,
        }


# -- pauses ------------------------------------------------------------------------------------------------------------


async def test_a_pause_runs_until_its_end_or_until_it_is_resumed(begin: Begin) -> None:
    until_one = Pausing(CREATIVE, "no_capacity", PARTNER, NOON, NOON + timedelta(hours=1))
    until_resumed = Pausing(PEER, "partner_closed", PARTNER, NOON, None)
    async with begin() as tx:
        await tx.pauses.add(until_one)
        await tx.pauses.add(until_resumed)
    async with begin() as tx:
        assert list(await tx.pauses.running(NOON)) == [until_one, until_resumed]
        assert await tx.pauses.in_force(NOON + timedelta(hours=1)) == {PEER}
        await tx.pauses.resume(PEER, PARTNER, NOON)
        await tx.pauses.resume(LEAD, PARTNER, NOON)
    async with begin() as tx:
        assert await tx.pauses.in_force(NOON) == {CREATIVE}
        await tx.pauses.add(until_resumed)
        assert await tx.pauses.in_force(NOON) == {CREATIVE, PEER}


# -- clocks ------------------------------------------------------------------------------------------------------------


async def with_clocks(begin: Begin, clock: Hands, *clocks: Clock) -> Offer:
    """An offer with clocks like these, some time after they rang."""
    clock.at = NOON + timedelta(hours=1)
    offer = an_offer()
    async with begin() as tx:
        await tx.referrals.add(offer.referral_id, offer.reference, NOON)
        await tx.offers.add(offer, capacity_day=None)
        await tx.clocks.start(replace(each, assignment_id=offer.id) for each in clocks)
    return offer


RESPOND = Clock(new_id(), Kind.RESPOND, NOON + timedelta(minutes=10))
CONTACT = Clock(new_id(), Kind.FIRST_CONTACT, NOON + timedelta(minutes=5))


async def test_clocks_are_kept_and_changed(begin: Begin, clock: Hands) -> None:
    offer = await with_clocks(begin, clock, RESPOND, CONTACT)
    async with begin() as tx:
        contact, respond = (await tx.clocks.of([offer.id, new_id()]))[offer.id]
        assert (contact.kind, contact.due_at, contact.state) == (CONTACT.kind, CONTACT.due_at, ClockState.RUNNING)
        warned = replace(respond, state=ClockState.WARNED, step=2, due_at=NOON)
        await tx.clocks.put(warned)
    async with begin() as tx:
        assert list((await tx.clocks.of([offer.id]))[offer.id]) == [warned, contact]


async def test_what_is_late_is_found_by_its_clocks_while_it_is_live(begin: Begin, clock: Hands) -> None:
    offer = await with_clocks(begin, clock, RESPOND, replace(CONTACT, state=ClockState.BREACHED))
    async with begin() as tx:
        assert await tx.clocks.late(ClockState.BREACHED) == {offer.id}
        assert await tx.clocks.late(ClockState.WARNED) == frozenset()
        assert await tx.offers.find(among=await tx.clocks.late(ClockState.BREACHED)) == [offer]
        assert await tx.offers.find(among=frozenset()) == []
        await tx.offers.move(offer, State.EXPIRED, actor=PARTNER, at=NOON, reason=None)
        assert await tx.clocks.late(ClockState.BREACHED) == frozenset()


async def test_only_what_ticks_can_be_stopped(begin: Begin, clock: Hands) -> None:
    offer = await with_clocks(begin, clock, RESPOND, replace(CONTACT, state=ClockState.BREACHED))
    async with begin() as tx:
        await tx.clocks.stop(offer.id, (Kind.FIRST_CONTACT,))
        assert [each.state for each in (await tx.clocks.of([offer.id]))[offer.id]] == ["breached", "running"]
        await tx.clocks.stop(offer.id, tuple(Kind))
        assert [each.state for each in (await tx.clocks.of([offer.id]))[offer.id]] == ["breached", "stopped"]
        await tx.clocks.stop(offer.id, ())


async def test_the_clock_that_rang_first_is_claimed_with_its_assignment(begin: Begin, clock: Hands) -> None:
    offer = await with_clocks(begin, clock, RESPOND, CONTACT)
    async with begin() as tx:
        due = await tx.clocks.due()
        assert due is not None
        assert (due.clock.kind, due.offer) == (Kind.FIRST_CONTACT, offer)
        await tx.clocks.put(replace(due.clock, state=ClockState.STOPPED))
        due = await tx.clocks.due()
        assert due is not None
        assert due.clock.kind is Kind.RESPOND
        await tx.clocks.postpone(due.clock, timedelta(days=1))
        assert await tx.clocks.due() is None


async def test_before_its_time_no_clock_is_claimed(begin: Begin, clock: Hands) -> None:
    await with_clocks(begin, clock, replace(RESPOND, due_at=NOON.replace(year=2100)))
    async with begin() as tx:
        assert await tx.clocks.due() is None
