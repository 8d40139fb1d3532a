"""An offer that no message could tell of ends before its deadline, and a person sees to it."""

from dataclasses import replace

import pytest

from services.router.configuration.documents import PARTNERS, read_documents
from services.router.domain.assignment import Actor, State
from services.router.domain.chase import TICKING
from services.router.domain.county import County
from services.router.domain.named import named_services
from services.router.ports import Offer
from services.router.use_cases.answering import AcceptOffer, DeclineOffer, OpenOffer
from services.router.use_cases.given import Given
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RouteReferral
from services.router.use_cases.unreachable import NoteUnreachable
from shared.clock import new_id
from shared.documents import save_documents
from shared.envelope import Origin
from shared.errors import NotFound
from shared.events import AssignmentMoved, AssignmentOverdue, NotificationExhausted, ReferralDecided, ServiceReachable
from tests.router.builders import CREATIVE, LEAD, NOON, a_submission, an_offer
from tests.router.conftest import Hands, World
from tests.router.fakes import FakeTransaction
from tests.router.html import Page
from tests.router.linking import look, path_of
from tests.router.rules.builders import COUNTY_DIRECTORY
from tests.router.test_api import assignments
from tests.router.test_pausing import SERVICES, post, service_of_the_next

PARTNER = Actor("partner", "desk-2")


@pytest.fixture
def tx(county: County) -> FakeTransaction:
    return FakeTransaction(county)


async def routed(tx: FakeTransaction, clock: Hands, *needs: str) -> Offer:
    """The only assignment of a new referral."""
    event = a_submission(*needs)
    await RouteReferral(clock, new_id)(tx, event)
    [offer] = await tx.offers.live_of(event.referral_id)
    return offer


async def exhaust(tx: FakeTransaction, clock: Hands, event: NotificationExhausted) -> None:
    await NoteUnreachable(clock, PlaceAgain(new_id))(tx, event)


def an_exhaustion(
    offer: Offer, failure: str = "permanent_recipient", *, contacts_unusable: bool = False
) -> NotificationExhausted:
    return NotificationExhausted(
        referral_id=offer.referral_id,
        reference=offer.reference,
        assignment_id=offer.id,
        service_id=offer.service_id,
        failure=failure,
        exhausted_at=NOON,
        contacts_unusable=contacts_unusable,
    )


async def test_it_ends_at_once_and_the_triage_desk_has_its_needs_with_the_reason_in_words(
    tx: FakeTransaction, clock: Hands, county: County
) -> None:
    offer = await routed(tx, clock, "mind.creative_wellbeing")
    clock.move(60)
    await exhaust(tx, clock, an_exhaustion(offer))
    assert tx.offers.kept[offer.id].state is State.EXPIRED
    [now_with] = await tx.offers.live_of(offer.referral_id)
    assert (now_with.service_id, now_with.needs) == (county.rules.triage_desk, offer.needs)
    assert (now_with.reason or "").startswith(
        f"{offer.service_name} could not be reached: every address of it is wrong or switched off."
    )
    moved = next(event for event in tx.published if isinstance(event, AssignmentMoved))
    assert (moved.to_state, moved.reason, moved.actor) == ("expired", "unreachable", "router")
    assert tx.decisions.kept[-1].cause == "unreachable"
    assert not [each for each in (await tx.clocks.of([offer.id]))[offer.id] if each.state in TICKING]


@pytest.mark.parametrize("failure", ["permanent_recipient", "no_contact", "policy", "ambiguous", "auth", "new_one"])
async def test_whatever_the_fault_there_is_a_sentence_for_it(tx: FakeTransaction, clock: Hands, failure: str) -> None:
    offer = await routed(tx, clock)
    await exhaust(tx, clock, an_exhaustion(offer, failure))
    assert " could not be reached: " in tx.decisions.kept[-1].cause_words


