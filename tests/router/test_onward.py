"""Needs that a service passes on are another's, come back when that one cannot, and end once for both."""

import pytest

from services.router.domain.assignment import Actor, IllegalMove, Move, State
from services.router.domain.chase import TICKING, ClockState, Kind
from services.router.domain.county import County
from services.router.domain.onward import NeedsNotHeld, OnwardRefused
from services.router.ports import Offer
from services.router.use_cases.answering import AcceptOffer, CompleteOffer, DeclineOffer, HandBack, RecordContact
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.family import ChildrenOpen
from services.router.use_cases.given import Given
from services.router.use_cases.onward import PassOn, Wish
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RecallReferral, RouteReferral
from shared.clock import new_id
from shared.events import AssignmentMoved, AssignmentOffered, AssignmentOverdue, AssignmentRecalled
from tests.router.builders import CREATIVE, LEAD, NOON, a_cancellation, a_submission, county_with_places
from tests.router.conftest import Hands, World
from tests.router.fakes import FakeTransaction
from tests.router.test_answering import answer, offered, read
from tests.router.test_api import assert_problem

PARTNER = Actor("partner", "desk-2")
DOORSTEP, FOODBANK = "svc-dva-doorstep", "svc-foodbank-ch"
PARCEL, DOG = "food.emergency_parcel", "practical.dog_walking"
NEED = "mind.creative_wellbeing"


class Desk:
    """Everybody who answers, on a store in memory."""

    def __init__(self, tx: FakeTransaction, clock: Hands) -> None:
        self.tx, self.clock = tx, clock
        self.again = PlaceAgain(new_id)
        self.event = a_submission(NEED)

    async def accepted(self, *needs: str) -> Offer:
        """What the first service took on of a new referral."""
        self.event = a_submission(*(needs or (NEED,)))
        await RouteReferral(self.clock, new_id)(self.tx, self.event)
        [offer] = await self.tx.offers.live_of(self.event.referral_id)
        return await self.accept(offer)

    async def accept(self, offer: Offer) -> Offer:
        return await AcceptOffer(self.clock)(self.tx, Given(offer.id, PARTNER))

    async def pass_on(self, offer: Offer, *needs: str, service: str = LEAD, reason: str = "other") -> Offer:
        wish = Wish(service, reason, needs or None)
        return await PassOn(self.clock, new_id)(self.tx, Given(offer.id, PARTNER), wish)

    async def decline(self, offer: Offer) -> Offer:
        return await DeclineOffer(self.clock, self.again)(self.tx, Given(offer.id, PARTNER), "other")

    async def hand_back(self, offer: Offer) -> Offer:
        return await HandBack(self.clock, self.again)(self.tx, Given(offer.id, PARTNER), "other")

    async def contact(self, offer: Offer) -> Offer:
        return await RecordContact(self.clock)(self.tx, Given(offer.id, PARTNER), "reached")

    async def ring_all(self) -> None:
        while (due := await self.tx.clocks.due()) is not None:
            await RingClock(self.again)(self.tx, due)

    async def complete(self, offer: Offer, outcome: str = "met", reason: str | None = None) -> Offer:
        outcomes = dict.fromkeys(await self.tx.offers.held_by(offer.id), outcome)
        return await CompleteOffer(self.clock)(self.tx, Given(offer.id, PARTNER), outcomes, reason)

    async def holders(self) -> dict[str, tuple[str, ...]]:
        """Who has which needs, by service; with nobody's an empty tuple."""
        live = await self.tx.offers.live_of(self.event.referral_id)
        return {offer.service_id: await self.tx.offers.held_by(offer.id) for offer in live}

    async def ticking(self, offer: Offer) -> set[str]:
        clocks = (await self.tx.clocks.of([offer.id]))[offer.id]
        return {str(clock.kind) for clock in clocks if clock.state in TICKING}


@pytest.fixture
def desk(county: County, clock: Hands) -> Desk:
    tx = FakeTransaction(county)
    tx.clocks.now = clock
    return Desk(tx, clock)


