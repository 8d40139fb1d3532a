"""Needs that came back from a service are placed again at once, and never with anyone who has said no (R57)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.router.domain.assignment import Actor, State
from services.router.domain.chase import Clock, ClockState, Kind
from services.router.domain.county import County
from services.router.ports import Due, Offer
from services.router.use_cases.answering import AcceptOffer, CompleteOffer, DeclineOffer, HandBack
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.given import Given
from services.router.use_cases.pausing import ResumeService
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RouteReferral
from shared.clock import new_id
from shared.events import AssignmentMoved, AssignmentOffered, ReferralDecided, ReferralSubmitted
from tests.router.builders import CREATIVE, HELPLINE, LEAD, NOON, a_submission
from tests.router.conftest import Hands
from tests.router.fakes import FakeTransaction

PARTNER = Actor("partner", "desk-2")
NEED = "mind.creative_wellbeing"


@pytest.fixture
def tx(county: County) -> FakeTransaction:
    return FakeTransaction(county)


@pytest.fixture
def desk(county: County) -> str:
    return county.rules.triage_desk


async def routed(tx: FakeTransaction, clock: Hands, *needs: str, flags: tuple[str, ...] = ()) -> ReferralSubmitted:
    event = a_submission(*(needs or (NEED,)), flags=flags)
    await RouteReferral(clock, new_id)(tx, event)
    return event


async def decline(tx: FakeTransaction, clock: Hands, offer: Offer, code: str = "other") -> Offer:
    return await DeclineOffer(clock, PlaceAgain(new_id))(tx, Given(offer.id, PARTNER), code)


async def hand_back(tx: FakeTransaction, clock: Hands, offer: Offer, code: str = "other") -> Offer:
    return await HandBack(clock, PlaceAgain(new_id))(tx, Given(offer.id, PARTNER), code)


async def live(tx: FakeTransaction, event: ReferralSubmitted) -> Offer:
    """The only live assignment."""
    [offer] = await tx.offers.live_of(event.referral_id)
    return offer


def places(tx: FakeTransaction) -> dict[str, int]:
    return {service: count for (service, _), count in tx.capacity.places.items() if count}


async def test_a_need_that_was_declined_is_offered_to_the_next_service_at_once(
    tx: FakeTransaction, clock: Hands
) -> None:
    event = await routed(tx, clock)
    clock.move(600)
    await decline(tx, clock, await live(tx, event))
    offer = await live(tx, event)
    assert (offer.service_id, offer.state, offer.version, offer.reason) == (LEAD, State.OFFERED, 1, None)
    assert offer.offered_at == NOON + timedelta(minutes=10)
    assert places(tx) == {LEAD: 1}


async def test_a_second_decision_is_kept_beside_the_first_and_told_with_only_those_needs(
    tx: FakeTransaction, clock: Hands
) -> None:
    event = await routed(tx, clock, NEED, "mind.crisis")
    creative = next(offer for offer in await tx.offers.live_of(event.referral_id) if offer.service_id == CREATIVE)
    clock.move(600)
    await decline(tx, clock, creative)
    first, second = tx.decisions.kept
    assert [need["need"] for need in second.document["needs"]] == [NEED]
    assert {**second.facts, "received_at": ""} == {**first.facts, "received_at": ""}
    assert second.facts["received_at"] == "2020-05-06T11:10:00Z"
    assert await tx.decisions.latest(event.reference) == second
    moved, decided, offered = tx.published[-3:]
    assert isinstance(moved, AssignmentMoved)
    assert isinstance(decided, ReferralDecided)
    assert isinstance(offered, AssignmentOffered)
    assert [(need.code, need.service_id) for need in decided.needs] == [(NEED, LEAD)]
    assert (decided.outcome, decided.priority) == ("routed", "P2")
    assert {"declined_fallback", "most_vulnerable"} & set(decided.flags) == {"declined_fallback"}
    assert [told.sequence for told in tx.published] == list(range(1, len(tx.published) + 1))
    assert {offer.service_id for offer in await tx.offers.live_of(event.referral_id)} == {LEAD, HELPLINE}


async def test_a_refusal_gives_the_next_service_no_more_time_than_the_resident_was_promised(
    tx: FakeTransaction, clock: Hands
) -> None:
    event = await routed(tx, clock)
    first = await live(tx, event)
    clock.at = datetime(2020, 5, 7, 11, 0, tzinfo=UTC)
    await decline(tx, clock, first)
    second = await live(tx, event)
    assert (second.due_at, second.offered_at) == (first.due_at, clock.at)


async def test_a_same_day_promise_holds_in_the_evening_too(tx: FakeTransaction, clock: Hands, desk: str) -> None:
    """In the last hour of the desk's day a referral that came then would be due the next noon."""
    event = a_submission("food.infant_formula")
    clock.at = event.facts.received_at
    await RouteReferral(clock, new_id)(tx, event)
    [first] = await tx.offers.live_of(event.referral_id)
    clock.at = first.due_at - timedelta(minutes=50)
    await expire(tx, clock, first)
    [second] = await tx.offers.live_of(event.referral_id)
    assert second.due_at == first.due_at


