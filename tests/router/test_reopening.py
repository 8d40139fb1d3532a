"""A referral that is opened again has its needs placed once more, not with who said no unless the reason says so."""

import pytest

from services.router.domain.assignment import Actor, State
from services.router.domain.county import County
from services.router.ports import Offer
from services.router.use_cases.answering import AcceptOffer, CompleteOffer, DeclineOffer
from services.router.use_cases.given import Given
from services.router.use_cases.reopening import ReopenReferral
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RecallReferral, RouteReferral
from shared.clock import new_id
from shared.events import OpenMatch, ReferralReopened, ReferralSubmitted
from tests.router.builders import CREATIVE, LEAD, NOON, a_cancellation, a_reference, a_submission, an_offer, facts_of
from tests.router.conftest import Begin, Hands, World
from tests.router.fakes import FakeTransaction
from tests.router.rules.builders import WEDNESDAY_MORNING
from tests.router.test_answering import answer
from tests.router.test_api import assignments

PARTNER = Actor("partner", "desk-2")
NEED = "mind.creative_wellbeing"


@pytest.fixture
def tx(county: County) -> FakeTransaction:
    return FakeTransaction(county)


def a_reopening(
    event: ReferralSubmitted, *needs: str, reason: str = "not_met", ask_everyone: bool = False
) -> ReferralReopened:
    return ReferralReopened(
        referral_id=event.referral_id,
        reference=event.reference,
        sequence=2,
        reason=reason,
        needs=needs or (NEED,),
        ask_everyone=ask_everyone,
        reopened_at=NOON,
    )


async def live(tx: FakeTransaction, event: ReferralSubmitted) -> Offer:
    [offer] = await tx.offers.live_of(event.referral_id)
    return offer


async def finished(tx: FakeTransaction, clock: Hands, *, refusals: int = 0) -> ReferralSubmitted:
    """A referral that was met after so many refusals."""
    event = a_submission(NEED)
    await RouteReferral(clock, new_id)(tx, event)
    for _ in range(refusals):
        given = Given((await live(tx, event)).id, PARTNER)
        await DeclineOffer(clock, PlaceAgain(new_id))(tx, given, "not_eligible")
    given = Given((await live(tx, event)).id, PARTNER)
    await AcceptOffer(clock)(tx, given)
    await CompleteOffer(clock)(tx, given, {NEED: "met"})
    return event


async def reopen(tx: FakeTransaction, clock: Hands, event: ReferralReopened) -> None:
    await ReopenReferral(clock, new_id)(tx, event)


async def test_its_needs_are_offered_again_by_the_facts_as_they_were_and_the_clocks_of_now(
    tx: FakeTransaction, clock: Hands
) -> None:
    event = await finished(tx, clock)
    clock.move(7 * 24 * 3600)
    await reopen(tx, clock, a_reopening(event))
    offer = await live(tx, event)
    assert (offer.service_id, offer.needs, offer.state) == (CREATIVE, (NEED,), State.OFFERED)
    assert offer.offered_at == clock.at
    made = tx.decisions.kept[-1]
    assert (made.cause, made.cause_words) == ("reopened", "The referral was opened again: not met.")
    assert await tx.watch.unowned(10) == []


async def test_who_said_no_before_is_not_asked_again(tx: FakeTransaction, clock: Hands) -> None:
    event = await finished(tx, clock, refusals=1)
    await reopen(tx, clock, a_reopening(event))
    assert (await live(tx, event)).service_id == LEAD


async def test_unless_the_reason_says_so(tx: FakeTransaction, clock: Hands) -> None:
    event = await finished(tx, clock, refusals=1)
    await reopen(tx, clock, a_reopening(event, ask_everyone=True))
    offer = await live(tx, event)
    assert offer.service_id == CREATIVE
    await DeclineOffer(clock, PlaceAgain(new_id))(tx, Given(offer.id, PARTNER), "other")
    assert (await live(tx, event)).service_id == LEAD


