"""Each step is told to each person once, whatever moves it and however often; on stores in memory."""

from dataclasses import replace

import pytest

from services.intake.configuration import load_places, load_policy_from
from services.intake.domain.progress import Progress
from services.intake.domain.referral import Consent, Referrer, Updates
from services.intake.domain.updates import NotToBeTold
from services.intake.people import DiscloseContact, RecordUpdate
from services.intake.use_cases import (
    CancelReferral,
    FindReferral,
    RecordDecision,
    RecordMove,
    RecordOffer,
    RecordRecall,
    RecordSilence,
    ReopenReferral,
    SubmitReferral,
)
from shared.clock import new_id
from shared.errors import NotFound
from shared.events import AssignmentOffered, AssignmentOverdue, NeedOutcome, UpdateDropped, UpdateDue, UpdateSent
from tests.intake.builders import NOON, SHOPPING, a_decision, a_move, a_recall, a_reference, an_offer
from tests.intake.conftest import COUNTY, Hands
from tests.intake.fakes import FakeTransaction

ASKED = replace(SHOPPING, updates=Updates(resident=True))
BY_NURSE = replace(
    ASKED,
    referrer_kind="professional",
    referrer=Referrer(email="bo.marsh@surgery.example"),
    updates=Updates(resident=True, referrer=True),
)


@pytest.fixture
def tx() -> FakeTransaction:
    return FakeTransaction(load_policy_from(COUNTY), load_places(COUNTY))


@pytest.fixture
def submit(clock: Hands) -> SubmitReferral:
    return SubmitReferral(clock, new_id, a_reference)


def told(tx: FakeTransaction) -> list[tuple[str, str]]:
    return [(event.audience, event.step) for event in tx.published if isinstance(event, UpdateDue)]


def newest(tx: FakeTransaction) -> UpdateDue:
    return [event for event in tx.published if isinstance(event, UpdateDue)][-1]


async def taken(tx: FakeTransaction, progress: Progress, outcome: str = "routed") -> AssignmentOffered:
    """Decided, offered and accepted."""
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress, outcome=outcome))
    await RecordOffer()(tx, offer)
    await RecordMove()(tx, a_move(offer, "accepted"))
    return offer


def ended(offer: AssignmentOffered, *, met: bool) -> NeedOutcome:
    return NeedOutcome(need=offer.needs[0], outcome="met" if met else "not_met", met=met)


async def test_resident_and_referrer_hear_of_each_step_in_order(tx: FakeTransaction, submit: SubmitReferral) -> None:
    offer = await taken(tx, await submit(tx, BY_NURSE))
    done = a_move(offer, "done", from_state="accepted", sequence=9, outcomes=(ended(offer, met=True),))
    await RecordMove()(tx, done)
    both = ("resident", "referrer")
    assert told(tx) == [(who, step) for step in ("received", "taken_on", "done") for who in both]
    assert [event.sequence for event in tx.published] == list(range(1, 8))


async def test_what_is_published_holds_no_address(tx: FakeTransaction, submit: SubmitReferral) -> None:
    await taken(tx, await submit(tx, BY_NURSE))
    everything = " ".join(event.model_dump_json() for event in tx.published)
    assert "@" not in everything
    assert "Maureen" not in everything


async def test_who_did_not_ask_hears_nothing(tx: FakeTransaction, submit: SubmitReferral) -> None:
    await taken(tx, await submit(tx, SHOPPING))
    assert told(tx) == []


async def test_several_needs_make_one_message_for_each_step(tx: FakeTransaction, submit: SubmitReferral) -> None:
    needs = ("food.shopping", "money.debt", "social.befriending")
    progress = await submit(tx, replace(ASKED, needs=needs))
    offers = [an_offer(progress, needs=(need,), service=need, sequence=number) for number, need in enumerate(needs, 2)]
    await RecordDecision()(tx, a_decision(progress))
    for offer in offers:
        await RecordOffer()(tx, offer)
        await RecordMove()(tx, a_move(offer, "accepted", sequence=offer.sequence + 10))
    for offer in offers:
        met = (ended(offer, met=offer is offers[0]),)
        await RecordMove()(tx, a_move(offer, "done", from_state="accepted", sequence=30, outcomes=met))
    assert [step for _, step in told(tx)] == ["received", "taken_on", "done"]


async def test_the_same_step_reached_again_is_not_told_again(tx: FakeTransaction, submit: SubmitReferral) -> None:
    progress = await submit(tx, ASKED)
    first = await taken(tx, progress)
    await RecordMove()(tx, a_move(first, "handed_back", from_state="accepted", sequence=8))
    second = an_offer(progress, sequence=9)
    await RecordOffer()(tx, second)
    for _ in range(2):
        await RecordMove()(tx, a_move(second, "accepted", sequence=10))
    assert [step for _, step in told(tx)] == ["received", "taken_on"]


async def test_each_opening_of_a_referral_is_told_of_once(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, ASKED)
    offer = await taken(tx, progress)
    await RecordMove()(tx, a_move(offer, "done", from_state="accepted", sequence=9, outcomes=(ended(offer, met=True),)))
    late = newest(tx)
    await ReopenReferral(clock)(tx, progress.reference, "need_came_back")
    with pytest.raises(NotToBeTold) as refused:
        await DiscloseContact(clock)(tx, late.update_id)
    assert refused.value.reason == "outdated"
    await RecordDecision()(tx, a_decision(progress, sequence=10))
    again = an_offer(progress, sequence=11)
    await RecordOffer()(tx, again)
    await RecordMove()(tx, a_move(again, "accepted", sequence=12))
    done = a_move(again, "done", from_state="accepted", sequence=13, outcomes=(ended(again, met=True),))
    for _ in range(2):
        await RecordMove()(tx, done)
    assert [step for _, step in told(tx)] == ["received", "taken_on", "done", "taken_on", "done"]
    assert len({event.update_id for event in tx.published if isinstance(event, UpdateDue)}) == 5
    assert "@" in await DiscloseContact(clock)(tx, newest(tx).update_id)