async def test_the_child_has_the_needs_and_its_own_clocks_and_the_parent_stays_open(desk: Desk) -> None:
    parent = await desk.accepted()
    desk.clock.move(3600)
    child = await desk.pass_on(parent)
    assert (child.parent_id, child.needs, child.state) == (parent.id, (NEED,), State.OFFERED)
    assert await desk.holders() == {CREATIVE: (), LEAD: (NEED,)}
    assert child.offered_at > parent.offered_at
    assert await desk.ticking(child) == {"respond", "first_contact"}
    assert await desk.ticking(parent) == {"first_contact"}
    moved, told = desk.tx.published[-2:]
    assert isinstance(moved, AssignmentMoved)
    assert (moved.assignment_id, moved.move, moved.needs_moved, moved.version) == (parent.id, "pass_on", (NEED,), 3)
    assert isinstance(told, AssignmentOffered)
    assert told.parent_id == parent.id


async def test_some_needs_may_be_passed_on_and_the_others_kept(desk: Desk) -> None:
    parent = await desk.accepted(PARCEL, DOG)
    child = await desk.pass_on(parent, PARCEL, service=FOODBANK)
    assert child.needs == (PARCEL,)
    assert await desk.holders() == {DOORSTEP: (DOG,), FOODBANK: (PARCEL,)}
    with pytest.raises(NeedsNotHeld):
        await desk.pass_on(parent, PARCEL, service=LEAD)
    assert [move.move for move in await desk.tx.offers.history(parent.id)] == [None, None, Move.PASS_ON]


async def test_only_who_took_it_on_can_pass_it_on(desk: Desk) -> None:
    await RouteReferral(desk.clock, new_id)(desk.tx, desk.event)
    [waiting] = await desk.tx.offers.live_of(desk.event.referral_id)
    with pytest.raises(IllegalMove):
        await desk.pass_on(waiting)
    await desk.decline(waiting)
    with pytest.raises(IllegalMove):
        await desk.pass_on(waiting)


@pytest.mark.parametrize("how", ["decline", "expire", "hand_back"])
async def test_needs_that_the_child_sends_back_are_the_parents_again(desk: Desk, how: str) -> None:
    parent = await desk.accepted()
    child = await desk.pass_on(parent)
    desk.clock.move(24 * 3600)
    if how == "decline":
        await desk.decline(child)
    elif how == "hand_back":
        await desk.hand_back(await desk.accept(child))
    else:
        await ring(desk, child)
    assert await desk.holders() == {CREATIVE: (NEED,)}
    told = desk.tx.published[-1]
    assert isinstance(told, AssignmentMoved)
    assert (told.assignment_id, told.reason, told.move, told.needs_moved) == (parent.id, "returned", "return", (NEED,))
    assert (told.version, told.actor) == (4, "router")
    clock = desk.tx.clocks.kept[parent.id, Kind.FIRST_CONTACT]
    assert (clock.state, clock.due_at > parent.due_at) == (ClockState.RUNNING, True)
    with pytest.raises(OnwardRefused):
        await desk.pass_on(parent)


async def ring(desk: Desk, offer: Offer) -> None:
    """Let time pass until an offer has expired."""
    while desk.tx.offers.kept[offer.id].state is State.OFFERED:
        desk.clock.move(24 * 3600)
        while (due := await desk.tx.clocks.due()) is not None:
            await RingClock(desk.again)(desk.tx, due)


async def test_needs_that_come_back_after_the_resident_was_reached_are_to_be_told_of_again(desk: Desk) -> None:
    parent = await desk.accepted()
    await desk.contact(parent)
    child = await desk.pass_on(parent)
    assert await desk.ticking(parent) == {"review"}
    desk.clock.move(3600)
    await desk.decline(child)
    assert await desk.ticking(parent) == {"first_contact", "review"}
    attempts = desk.tx.clocks.kept[parent.id, Kind.FIRST_CONTACT].due_at
    await RecordContact(desk.clock)(desk.tx, Given(parent.id, PARTNER), "no_answer")
    assert await desk.ticking(parent) == {"first_contact", "review"}
    desk.clock.at = attempts
    await desk.ring_all()
    [late] = [event for event in desk.tx.published if isinstance(event, AssignmentOverdue)]
    assert (late.assignment_id, late.clock, late.state) == (parent.id, "first_contact", "contacted")
    assert "review" in await desk.ticking(parent)