async def test_that_what_was_sent_came_back_is_said(tx: FakeTransaction, clock: Hands) -> None:
    offer = await routed(tx, clock)
    await exhaust(tx, clock, an_exhaustion(offer, "suppressed"))
    words = f"{offer.service_name} could not be reached: what was sent to its addresses came back."
    assert tx.decisions.kept[-1].cause_words == words


async def test_the_pages_of_the_offer_do_not_say_that_others_are_asked(world: World) -> None:
    event = a_submission("mind.creative_wellbeing")
    await world.hear(event)
    [listed] = await assignments(world.client, referral=event.reference)
    offer = replace(an_offer(referral_id=event.referral_id, reference=event.reference), id=listed["id"])
    await world.hear(an_exhaustion(offer))
    status, page = await look(world, path_of(listed))
    assert (status, page.texts["h1"]) == (200, [f"Referral {offer.reference} no longer waits for your answer"])
    assert page.texts["p"][:2] == [
        "We could not be sure that our message had reached you, so we took it back at midday on 6 May 2020.",
        "We take it from here.",
    ]
    shown = Page.read((await world.client.get(f"/assignments/{offer.id}")).text)
    assert shown.texts["p"][0] == "There was no answer, so we take it from here. There is nothing more to do."


async def test_once_somebody_has_looked_at_it_or_answered_it_changes_nothing(tx: FakeTransaction, clock: Hands) -> None:
    opened, accepted, declined = [await routed(tx, clock) for _ in range(3)]
    await OpenOffer(clock)(tx, Given(opened.id, PARTNER))
    await AcceptOffer(clock)(tx, Given(accepted.id, PARTNER))
    await DeclineOffer(clock, PlaceAgain(new_id))(tx, Given(declined.id, PARTNER), "other")
    before = (dict(tx.offers.kept), len(tx.published))
    for offer in (opened, accepted, declined):
        await exhaust(tx, clock, an_exhaustion(offer))
    assert before == (dict(tx.offers.kept), len(tx.published))


async def test_what_the_triage_desk_has_stays_there_and_is_told_to_be_late(
    tx: FakeTransaction, clock: Hands, county: County
) -> None:
    offer = await routed(tx, clock, "info.unclassified")
    assert offer.service_id == county.rules.triage_desk
    await exhaust(tx, clock, an_exhaustion(offer))
    assert list(await tx.offers.live_of(offer.referral_id)) == [offer]
    told = tx.published[-1]
    assert isinstance(told, AssignmentOverdue)
    assert (told.assignment_id, told.clock, told.overdue_at) == (offer.id, "respond", NOON)


async def test_of_an_assignment_that_was_never_offered_nothing_can_be_noted(tx: FakeTransaction, clock: Hands) -> None:
    with pytest.raises(NotFound):
        await exhaust(tx, clock, an_exhaustion(an_offer()))


async def test_it_is_heard_from_the_notifier(world: World, county: County) -> None:
    event = a_submission("mind.creative_wellbeing")
    await world.hear(event)
    [listed] = await assignments(world.client, referral=event.reference)
    offer = replace(an_offer(referral_id=event.referral_id, reference=event.reference), id=listed["id"])
    await world.hear(an_exhaustion(offer))
    after = {each["service_id"]: each["state"] for each in await assignments(world.client, referral=event.reference)}
    assert after == {CREATIVE: "expired", county.rules.triage_desk: "offered"}


async def test_each_decision_that_is_told_has_the_needs_that_came_back_alone(tx: FakeTransaction, clock: Hands) -> None:
    event = a_submission("mind.creative_wellbeing", "mind.crisis")
    await RouteReferral(clock, new_id)(tx, event)
    creative = next(offer for offer in await tx.offers.live_of(event.referral_id) if offer.service_id == CREATIVE)
    await exhaust(tx, clock, an_exhaustion(creative))
    told = [each for each in tx.published if isinstance(each, ReferralDecided)]
    assert [need.code for need in told[-1].needs] == ["mind.creative_wellbeing"]


