"""Whatever is not finished has an owner and a next clock, and if something had not, it would be noticed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.router.chaser import Watchdog
from services.router.domain.assignment import Actor, State
from services.router.domain.chase import Clock, ClockState, Kind
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.load import Load
from services.router.domain.watch import Unowned
from services.router.facts import domain_facts
from services.router.ports import Offer
from services.router.store.tables import clock as clock_table
from services.router.use_cases.answering import AcceptOffer, CompleteOffer, RecordContact
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.given import Given
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RouteReferral
from shared.clock import new_id
from shared.envelope import Origin
from shared.events import AssignmentOverdue, OpenMatch
from tests.router.builders import NOON, a_reference, a_submission, an_offer, facts_of
from tests.router.conftest import Begin, Hands
from tests.router.fakes import FakeTransaction
from tests.router.rules.builders import WEDNESDAY_MORNING
from tests.router.test_chasing import Router, router  # noqa: F401  # the fixture

PARTNER = Actor("partner", "desk-2")
NEED = "mind.creative_wellbeing"
# Consent (a referral with it is a duplicate), whether somebody was asked already, and whether that is too few.
LEFT_TO_NOBODY = [("refused", False, True), ("refused", True, True), ("given", False, True), ("given", True, False)]


@pytest.fixture
def tx(county: County, clock: Hands) -> FakeTransaction:
    fake = FakeTransaction(county)
    fake.clocks.now = clock
    return fake


async def accepted(tx: FakeTransaction, clock: Hands) -> Offer:
    event = a_submission(NEED)
    await RouteReferral(clock, new_id)(tx, event)
    [offer] = await tx.offers.live_of(event.referral_id)
    return await AcceptOffer(clock)(tx, Given(offer.id, PARTNER))


async def ticking(tx: FakeTransaction, offer: Offer) -> dict[str, Clock]:
    clocks = (await tx.clocks.of([offer.id]))[offer.id]
    return {each.kind: each for each in clocks if each.state in (ClockState.RUNNING, ClockState.WARNED)}


async def ring_all(tx: FakeTransaction) -> None:
    while (due := await tx.clocks.due()) is not None:
        await RingClock(PlaceAgain(new_id))(tx, due)


# -- the next clock ----------------------------------------------------------------------------------------------------


async def test_after_the_first_contact_a_review_is_awaited(tx: FakeTransaction, clock: Hands, county: County) -> None:
    offer = await accepted(tx, clock)
    assert set(await ticking(tx, offer)) == {"first_contact"}
    await RecordContact(clock)(tx, Given(offer.id, PARTNER), "reached")
    review = (await ticking(tx, offer))["review"]
    assert review.due_at == county.rules.review[offer.priority].ends(NOON, None, county.deadlines.calendar)


async def test_a_review_comes_round_again_until_the_assignment_ends(tx: FakeTransaction, clock: Hands) -> None:
    offer = await accepted(tx, clock)
    await RecordContact(clock)(tx, Given(offer.id, PARTNER), "reached")
    for _ in range(3):
        clock.at = (await ticking(tx, offer))["review"].due_at
        await ring_all(tx)
    told = [event for event in tx.published if isinstance(event, AssignmentOverdue)]
    assert [event.clock for event in told] == ["review"] * 3
    await CompleteOffer(clock)(tx, Given(offer.id, PARTNER), {NEED: "met"})
    assert await ticking(tx, offer) == {}
    assert await tx.watch.unowned(10) == []


async def test_a_further_contact_puts_the_review_off(tx: FakeTransaction, clock: Hands) -> None:
    offer = await accepted(tx, clock)
    await RecordContact(clock)(tx, Given(offer.id, PARTNER), "reached")
    first = (await ticking(tx, offer))["review"].due_at
    clock.move(30 * 24 * 3600)
    await RecordContact(clock)(tx, Given(offer.id, PARTNER), "reached")
    assert (await ticking(tx, offer))["review"].due_at > first


async def test_an_attempt_in_vain_puts_no_review_off(tx: FakeTransaction, clock: Hands) -> None:
    offer = await accepted(tx, clock)
    await RecordContact(clock)(tx, Given(offer.id, PARTNER), "reached")
    first = (await ticking(tx, offer))["review"].due_at
    clock.move(3600)
    await RecordContact(clock)(tx, Given(offer.id, PARTNER), "no_answer")
    assert (await ticking(tx, offer))["review"].due_at == first


async def test_when_the_first_contact_is_late_a_review_follows(tx: FakeTransaction, clock: Hands) -> None:
    offer = await accepted(tx, clock)
    clock.at += timedelta(days=10)
    await ring_all(tx)
    assert set(await ticking(tx, offer)) == {"review"}


async def test_who_accepts_after_the_first_contact_was_due_is_reviewed(tx: FakeTransaction, clock: Hands) -> None:
    event = a_submission(NEED)
    await RouteReferral(clock, new_id)(tx, event)
    [offer] = await tx.offers.live_of(event.referral_id)
    contact = (await ticking(tx, offer))["first_contact"]
    await tx.clocks.put(Clock(offer.id, contact.kind, contact.due_at, state=ClockState.BREACHED))
    await AcceptOffer(clock)(tx, Given(offer.id, PARTNER))
    assert set(await ticking(tx, offer)) == {"review"}


# -- what would be noticed ---------------------------------------------------------------------------------------------


async def stored(begin: Begin, offer: Offer, state: ClockState | None) -> None:
    async with begin() as tx:
        await tx.referrals.add(offer.referral_id, offer.reference, NOON)
        await tx.offers.add(offer, capacity_day=None)
        if state is not None:
            await tx.clocks.start([Clock(offer.id, Kind.RESPOND, NOON, state=state)])


async def test_a_need_that_ended_or_that_somebody_has_is_owned(begin: Begin) -> None:
    live, done = an_offer(), an_offer()
    await stored(begin, live, ClockState.WARNED)
    await stored(begin, done, ClockState.STOPPED)
    async with begin() as tx:
        await tx.offers.move(done, State.DONE, actor=PARTNER, at=NOON, reason=None)
        assert list(await tx.watch.unowned(10)) == []


@pytest.mark.parametrize("to", [State.DECLINED, State.EXPIRED, State.HANDED_BACK, State.RECALLED])
async def test_a_need_that_nobody_has_is_found_unless_its_referral_was_cancelled(begin: Begin, to: State) -> None:
    offer = an_offer("mind.low_mood", NEED)
    await stored(begin, offer, ClockState.STOPPED)
    async with begin() as tx:
        await tx.offers.move(offer, to, actor=PARTNER, at=NOON, reason=None)
        assert list(await tx.watch.unowned(10)) == [
            Unowned(offer.referral_id, offer.reference, need=need) for need in sorted(offer.needs)
        ]
        assert len(await tx.watch.unowned(1)) == 1
        await tx.referrals.cancel(offer.referral_id, NOON)
        assert list(await tx.watch.unowned(10)) == []


@pytest.mark.parametrize("state", [None, ClockState.STOPPED, ClockState.BREACHED])
async def test_a_live_assignment_of_which_nothing_is_awaited_is_found(begin: Begin, state: ClockState | None) -> None:
    offer = an_offer()
    await stored(begin, offer, state)
    async with begin() as tx:
        assert list(await tx.watch.unowned(10)) == [Unowned(offer.referral_id, offer.reference, assignment_id=offer.id)]


@pytest.mark.parametrize(("consent", "asked", "found"), LEFT_TO_NOBODY)
async def test_a_need_left_to_nobody_of_which_nobody_will_be_asked_is_found(
    begin: Begin, county: County, consent: str, asked: bool, found: bool
) -> None:
    match = OpenMatch(reference=a_reference(), needs=(NEED,), priority="P4", received_at=WEDNESDAY_MORNING)
    facts = facts_of(NEED, open_matches=() if consent == "refused" else (match,))
    event = a_submission(facts=facts.model_copy(update={"consent_status": consent}))
    made = decide(domain_facts(event.facts), county, Load())
    async with begin() as tx:
        await tx.referrals.add(event.referral_id, event.reference, NOON)
        await tx.decisions.add(new_id(), event.referral_id, event.reference, event.facts, made, NOON, sequence=1)
        if asked:
            await tx.referrals.asked(event.referral_id, NOON)
        lost = [Unowned(event.referral_id, event.reference, need=NEED)]
        assert list(await tx.watch.unowned(10)) == (lost if found else [])
        await tx.referrals.review(event.referral_id, NOON)
        assert list(await tx.watch.unowned(10)) == []
        await tx.referrals.review(event.referral_id, None)
        later = replace(made, held_needs=(), duplicate_needs=())
        await tx.decisions.add(new_id(), event.referral_id, event.reference, event.facts, later, NOON, sequence=2)
        assert list(await tx.watch.unowned(10)) == []


async def test_a_lost_question_of_a_cancelled_referral_is_not_missed(begin: Begin, county: County) -> None:
    event = a_submission(facts=facts_of(NEED).model_copy(update={"consent_status": "refused"}))
    made = decide(domain_facts(event.facts), county, Load())
    async with begin() as tx:
        await tx.referrals.add(event.referral_id, event.reference, NOON)
        await tx.decisions.add(new_id(), event.referral_id, event.reference, event.facts, made, NOON, sequence=1)
        assert len(await tx.watch.unowned(10)) == 1
        await tx.referrals.cancel(event.referral_id, NOON)
        assert list(await tx.watch.unowned(10)) == []


async def test_a_clock_that_is_started_again_begins_anew(begin: Begin) -> None:
    offer = an_offer()
    await stored(begin, offer, ClockState.BREACHED)
    again = Clock(offer.id, Kind.RESPOND, NOON + timedelta(days=1))
    async with begin() as tx:
        await tx.clocks.start([again])
    async with begin() as tx:
        assert list((await tx.clocks.of([offer.id]))[offer.id]) == [again]


async def test_the_watchdog_logs_and_counts_what_has_no_owner(
    router: Router,  # noqa: F811
    clock: Hands,
) -> None:
    watchdog = Watchdog(router.database, router.stores)
    event = await router.route(NEED)
    assert not await watchdog.run_once()
    assert REGISTRY.get_sample_value("waymark_unowned") == 0
    async with router.database.begin(Origin("test-request")) as transaction:
        await transaction.connection.execute(clock_table.update().values(state="stopped"))
    with capture_logs() as logs:
        await watchdog.run_once()
    [line] = [line for line in logs if line["event"] == "referral.unowned"]
    assert (line["referral_id"], line["log_level"]) == (str(event.referral_id), "error")
    assert REGISTRY.get_sample_value("waymark_unowned") == 1