async def test_once_the_promised_time_has_passed_it_is_counted_anew(tx: FakeTransaction, clock: Hands) -> None:
    event = await routed(tx, clock)
    first = await live(tx, event)
    clock.at = first.due_at + timedelta(hours=18)
    await decline(tx, clock, first)
    assert (await live(tx, event)).due_at > clock.at


async def test_when_nobody_is_left_the_triage_desk_has_it_with_the_reason_in_words(
    tx: FakeTransaction, clock: Hands, desk: str
) -> None:
    event = await routed(tx, clock)
    asked: list[str] = []
    while (offer := await live(tx, event)).service_id != desk:
        asked.append(offer.service_id)
        await decline(tx, clock, offer, "not_eligible")
    assert len(asked) == len(set(asked)) > 1
    assert offer.reason is not None
    assert "said no: Not eligible." in offer.reason
    assert "No other service can take this." in offer.reason


async def test_after_three_refusals_nobody_else_is_asked(tx: FakeTransaction, clock: Hands, desk: str) -> None:
    event = await routed(tx, clock, "food.shopping")
    asked: list[str] = []
    while (offer := await live(tx, event)).service_id != desk:
        asked.append(offer.service_id)
        await decline(tx, clock, offer)
    assert len(asked) <= 3
    assert offer.reason is not None


async def expire(tx: FakeTransaction, clock: Hands, offer: Offer) -> None:
    """Let the wait for an answer run out, past the reminder."""
    wait = Clock(offer.id, Kind.RESPOND, offer.due_at, state=ClockState.WARNED)
    await RingClock(PlaceAgain(new_id))(tx, Due(wait, offer, clock()))


@pytest.mark.parametrize("is_told", [False, True])
async def test_silence_counts_as_a_refusal_only_of_who_was_told(
    county: County, clock: Hands, desk: str, is_told: bool
) -> None:
    selection = replace(county.rules.selection, declines_limit=1)
    tx = FakeTransaction(replace(county, rules=replace(county.rules, selection=selection)))
    event = await routed(tx, clock)
    first = await live(tx, event)
    if is_told:
        await tx.offers.told(first.id, clock())
    await expire(tx, clock, await live(tx, event))
    offer = await live(tx, event)
    words = "did not answer." if is_told else "could not be told in time."
    assert (offer.service_id, tx.decisions.kept[-1].cause_words) == (
        desk if is_told else LEAD,
        f"{first.service_name} {words}",
    )


async def test_who_could_not_be_told_in_time_is_not_asked_again(tx: FakeTransaction, clock: Hands, desk: str) -> None:
    event = await routed(tx, clock)
    asked: list[str] = []
    while (offer := await live(tx, event)).service_id != desk:
        asked.append(offer.service_id)
        await expire(tx, clock, offer)
    assert len(asked) == len(set(asked)) > 1
    assert (offer.reason or "").endswith(
        "could not be told in time. No other service can take this. The person has waited since 10:30am on 6 May 2020."
    )


async def test_a_service_that_a_rule_names_and_that_declined_is_never_asked_again(
    tx: FakeTransaction, clock: Hands, desk: str
) -> None:
    event = await routed(tx, clock, "mind.crisis")
    named = await live(tx, event)
    assert named.service_id == HELPLINE
    await decline(tx, clock, named, "wrong_service")
    offer = await live(tx, event)
    assert (offer.service_id, offer.needs, offer.priority) == (desk, named.needs, named.priority)