async def test_once_the_resident_was_told_of_needs_that_came_back_nothing_is_late(desk: Desk) -> None:
    parent = await desk.accepted()
    await desk.contact(parent)
    await desk.decline(await desk.pass_on(parent))
    await desk.contact(parent)
    assert await desk.ticking(parent) == {"review"}


async def test_needs_that_come_back_when_the_parent_has_ended_are_placed_again(desk: Desk) -> None:
    parent = await desk.accepted(PARCEL, DOG)
    child = await desk.pass_on(parent, PARCEL, service=FOODBANK)
    await desk.complete(parent, reason="agreed")
    assert await desk.holders() == {FOODBANK: (PARCEL,)}
    await desk.decline(child)
    assert PARCEL in {need for needs in (await desk.holders()).values() for need in needs}
    assert FOODBANK not in await desk.holders()


async def test_a_parent_that_hands_back_leaves_the_children_their_needs(desk: Desk) -> None:
    parent = await desk.accepted(PARCEL, DOG)
    child = await desk.pass_on(parent, PARCEL, service=FOODBANK)
    await desk.hand_back(parent)
    holders = await desk.holders()
    assert holders.pop(FOODBANK) == (PARCEL,)
    assert [needs for needs in holders.values() if needs] == [(DOG,)]
    assert DOORSTEP not in holders
    await desk.hand_back(await desk.accept(child))
    live = await desk.tx.offers.live_of(desk.event.referral_id)
    assert sorted(need for offer in live for need in offer.needs) == sorted((PARCEL, DOG))


async def test_a_parent_cannot_be_done_before_its_children_without_a_reason(desk: Desk) -> None:
    parent = await desk.accepted()
    child = await desk.pass_on(parent)
    with pytest.raises(ChildrenOpen) as refused:
        await desk.complete(parent)
    assert refused.value.extensions == {"children": [{"id": str(child.id), "service_id": LEAD}]}
    done = await desk.complete(parent, reason="agreed")
    assert (done.state, dict(done.outcomes)) == (State.DONE, {})
    assert await desk.holders() == {LEAD: (NEED,)}


async def test_a_need_that_was_passed_on_takes_its_outcome_from_the_child(desk: Desk) -> None:
    parent = await desk.accepted(PARCEL, DOG)
    child = await desk.accept(await desk.pass_on(parent, PARCEL, service=FOODBANK))
    await desk.complete(child, "met_in_part")
    done = await desk.complete(parent, "could_not_contact")
    assert dict(done.outcomes) == {PARCEL: "met_in_part", DOG: "could_not_contact"}
    assert await desk.holders() == {}
    assert await desk.tx.watch.unowned(10) == []


async def test_once_the_child_has_reached_the_resident_the_parent_need_not(desk: Desk) -> None:
    parent = await desk.accepted()
    child = await desk.accept(await desk.pass_on(parent))
    assert await desk.ticking(parent) == {"first_contact"}
    await desk.contact(child)
    assert await desk.ticking(parent) == {"review"}


async def test_a_parent_with_needs_of_its_own_still_has_to_reach_the_resident(desk: Desk) -> None:
    parent = await desk.accepted(PARCEL, DOG)
    child = await desk.accept(await desk.pass_on(parent, PARCEL, service=FOODBANK))
    await desk.contact(child)
    assert await desk.ticking(parent) == {"first_contact"}