async def test_what_nobody_could_place_is_looked_at_by_a_person(tx: FakeTransaction, submit: SubmitReferral) -> None:
    progress = await submit(tx, ASKED)
    await RecordDecision()(tx, a_decision(progress, outcome="triage_desk"))
    await RecordOffer()(tx, an_offer(progress, service="svc-triage"))
    assert [step for _, step in told(tx)] == ["received", "looked_at"]


@pytest.mark.parametrize("outcome", ["routed", "out_of_area"])
async def test_when_no_need_was_met_that_is_said(tx: FakeTransaction, submit: SubmitReferral, outcome: str) -> None:
    offer = await taken(tx, await submit(tx, ASKED), outcome)
    outcomes = (ended(offer, met=False),)
    await RecordMove()(tx, a_move(offer, "done", from_state="accepted", sequence=9, outcomes=outcomes))
    assert told(tx)[-1] == ("resident", "not_met")


async def test_what_is_late_is_looked_at_once_and_not_when_it_has_ended(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, ASKED)
    offer = await taken(tx, progress)
    late = AssignmentOverdue(
        referral_id=offer.referral_id,
        reference=offer.reference,
        assignment_id=offer.assignment_id,
        service_id=offer.service_id,
        service_name=offer.service_name,
        needs=offer.needs,
        priority="P2",
        clock="first_contact",
        state="accepted",
        due_at=NOON,
        overdue_at=NOON,
    )
    for _ in range(2):
        await RecordSilence()(tx, late)
    assert [step for _, step in told(tx)] == ["received", "taken_on", "looked_at"]
    assert (await tx.referrals.progress(progress.id)).sequence == 4
    other = await submit(tx, ASKED)
    await CancelReferral(clock)(tx, other.reference, "moved_away")
    await RecordSilence()(tx, late.model_copy(update={"referral_id": other.id}))
    assert [step for _, step in told(tx)][3:] == ["received", "cancelled"]


async def test_a_cancellation_is_told_after_the_event_itself_and_is_the_last_word(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, BY_NURSE)
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    await CancelReferral(clock)(tx, progress.reference, "met_another_way")
    await RecordMove()(tx, a_move(offer, "accepted"))
    await RecordRecall()(tx, a_recall(offer, sequence=9))
    assert told(tx)[2:] == [("resident", "cancelled"), ("referrer", "cancelled")]
    assert [event.sequence for event in tx.published] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("reason", ["died", "consent_withdrawn"])
async def test_of_a_death_or_a_withdrawn_consent_only_the_referrer_hears_that_it_was_stopped(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands, reason: str
) -> None:
    progress = await submit(tx, BY_NURSE)
    await CancelReferral(clock)(tx, progress.reference, reason)
    assert told(tx)[2:] == [("referrer", "cancelled")]


async def test_the_address_is_given_for_an_update_and_each_time_the_timeline_says_so(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, ASKED)
    assert await DiscloseContact(clock)(tx, newest(tx).update_id) == "maureen@example.com"
    entry = (await FindReferral()(tx, progress.reference)).timeline[-1]
    assert (entry.kind, entry.actor) == ("contact_disclosed", "intake")
    assert entry.details == {"who": "resident", "step": "received", "channel": "email", "to": "notifier"}


async def test_an_update_that_was_never_ours_has_no_address(tx: FakeTransaction, clock: Hands) -> None:
    with pytest.raises(NotFound):
        await DiscloseContact(clock)(tx, new_id())


async def test_after_consent_is_withdrawn_what_is_still_queued_has_no_address_and_nothing_is_noted(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, ASKED)
    await CancelReferral(clock)(tx, progress.reference, "consent_withdrawn")
    with pytest.raises(NotToBeTold) as refusal:
        await DiscloseContact(clock)(tx, newest(tx).update_id)
    assert refusal.value.reason == "cancelled"
    assert [entry.kind for entry in await tx.referrals.timeline(progress.id)] == ["cancelled"]


async def test_a_consent_that_is_gone_from_what_is_stored_is_seen_at_the_moment_of_sending(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, ASKED)
    stored = tx.referrals.stored[progress.id]
    refused = replace(stored.submission, consent=Consent("refused", "self"))
    tx.referrals.stored[progress.id] = replace(stored, submission=refused)
    with pytest.raises(NotToBeTold) as refusal:
        await DiscloseContact(clock)(tx, newest(tx).update_id)
    assert refusal.value.reason == "not_agreed"


async def test_the_timeline_says_who_was_told_of_what_and_why_not(tx: FakeTransaction, submit: SubmitReferral) -> None:
    progress = await submit(tx, ASKED)
    update, reference = newest(tx).update_id, progress.reference
    sent_out = UpdateSent(referral_id=progress.id, reference=reference, update_id=update, sent_at=NOON)
    given_up = UpdateDropped(
        referral_id=progress.id, reference=reference, update_id=update, reason="auth", dropped_at=NOON
    )
    await RecordUpdate()(tx, sent_out)
    await RecordUpdate()(tx, given_up)
    sent, dropped = (await FindReferral()(tx, progress.reference)).timeline[-2:]
    assert (sent.kind, sent.details) == ("person_told", {"who": "resident", "step": "received", "channel": "email"})
    assert (dropped.kind, dropped.details["reason"]) == ("person_not_told", "auth")