async def test_when_everybody_said_no_before_it_goes_to_the_triage_desk(
    tx: FakeTransaction, clock: Hands, county: County
) -> None:
    event = await finished(tx, clock, refusals=2)
    await reopen(tx, clock, a_reopening(event))
    offer = await live(tx, event)
    assert offer.service_id == county.rules.triage_desk
    assert "opened again" in (offer.reason or "")


async def test_heard_late_or_again_it_changes_nothing(tx: FakeTransaction, clock: Hands) -> None:
    event = await finished(tx, clock)
    await reopen(tx, clock, a_reopening(event))
    before = (dict(tx.offers.kept), len(tx.published))
    await reopen(tx, clock, a_reopening(event))
    assert before == (dict(tx.offers.kept), len(tx.published))
    await RecallReferral(clock)(tx, a_cancellation(event))
    told = len(tx.published)
    await reopen(tx, clock, a_reopening(event))
    await reopen(tx, clock, a_reopening(a_submission(NEED)))
    assert len(tx.published) == told
    assert list(await tx.offers.live_of(event.referral_id)) == []


async def test_what_was_taken_for_a_duplicate_is_placed(tx: FakeTransaction, clock: Hands) -> None:
    match = OpenMatch(reference=a_reference(), needs=(NEED,), priority="P4", received_at=WEDNESDAY_MORNING)
    event = a_submission(facts=facts_of(NEED, open_matches=(match,)))
    await RouteReferral(clock, new_id)(tx, event)
    assert list(await tx.offers.live_of(event.referral_id)) == []
    await reopen(tx, clock, a_reopening(event, reason="not_a_duplicate"))
    assert (await live(tx, event)).service_id == CREATIVE


async def test_refusals_are_forgotten_only_when_asked(begin: Begin) -> None:
    offer, other = an_offer(), an_offer()
    async with begin() as tx:
        for each in (offer, other):
            await tx.referrals.add(each.referral_id, each.reference, NOON)
            await tx.offers.add(each, capacity_day=None)
            await tx.offers.move(each, State.DECLINED, actor=PARTNER, at=NOON, reason=None)
        assert await tx.referrals.reopen(offer.referral_id, forget_refusals=False)
        assert await tx.offers.refusals(offer.referral_id) == {NEED: {CREATIVE}}
        assert await tx.referrals.reopen(offer.referral_id, forget_refusals=True)
    async with begin() as tx:
        assert await tx.offers.refusals(offer.referral_id) == {}
        assert await tx.offers.refusals(other.referral_id) == {NEED: {CREATIVE}}
        again = an_offer(service=LEAD, referral_id=offer.referral_id, reference=offer.reference)
        await tx.offers.add(again, capacity_day=None)
        await tx.offers.move(again, State.DECLINED, actor=PARTNER, at=NOON, reason=None)
        assert await tx.offers.refusals(offer.referral_id) == {NEED: {LEAD}}
        await tx.referrals.cancel(offer.referral_id, NOON)
        assert not await tx.referrals.reopen(offer.referral_id, forget_refusals=True)
        assert not await tx.referrals.reopen(new_id(), forget_refusals=True)


async def test_a_need_that_ended_and_is_opened_again_is_nobodys_until_it_is_offered(begin: Begin) -> None:
    offer = an_offer(NEED, "mind.low_mood")
    async with begin() as tx:
        await tx.referrals.add(offer.referral_id, offer.reference, NOON)
        await tx.offers.add(offer, capacity_day=None)
        await tx.offers.move(offer, State.DONE, actor=PARTNER, at=NOON, reason=None)
        assert list(await tx.watch.unowned(10)) == []
        await tx.offers.reopen(offer.referral_id, [NEED])
        assert [each.need for each in await tx.watch.unowned(10)] == [NEED]


async def test_it_is_heard_from_intake(world: World) -> None:
    event = a_submission(NEED)
    await world.hear(event)
    [first] = await assignments(world.client, referral=event.reference)
    await answer(world, first, "accept")
    await answer(world, first, "complete", {"outcomes": {NEED: "could_not_contact"}})
    await world.hear(a_reopening(event))
    states = [each["state"] for each in await assignments(world.client, referral=event.reference)]
    assert sorted(states) == ["done", "offered"]