@pytest.mark.parametrize("code", ["unsafe_to_visit", "not_enough_information"])
async def test_what_a_person_must_look_at_goes_to_the_triage_desk_before_anyone_else_is_asked(
    tx: FakeTransaction, clock: Hands, desk: str, code: str
) -> None:
    event = await routed(tx, clock)
    await decline(tx, clock, await live(tx, event), code)
    offer = await live(tx, event)
    assert offer.service_id == desk
    assert "Somebody has to look at this" in (offer.reason or "")


async def test_the_triage_desk_has_a_need_placed_by_handing_it_back(
    tx: FakeTransaction, clock: Hands, desk: str
) -> None:
    event = await routed(tx, clock)
    await decline(tx, clock, await live(tx, event), "unsafe_to_visit")
    at_the_desk = await live(tx, event)
    await AcceptOffer(clock)(tx, Given(at_the_desk.id, Actor("staff", "cru-2")))
    await hand_back(tx, clock, at_the_desk)
    assert (await live(tx, event)).service_id == LEAD


async def test_what_was_accepted_and_handed_back_is_placed_with_somebody_else(
    tx: FakeTransaction, clock: Hands
) -> None:
    event = await routed(tx, clock)
    offer = await live(tx, event)
    await AcceptOffer(clock)(tx, Given(offer.id, PARTNER))
    await hand_back(tx, clock, offer, "not_eligible")
    assert tx.offers.kept[offer.id].state is State.HANDED_BACK
    assert (await live(tx, event)).service_id == LEAD


async def test_what_is_done_is_not_placed_again(tx: FakeTransaction, clock: Hands) -> None:
    event = await routed(tx, clock)
    offer = await live(tx, event)
    await AcceptOffer(clock)(tx, Given(offer.id, PARTNER))
    await CompleteOffer(clock)(tx, Given(offer.id, PARTNER), {NEED: "could_not_contact"})
    assert list(await tx.offers.live_of(event.referral_id)) == []
    assert len(tx.decisions.kept) == 1


async def test_a_service_without_room_is_offered_nothing_more_that_day(tx: FakeTransaction, clock: Hands) -> None:
    first, second = await routed(tx, clock), await routed(tx, clock)
    await decline(tx, clock, await live(tx, first), "no_capacity")
    assert (await live(tx, second)).service_id == CREATIVE
    third = await routed(tx, clock)
    assert (await live(tx, third)).service_id == LEAD
    assert "capacity_fallback" in tx.decisions.kept[-1].document["flags"]
    clock.at = datetime(2020, 5, 6, 23, 0, tzinfo=UTC)
    tomorrow = await routed(tx, clock)
    assert (await live(tx, tomorrow)).service_id == CREATIVE


async def test_a_service_that_closed_is_offered_nothing_until_it_is_resumed(tx: FakeTransaction, clock: Hands) -> None:
    await decline(tx, clock, await live(tx, await routed(tx, clock)), "partner_closed")
    clock.at += timedelta(days=30)
    assert (await live(tx, await routed(tx, clock))).service_id == LEAD
    await ResumeService(clock)(tx, CREATIVE, PARTNER)
    assert (await live(tx, await routed(tx, clock))).service_id == CREATIVE


async def test_where_the_last_place_goes_meanwhile_the_place_given_back_is_not_lost(
    tx: FakeTransaction, clock: Hands, county: County, desk: str
) -> None:
    event = await routed(tx, clock)
    tx.capacity.meanwhile.update(county.capacities)
    await decline(tx, clock, await live(tx, event))
    assert (await live(tx, event)).service_id == desk
    assert tx.capacity.places[CREATIVE, NOON.date()] == 0


async def test_a_need_that_the_rules_know_no_more_is_never_lost(
    tx: FakeTransaction, clock: Hands, county: County, desk: str
) -> None:
    event = await routed(tx, clock)
    kept = tx.decisions.kept[-1]
    tx.decisions.kept[-1] = type(kept)(
        kept.id, kept.referral_id, kept.reference, kept.rule_set, kept.outcome,
        {**kept.facts, "needs": ["food.shopping"]}, kept.document, kept.decided_at,
    )  # fmt: skip
    await decline(tx, clock, await live(tx, event))
    offer = await live(tx, event)
    assert (offer.service_id, offer.needs) == (desk, (NEED,))