async def exhausted_offer(world: World) -> Offer:
    """The offer of the next referral, of which no message can tell its service any more."""
    event = a_submission("mind.creative_wellbeing")
    await world.hear(event)
    [listed] = await assignments(world.client, referral=event.reference)
    offer = an_offer(referral_id=event.referral_id, reference=event.reference, service=listed["service_id"])
    offer = replace(offer, id=listed["id"])
    await world.hear(an_exhaustion(offer, contacts_unusable=True))
    return offer


async def test_a_service_none_of_whose_contacts_can_be_used_pauses_and_the_next_referral_goes_to_the_next(
    world: World,
) -> None:
    offer = await exhausted_offer(world)
    [pausing] = (await world.client.get(f"{SERVICES}/pauses")).json()
    assert (offer.service_id, pausing["service_id"], pausing["reason"]) == (CREATIVE, CREATIVE, "unreachable")
    assert (pausing["actor"], pausing["until"]) == ("router", None)
    assert await service_of_the_next(world) == LEAD


async def test_it_pauses_once_however_many_of_its_offers_come_back(tx: FakeTransaction, clock: Hands) -> None:
    offers = [await routed(tx, clock, "mind.creative_wellbeing") for _ in range(2)]
    for offer in offers:
        await exhaust(tx, clock, an_exhaustion(offer, contacts_unusable=True))
    assert [pausing.service_id for pausing in tx.pauses.kept] == [CREATIVE]


async def test_it_is_offered_what_comes_its_way_again_once_a_contact_is_mended_or_somebody_resumes_it(
    world: World,
) -> None:
    await exhausted_offer(world)
    await world.hear(ServiceReachable(service_id=LEAD, contact="x", lifted_by="cru-duty-2", lifted_at=NOON))
    assert await service_of_the_next(world) == LEAD
    await world.hear(ServiceReachable(service_id=CREATIVE, contact="x", lifted_by="cru-duty-2", lifted_at=NOON))
    assert (await exhausted_offer(world)).service_id == CREATIVE
    await post(world, f"{SERVICES}/{CREATIVE}/resume")
    assert await service_of_the_next(world) == CREATIVE


async def test_other_addresses_in_the_directory_end_the_pause_and_nothing_else_in_it_does(world: World) -> None:
    [capacity] = [loop.work for loop in world.service.loops if loop.name == "router.capacity"]
    await capacity.run_once()
    await exhausted_offer(world)
    for written, service in (("art, music, signing", LEAD), ("01632 960097", CREATIVE)):
        documents = read_documents(COUNTY_DIRECTORY)
        documents[PARTNERS] = documents[PARTNERS].replace(written, written.replace("1", "2").upper())
        async with world.database.begin(Origin("test-request")) as tx:
            await save_documents(tx, documents)
        await capacity.run_once()
        assert await service_of_the_next(world) == service


async def test_a_pause_by_its_own_word_outlasts_the_mending_of_a_contact(world: World) -> None:
    await post(world, f"{SERVICES}/{CREATIVE}/pause", reason="partner_closed")
    await world.hear(ServiceReachable(service_id=CREATIVE, contact="x", lifted_by="cru-duty-2", lifted_at=NOON))
    assert await service_of_the_next(world) == LEAD


async def test_a_service_that_answers_slowly_or_only_could_not_be_told_in_time_does_not_pause(
    tx: FakeTransaction, clock: Hands
) -> None:
    await exhaust(tx, clock, an_exhaustion(await routed(tx, clock, "mind.creative_wellbeing"), "ambiguous"))
    assert tx.pauses.kept == []


async def test_neither_the_triage_desk_nor_a_service_that_the_rules_name_ever_pauses(
    tx: FakeTransaction, clock: Hands, county: County
) -> None:
    for need in ("info.unclassified", "mind.crisis"):
        offer = await routed(tx, clock, need)
        assert offer.service_id in named_services(county.rules)
        await exhaust(tx, clock, an_exhaustion(offer, contacts_unusable=True))
    assert tx.pauses.kept == []
