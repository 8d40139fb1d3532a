"""A service reports that the resident has died: the referral ends as if intake had been told so itself."""

from dataclasses import replace

import pytest

from services.intake.configuration import load_places, load_policy_from
from services.intake.domain.progress import Status
from services.intake.domain.updates import NotToBeTold
from services.intake.people import DiscloseContact
from services.intake.use_cases import (
    CancelReferral,
    FindReferral,
    RecordDecision,
    RecordMove,
    RecordOffer,
    ReopenReferral,
    SubmitReferral,
)
from shared.clock import new_id
from shared.errors import Conflict
from shared.events import AssignmentOffered, NeedOutcome, ReferralCancelled, UpdateDue
from tests.intake.builders import SHOPPING, a_decision, a_move, a_reference, an_offer
from tests.intake.conftest import COUNTY, Hands
from tests.intake.fakes import FakeTransaction
from tests.intake.test_people import BY_NURSE, told


@pytest.fixture
def tx() -> FakeTransaction:
    return FakeTransaction(load_policy_from(COUNTY), load_places(COUNTY))


@pytest.fixture
def submit(clock: Hands) -> SubmitReferral:
    return SubmitReferral(clock, new_id, a_reference)


def a_death(offer: AssignmentOffered) -> NeedOutcome:
    return NeedOutcome(need=offer.needs[0], outcome="died", met=False, ends_referral="died")


@pytest.mark.parametrize("needs", [("food.shopping",), ("food.shopping", "money.debt")])
async def test_a_death_that_a_service_reports_stops_the_referral_and_the_resident_is_written_to_no_more(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands, needs: tuple[str, ...]
) -> None:
    progress = await submit(tx, replace(BY_NURSE, needs=needs))
    offers = [an_offer(progress, needs=(need,), service=need, sequence=number) for number, need in enumerate(needs, 2)]
    await RecordDecision()(tx, a_decision(progress))
    for offer in offers:
        await RecordOffer()(tx, offer)
        await RecordMove()(tx, a_move(offer, "accepted", sequence=offer.sequence + 10))
    queued = [event for event in tx.published if isinstance(event, UpdateDue) and event.audience == "resident"]
    for offer in offers:
        await RecordMove()(tx, a_move(offer, "done", from_state="accepted", sequence=30, outcomes=(a_death(offer),)))
    assert told(tx)[4:] == [("referrer", "cancelled")]
    [stopped] = [event for event in tx.published if isinstance(event, ReferralCancelled)]
    assert stopped.reason == "died"
    assert [event.sequence for event in tx.published] == list(range(1, 8))
    for update in queued:
        with pytest.raises(NotToBeTold):
            await DiscloseContact(clock)(tx, update.update_id)
    found = await FindReferral()(tx, progress.reference)
    assert (found.progress.status, found.progress.sequence) == (Status.CANCELLED, 7)
    [after] = [entry for entry in found.timeline if entry.kind == "cancelled"]
    assert (after.before, after.after, after.details) == (Status.IN_PROGRESS, Status.CANCELLED, {"reason": "died"})


async def test_a_referral_that_a_death_ended_stays_ended(
    tx: FakeTransaction, submit: SubmitReferral, clock: Hands
) -> None:
    progress = await submit(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    await RecordMove()(tx, a_move(offer, "done", from_state="accepted", sequence=9, outcomes=(a_death(offer),)))
    for again in (CancelReferral(clock), ReopenReferral(clock)):
        with pytest.raises(Conflict):
            await again(tx, progress.reference, "other")
