"""Whatever is answered, in whatever order, and whatever rings meanwhile: nothing is lost, doubled or asked twice."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.router.configuration import load_county
from services.router.domain.assignment import LIVE, MOVES, UNDER_WAY, Actor, IllegalMove, Move, State
from services.router.domain.chase import TICKING, ClockState, Kind
from services.router.domain.onward import OnwardRefused
from services.router.facts import document_of
from services.router.ports import Offer
from services.router.use_cases.answering import (
    AcceptOffer,
    CompleteOffer,
    DeclineOffer,
    HandBack,
    OpenOffer,
    RecordContact,
)
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.family import ChildrenOpen
from services.router.use_cases.given import Given
from services.router.use_cases.onward import PassOn, Wish
from services.router.use_cases.rederiving import rederive
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import NoteTold, RecallReferral, RouteReferral
from services.router.use_cases.unreachable import FAILURES, NoteUnreachable
from shared.clock import new_id
from shared.errors import Conflict
from shared.events import AssignmentMoved, AssignmentOffered, AssignmentRecalled, NotificationExhausted
from tests.router.builders import a_cancellation, a_message_sent, a_submission
from tests.router.conftest import Hands
from tests.router.fake_offers import Holds
from tests.router.fakes import FakeTransaction
from tests.router.rules.builders import COUNTY_DIRECTORY

COUNTY = load_county(COUNTY_DIRECTORY)
ANSWERS = COUNTY.rules.answers
NEEDS = ("mind.creative_wellbeing", "social.befriending", "mind.crisis", "food.shopping")
REACHED_BY = {code for code, attempt in ANSWERS.contact.items() if attempt.reached}
PARTNER = Actor("partner", "desk-2")
ENDS = {
    Move.OPEN: {State.OPENED},
    Move.ACCEPT: {State.ACCEPTED},
    Move.DECLINE: {State.DECLINED},
    Move.CONTACT: {State.ACCEPTED, State.CONTACTED},
    Move.COMPLETE: {State.DONE},
    Move.HAND_BACK: {State.HANDED_BACK},
}


class Machine(RuleBasedStateMachine):
    """One referral, its assignments, and everybody who may do something with them."""

    @initialize(needs=st.sets(st.sampled_from(NEEDS), min_size=1))
    def route(self, needs: set[str]) -> None:
        self.clock = Hands()
        self.tx = FakeTransaction(COUNTY)
        self.tx.clocks.now = self.clock
        self.event = a_submission(*sorted(needs))
        self.again = PlaceAgain(new_id)
        self.is_cancelled = False
        asyncio.run(RouteReferral(self.clock, new_id)(self.tx, self.event))
        self.placed = {need for offer in self.tx.offers.kept.values() for need in offer.needs}

    def one(self, number: int) -> Offer:
        offers = sorted(self.tx.offers.kept.values(), key=lambda offer: offer.id)
        return offers[number % len(offers)]

    @rule(
        number=st.integers(0, 50),
        move=st.sampled_from(sorted(ENDS)),
        code=st.integers(0, 50),
        stale=st.booleans(),
    )
    def answer(self, number: int, move: Move, code: int, stale: bool) -> None:
        offer = self.one(number)
        before = (dict(self.tx.offers.kept), len(self.tx.published))
        given = Given(offer.id, PARTNER, offer.version - 1 if stale else None)
        try:
            moved = asyncio.run(self._answer(move, given, offer, code))
        except IllegalMove:
            assert before == (dict(self.tx.offers.kept), len(self.tx.published))
            desk_says_no = move is Move.DECLINE and offer.service_id == COUNTY.rules.triage_desk
            assert not stale
            assert desk_says_no or (offer.state, move) not in MOVES
        except ChildrenOpen:
            assert move is Move.COMPLETE
            assert not code % 2
        except Conflict:
            assert stale
        else:
            assert not stale
            assert moved.state in ENDS[move]
            assert moved.version == offer.version + (moved.state is not State.OPENED or offer.state is State.OFFERED)

    async def _answer(self, move: Move, given: Given, offer: Offer, code: int) -> Offer:
        match move:
            case Move.OPEN:
                return await OpenOffer(self.clock)(self.tx, given)
            case Move.ACCEPT:
                return await AcceptOffer(self.clock)(self.tx, given)
            case Move.DECLINE:
                return await DeclineOffer(self.clock, self.again)(self.tx, given, nth(ANSWERS.decline, code))
            case Move.CONTACT:
                return await RecordContact(self.clock)(self.tx, given, nth(ANSWERS.contact, code))
            case Move.COMPLETE:
                outcomes = dict.fromkeys(await self.tx.offers.held_by(offer.id), nth(ANSWERS.close, code))
                reason = "other" if code % 2 else None
                return await CompleteOffer(self.clock)(self.tx, given, outcomes, reason)
            case _:
                return await HandBack(self.clock, self.again)(self.tx, given, nth(ANSWERS.hand_back, code))

    @rule(number=st.integers(0, 50), service=st.sampled_from(sorted(COUNTY.services)), some=st.booleans())
    def pass_on(self, number: int, service: str, some: bool) -> None:
        offer = self.one(number)
        own = asyncio.run(self.tx.offers.held_by(offer.id))
        wish = Wish(service, "other", own[:1] if some else None)
        try:
            child = asyncio.run(PassOn(self.clock, new_id)(self.tx, Given(offer.id, PARTNER), wish))
        except (Conflict, OnwardRefused):
            assert asyncio.run(self.tx.offers.held_by(offer.id)) == own
        else:
            assert (child.parent_id, child.service_id) == (offer.id, service)
            assert set(child.needs) <= set(own)
            assert offer.state in UNDER_WAY

    @rule(hours=st.integers(1, 100))
    def let_time_pass(self, hours: int) -> None:
        self.clock.at += timedelta(hours=hours)

    @rule()
    def ring(self) -> None:
        due = asyncio.run(self.tx.clocks.due())
        if due is not None:
            asyncio.run(RingClock(self.again)(self.tx, due))

    @rule()
    def hear_the_referral_again(self) -> None:
        told = len(self.tx.published)
        asyncio.run(RouteReferral(self.clock, new_id)(self.tx, self.event))
        assert len(self.tx.published) == told

    @rule(number=st.integers(0, 50), failure=st.sampled_from(["transient", *FAILURES]))
    def hear_that_a_service_cannot_be_reached(self, number: int, failure: str) -> None:
        """News of messages comes late, more than once, and of offers that ended long ago."""
        offer = self.one(number)
        event = NotificationExhausted(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=1,
            assignment_id=offer.id,
            service_id=offer.service_id,
            failure=failure,
            exhausted_at=self.clock(),
        )
        asyncio.run(NoteUnreachable(self.clock, self.again)(self.tx, event))

    @rule(number=st.integers(0, 50))
    def hear_that_a_service_was_told(self, number: int) -> None:
        before = self.one(number)
        asyncio.run(NoteTold()(self.tx, a_message_sent(before, at=self.clock())))
        after = self.tx.offers.kept[before.id]
        assert after == replace(before, notified_at=before.notified_at or self.clock())

    @rule(really=st.sampled_from([True, False, False, False]))
    def cancel(self, really: bool) -> None:
        if really:
            asyncio.run(RecallReferral(self.clock)(self.tx, a_cancellation(self.event)))
            self.is_cancelled = True

    @invariant()
    def every_need_is_in_one_place(self) -> None:
        if not hasattr(self, "tx"):
            return
        offers = self.tx.offers.kept.values()
        live = [need for offer in offers for need in asyncio.run(self.tx.offers.held_by(offer.id))]
        assert len(live) == len(set(live))
        assert all(offer.state in LIVE for offer in offers if asyncio.run(self.tx.offers.held_by(offer.id)))
        done = {
            need for offer in offers for need, holds in self.tx.offers.needs[offer.id].items() if holds is Holds.DONE
        }
        assert done.isdisjoint(live)
        assert self.is_cancelled or done | set(live) == self.placed
        assert not (self.is_cancelled and live)

    @invariant()
    def every_decision_is_derived_again_from_what_was_kept(self) -> None:
        if not hasattr(self, "tx"):
            return
        for stored in self.tx.decisions.kept:
            assert document_of(rederive(stored, COUNTY)) == stored.document

    @invariant()
    def nobody_who_said_no_is_asked_again(self) -> None:
        if not hasattr(self, "tx"):
            return
        asked = [
            (need, offer.service_id)
            for offer in self.tx.offers.kept.values()
            if offer.service_id != COUNTY.rules.triage_desk
            for need in offer.needs
        ]
        assert len(asked) == len(set(asked))

    @invariant()
    def nothing_statutory_is_with_volunteers(self) -> None:
        if not hasattr(self, "tx"):
            return
        for offer in self.tx.offers.kept.values():
            kind = COUNTY.organisations[COUNTY.services[offer.service_id].organization_id].kind
            assert kind not in {"voluntary", "social enterprise"} or "mind.crisis" not in offer.needs

    @invariant()
    def what_ended_has_no_clock_and_all_else_has_an_owner_and_a_next_clock(self) -> None:
        if not hasattr(self, "tx"):
            return
        assert asyncio.run(self.tx.watch.unowned(1)) == []
        for (assignment_id, _), clock in self.tx.clocks.kept.items():
            assert clock.state not in TICKING or self.tx.offers.kept[assignment_id].state in LIVE

    @invariant()
    def whoever_has_needs_back_that_it_passed_on_has_the_resident_to_reach_again(self) -> None:
        if not hasattr(self, "tx"):
            return
        for offer in self.tx.offers.kept.values():
            moves = asyncio.run(self.tx.offers.history(offer.id))
            tells = [move for move in moves if move.move is Move.RETURN or move.reason in REACHED_BY]
            if offer.state in UNDER_WAY and tells and tells[-1].move is Move.RETURN:
                state = self.tx.clocks.kept[offer.id, Kind.FIRST_CONTACT].state
                is_with_others = not asyncio.run(self.tx.offers.held_by(offer.id))
                assert state is not ClockState.STOPPED or is_with_others

    @invariant()
    def places_are_taken_for_what_is_live_or_done_and_nothing_else(self) -> None:
        if not hasattr(self, "tx"):
            return
        held = sum(
            offer.state in LIVE | {State.DONE} and self.tx.offers.capacity_days[offer.id] is not None
            for offer in self.tx.offers.kept.values()
        )
        assert sum(self.tx.capacity.places.values()) == held

    @invariant()
    def everything_told_is_numbered_and_every_move_is_told(self) -> None:
        if not hasattr(self, "tx"):
            return
        assert [event.sequence for event in self.tx.published] == list(range(1, len(self.tx.published) + 1))
        told = [e for e in self.tx.published if isinstance(e, AssignmentMoved | AssignmentOffered | AssignmentRecalled)]
        assert len(told) == len(self.tx.offers.moves)


def nth(codes: Mapping[str, object], number: int) -> str:
    return sorted(codes)[number % len(codes)]


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