async def test_a_child_may_pass_on_but_never_to_whoever_had_it(desk: Desk) -> None:
    parent = await desk.accepted(PARCEL, DOG)
    child = await desk.accept(await desk.pass_on(parent, PARCEL, service=FOODBANK))
    with pytest.raises(OnwardRefused):
        await desk.pass_on(child, service=DOORSTEP)
    grandchild = await desk.pass_on(child, service=LEAD)
    assert await desk.holders() == {DOORSTEP: (DOG,), FOODBANK: (), LEAD: (PARCEL,)}
    await desk.decline(grandchild)
    assert await desk.holders() == {DOORSTEP: (DOG,), FOODBANK: (PARCEL,)}


async def test_a_cancelled_referral_is_recalled_from_parent_and_child(desk: Desk) -> None:
    parent = await desk.accepted()
    child = await desk.accept(await desk.pass_on(parent))
    await RecallReferral(desk.clock)(desk.tx, a_cancellation(desk.event, "consent_withdrawn"))
    recalled = {event.assignment_id for event in desk.tx.published if isinstance(event, AssignmentRecalled)}
    assert recalled == {parent.id, child.id}
    assert await desk.holders() == {}


async def test_a_place_is_taken_for_the_child_and_given_back_when_it_declines(clock: Hands) -> None:
    tx = FakeTransaction(county_with_places({LEAD: 1}))
    desk = Desk(tx, clock)
    child = await desk.pass_on(await desk.accepted())
    assert tx.capacity.places[LEAD, NOON.date()] == 1
    other = await desk.accepted()
    with pytest.raises(OnwardRefused) as refused:
        await desk.pass_on(other)
    assert refused.value.extensions["why"] == "full"
    await desk.decline(child)
    assert tx.capacity.places[LEAD, NOON.date()] == 0


# -- over HTTP ---------------------------------------------------------------------------------------------------------


async def test_needs_are_passed_on_over_http(world: World) -> None:
    parent = await offered(world)
    await answer(world, parent, "accept")
    told = await answer(world, parent, "pass-on", {"service": LEAD, "reason": "closer_to_home"})
    assert told.status_code == 200
    child = told.json()
    assert (child["parent_id"], child["service_id"], child["needs"]) == (parent["id"], LEAD, [NEED])
    moves = (await read(world, parent))["moves"]
    assert (moves[-1]["move"], moves[-1]["reason"], moves[-1]["by"]) == ("pass_on", "closer_to_home", "desk-2")
    problem = assert_problem(await answer(world, parent, "complete", {"outcomes": {}}), 409, "children_open")
    assert problem["children"] == [{"id": child["id"], "service_id": LEAD}]
    assert (await answer(world, parent, "complete", {"outcomes": {}, "reason": "agreed"})).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"service": LEAD, "reason": "not_in_the_mood"}, 422, "reason_unknown"),
        ({"service": "svc-nobody", "reason": "other"}, 422, "onward_refused"),
        ({"service": LEAD, "reason": "other", "needs": ["food.bank"]}, 409, "needs_not_held"),
        ({"service": "Maureen O'Hara", "reason": "other"}, 422, "validation_failed"),
        ({"service": LEAD, "reason": "other", "needs": []}, 422, "validation_failed"),
    ],
)
async def test_what_cannot_be_passed_on_is_refused_with_what_to_do(
    world: World, body: dict[str, object], status: int, code: str
) -> None:
    parent = await offered(world)
    await answer(world, parent, "accept")
    problem = assert_problem(await answer(world, parent, "pass-on", body), status, code)
    assert problem["detail"]
    assert (await read(world, parent))["version"] == 2


async def test_needs_are_passed_on_once_however_often_it_is_sent(world: World) -> None:
    parent = await offered(world)
    await answer(world, parent, "accept")
    body: dict[str, object] = {"service": LEAD, "reason": "other"}
    first = await answer(world, parent, "pass-on", body, key="one-and-the-same")
    again = await answer(world, parent, "pass-on", body, key="one-and-the-same")
    assert again.json() == first.json()
    assert_problem(await answer(world, parent, "pass-on", body, if_match='"2"'), 412, "version_conflict")
