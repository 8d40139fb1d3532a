"""What intake makes of a service's answers and of its silence, on stores in memory."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.configuration import load_places, load_policy_from
from services.intake.domain.progress import NeedState, Progress, Status
from services.intake.use_cases import (
    FindReferral,
    RecordDecision,
    RecordMove,
    RecordOffer,
    RecordSilence,
    SubmitReferral,
)
from shared.clock import new_id
from shared.events import AssignmentOverdue, AssignmentReminded, NeedOutcome
from tests.intake.builders import NOON, SHOPPING, a_decision, a_move, a_reference, an_offer
from tests.intake.conftest import COUNTY, Hands
from tests.intake.fakes import FakeTransaction


@pytest.fixture
def tx() -> FakeTransaction:
    return FakeTransaction(load_policy_from(COUNTY), load_places(COUNTY))


@pytest.fixture
def submit(clock: Hands) -> SubmitReferral:
    return SubmitReferral(clock, new_id, a_reference)


async def progress_of(tx: FakeTransaction, progress: Progress) -> Progress:
    return await tx.referrals.progress(progress.id)


async def test_what_a_service_answers_moves_the_referral_and_stands_in_its_timeline(
    tx: FakeTransaction, submit: SubmitReferral
) -> None:
    progress = await submit(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    tried = a_move(offer, "accepted", from_state="accepted", sequence=4, reason="no_answer")
    met = NeedOutcome(need="food.shopping", outcome="met", met=True)
    done = a_move(offer, "done", from_state="accepted", sequence=5, outcomes=(met,))
    statuses = []
    for event in (a_move(offer, "accepted"), tried, done):
        await RecordMove()(tx, event)
        statuses.append((await progress_of(tx, progress)).status)
    assert statuses == [Status.IN_PROGRESS, Status.IN_PROGRESS, Status.COMPLETED]
    timeline = (await FindReferral()(tx, progress.reference)).timeline[-3:]
    assert [entry.kind for entry in timeline] == ["accepted", "contact_tried", "done"]
    assert (timeline[1].details["reason"], timeline[2].details["food.shopping"]) == ("no_answer", "met")


@pytest.mark.parametrize(
    ("ends", "status", "states"),
    [
        ((True, False), Status.COMPLETED, [NeedState.DONE, NeedState.FAILED]),
        ((False, False), Status.FAILED, [NeedState.FAILED, NeedState.FAILED]),
    ],
)
async def test_a_need_that_was_closed_without_being_met_has_failed(
    tx: FakeTransaction,
    submit: SubmitReferral,
    ends: tuple[bool, bool],
    status: Status,
    states: list[NeedState],
) -> None:
    progress = await submit(tx, replace(SHOPPING, needs=("food.shopping", "money.debt")))
    offer = an_offer(progress, needs=("food.shopping", "money.debt"))
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    outcomes = tuple(
        NeedOutcome(need=need, outcome="met" if met else "could_not_contact", met=met)
        for need, met in zip(offer.needs, ends, strict=True)
    )
    await RecordMove()(tx, a_move(offer, "done", outcomes=outcomes))
    end = await progress_of(tx, progress)
    assert (end.status, [need.state for need in end.needs]) == (status, states)


async def test_a_need_that_was_declined_is_being_placed_again(tx: FakeTransaction, submit: SubmitReferral) -> None:
    progress = await submit(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    await RecordMove()(tx, a_move(offer, "declined", reason="no_capacity"))
    assert (await progress_of(tx, progress)).status is Status.ROUTING
    await RecordMove()(tx, a_move(offer, "accepted", sequence=2))
    assert (await progress_of(tx, progress)).status is Status.ROUTING


async def test_silence_stands_in_the_timeline_and_moves_nothing(tx: FakeTransaction, submit: SubmitReferral) -> None:
    progress = await submit(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    common = offer.model_dump(
        include={"referral_id", "reference", "assignment_id", "service_id", "service_name", "needs", "priority"}
    )
    later = NOON + timedelta(hours=2)
    reminded = AssignmentReminded(
        **common, sequence=3, district=None, channels=("email",), answer_by=later, reminded_at=NOON
    )
    overdue = AssignmentOverdue(
        **common, sequence=4, clock="first_contact", state="offered", due_at=NOON, overdue_at=later
    )
    for event in (reminded, overdue):
        await RecordSilence()(tx, event)
    found = await FindReferral()(tx, progress.reference)
    assert found.progress.status is Status.ASSIGNED
    assert [entry.kind for entry in found.timeline[-2:]] == ["reminded", "overdue"]
    assert found.timeline[-1].details["clock"] == "first_contact"
