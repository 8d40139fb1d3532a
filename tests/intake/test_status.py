"""How news moves a referral on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.domain.progress import (
    Assignment,
    AssignmentState,
    Awaited,
    Decision,
    Need,
    NeedState,
    Notice,
    Progress,
    Status,
)
from services.intake.domain.reopening import reopened
from services.intake.domain.status import (
    awaited,
    cancelled,
    decided,
    is_settled,
    moved,
    needs_in_hand,
    offered,
    patience,
    told,
)
from shared.clock import new_id
from shared.errors import Conflict
from tests.intake.builders import NOON, a_progress

OFFERED, RECALLED = AssignmentState.OFFERED, AssignmentState.RECALLED


def a_ruling(outcome: str = "routed", sequence: int = 1) -> Decision:
    return Decision(new_id(), "rules-1", outcome, "E07000034", "P2", (), None, NOON, sequence)


def an_assignment(
    *needs: str, state: AssignmentState = OFFERED, sequence: int = 2, service: str = "svc-shopping"
) -> Assignment:
    return Assignment(new_id(), service, "Shopping", state, sequence, needs=needs, channels=("email",))


def a_notice(assignment: Assignment, *, state: str = "sent", sequence: int = 1) -> Notice:
    return Notice(new_id(), assignment.id, "email", "offer", state, None, NOON, sequence)


def placed(code: str, state: str = "assigned", service: str | None = "svc-shopping") -> Need:
    return Need(code, state, service, "P2")


def with_states(*states: AssignmentState, outcome: str = "routed") -> Progress:
    """A decided referral with one need for each of `states`, at an assignment in that state."""
    codes = [f"need.{number}" for number in range(len(states))]
    progress = decided(a_progress(needs=tuple(codes)), a_ruling(outcome), tuple(placed(code) for code in codes))
    for code, state in zip(codes, states, strict=True):
        progress = offered(progress, an_assignment(code, state=state))
    return progress


def test_a_referral_is_submitted_until_it_is_decided() -> None:
    assert a_progress().status is Status.SUBMITTED


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([OFFERED], Status.ASSIGNED),
        ([AssignmentState.OPENED], Status.ASSIGNED),
        ([AssignmentState.ACCEPTED, OFFERED], Status.IN_PROGRESS),
        ([AssignmentState.CONTACTED, AssignmentState.DONE], Status.IN_PROGRESS),
        ([AssignmentState.DECLINED], Status.ROUTING),
        ([AssignmentState.EXPIRED, OFFERED], Status.ASSIGNED),
        ([AssignmentState.HANDED_BACK, AssignmentState.DONE], Status.ROUTING),
        ([AssignmentState.DONE, AssignmentState.DONE], Status.COMPLETED),
        ([AssignmentState.DONE, AssignmentState.FAILED], Status.COMPLETED),
        ([AssignmentState.FAILED], Status.FAILED),
    ],
)
def test_its_status_follows_from_its_assignments(states: list[AssignmentState], status: Status) -> None:
    assert with_states(*states).status is status


@pytest.mark.parametrize(
    ("outcome", "need", "status"),
    [
        ("held_no_consent", placed("food.shopping", "held", None), Status.ON_HOLD),
        ("duplicate", placed("food.shopping", "duplicate", None), Status.CLOSED),
        ("out_of_area", placed("food.shopping"), Status.OUT_OF_AREA),
        ("triage_desk", placed("food.shopping"), Status.ON_HOLD),
        ("emergency", placed("risk.suicide"), Status.ASSIGNED),
    ],
)
def test_its_status_follows_from_the_outcome(outcome: str, need: Need, status: Status) -> None:
    assert decided(a_progress(), a_ruling(outcome), (need,)).status is status


def test_a_note_that_nobody_may_read_is_on_hold() -> None:
    assert decided(a_progress(needs=()), a_ruling("held_no_consent"), ()).status is Status.ON_HOLD


def test_the_triage_desk_takes_a_referral_off_hold_by_accepting_it() -> None:
    assert with_states(AssignmentState.ACCEPTED, outcome="triage_desk").status is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([OFFERED], Status.OUT_OF_AREA),
        ([AssignmentState.OPENED], Status.OUT_OF_AREA),
        ([AssignmentState.DECLINED], Status.OUT_OF_AREA),
        ([AssignmentState.ACCEPTED, OFFERED], Status.IN_PROGRESS),
        ([AssignmentState.CONTACTED], Status.IN_PROGRESS),
        ([AssignmentState.HANDED_BACK], Status.ROUTING),
        ([AssignmentState.DONE, OFFERED], Status.ASSIGNED),
        ([AssignmentState.DONE], Status.COMPLETED),
        ([AssignmentState.FAILED], Status.FAILED),
    ],
)
def test_what_goes_outside_the_county_is_out_of_area_until_somebody_takes_it_on(
    states: list[AssignmentState], status: Status
) -> None:
    assert with_states(*states, outcome="out_of_area").status is status


def test_what_was_met_outside_the_county_is_finished() -> None:
    progress = with_states(AssignmentState.DONE, outcome="out_of_area")
    with pytest.raises(Conflict):
        cancelled(progress, "died", NOON)
    assert progress.needs[0].state is NeedState.DONE
    again, needs = reopened(progress, None)
    assert (again.status, needs) == (Status.ROUTING, ("need.0",))


def test_an_older_decision_changes_nothing() -> None:
    progress = decided(a_progress(), a_ruling("routed", sequence=5), (placed("food.shopping"),))
    assert decided(progress, a_ruling("held_no_consent", sequence=2), (placed("food.shopping", "held"),)) == progress


def test_a_later_decision_speaks_only_of_the_needs_it_names() -> None:
    first = decided(
        a_progress(needs=("food.shopping", "money.debt")),
        a_ruling(),
        (placed("food.shopping"), placed("money.debt", service="svc-debt")),
    )
    second = decided(first, a_ruling(sequence=4), (placed("money.debt", service="svc-advice"),))
    assert {need.code: need.service_id for need in second.needs} == {
        "food.shopping": "svc-shopping",
        "money.debt": "svc-advice",
    }


def test_the_decision_may_add_needs_that_nobody_asked_for_and_drop_those_it_replaced() -> None:
    progress = decided(a_progress(needs=("mind.crisis",)), a_ruling(), (placed("risk.suicide"), placed("mind.crisis")))
    assert [need.code for need in progress.needs] == ["risk.suicide", "mind.crisis"]


def test_an_offer_that_comes_after_its_own_recall_stays_recalled_and_tells_its_details() -> None:
    progress = decided(a_progress(), a_ruling(), (placed("food.shopping"),))
    offer = an_assignment("food.shopping")
    recall = Assignment(offer.id, offer.service_id, offer.service_name, RECALLED, 3)
    after = offered(moved(progress, recall), offer)
    assert [(each.state, each.needs) for each in after.assignments] == [(RECALLED, ("food.shopping",))]
    assert after.needs[0].state is NeedState.ROUTING


def test_an_older_recall_changes_nothing() -> None:
    progress = with_states(OFFERED)
    offer = progress.assignments[0]
    assert moved(progress, replace(offer, state=RECALLED, sequence=offer.sequence - 1)) == progress


@pytest.mark.parametrize("ended", [AssignmentState.DONE, AssignmentState.DECLINED, RECALLED])
def test_what_has_ended_cannot_be_recalled(ended: AssignmentState) -> None:
    progress = with_states(ended)
    recall = replace(progress.assignments[0], state=RECALLED, sequence=9)
    assert moved(progress, recall) == progress


def test_a_need_stands_where_its_newest_assignment_stands() -> None:
    progress = with_states(AssignmentState.DECLINED)
    again = offered(progress, an_assignment("need.0", sequence=7))
    assert (again.status, again.needs[0].state) == (Status.ASSIGNED, NeedState.ASSIGNED)


def test_older_news_of_a_message_changes_nothing() -> None:
    progress = with_states(OFFERED)
    failed = a_notice(progress.assignments[0], state="failed", sequence=4)
    after = told(progress, failed)
    assert told(after, replace(failed, state="sent", sequence=3)) == after
    assert [notice.state for notice in told(after, replace(failed, state="sent", sequence=5)).notices] == ["sent"]


@pytest.mark.parametrize("state", [AssignmentState.DONE, AssignmentState.FAILED])
def test_a_finished_referral_cannot_be_cancelled(state: AssignmentState) -> None:
    with pytest.raises(Conflict):
        cancelled(with_states(state), "died", NOON)


def test_nothing_revives_a_cancelled_referral() -> None:
    progress = cancelled(a_progress(), "died", NOON)
    after = offered(decided(progress, a_ruling(), (placed("food.shopping"),)), an_assignment("food.shopping"))
    assert (after.status, after.needs[0].state) == (Status.CANCELLED, NeedState.CANCELLED)


def test_a_referral_is_settled_once_every_service_was_told() -> None:
    steps = [a_progress()]
    steps.append(decided(steps[-1], a_ruling(), (placed("food.shopping"),)))
    offer = an_assignment("food.shopping")
    steps.append(offered(steps[-1], offer))
    steps.append(told(steps[-1], a_notice(offer)))
    assert [is_settled(step) for step in steps] == [False, False, False, True]


def test_a_message_that_failed_for_good_settles_it_too() -> None:
    progress = with_states(OFFERED)
    assert is_settled(told(progress, a_notice(progress.assignments[0], state="failed")))


def test_a_service_that_answered_needs_no_news_of_a_message() -> None:
    assert is_settled(with_states(AssignmentState.ACCEPTED))


def test_a_referral_of_which_nothing_was_offered_is_settled_by_its_decision() -> None:
    held = placed("food.shopping", "held", None)
    assert is_settled(decided(a_progress(), a_ruling("held_no_consent"), (held,)))


def test_a_cancelled_referral_is_settled_once_nothing_is_live() -> None:
    live = cancelled(with_states(OFFERED), "died", NOON)
    recall = replace(live.assignments[0], state=RECALLED, sequence=9)
    assert [is_settled(live), is_settled(moved(live, recall))] == [False, True]


def test_what_a_service_has_in_hand_may_bring_news_at_any_time() -> None:
    untold = with_states(OFFERED)
    under_way = with_states(AssignmentState.ACCEPTED, AssignmentState.DONE)
    over = with_states(AssignmentState.DONE)
    assert [awaited(each) for each in (untold, under_way, over)] == [Awaited.MUST, Awaited.MAY, Awaited.NONE]


@pytest.mark.parametrize(
    ("of", "minutes"),
    [
        (Awaited.MUST, [1, 2, 4, 32, 60, 60]),
        (Awaited.MAY, [15, 30, 60, 480, 960, 1440]),
        (Awaited.NONE, [15, None, None, None, None, None]),
    ],
)
def test_patience_doubles_up_to_an_hour_or_a_day(of: Awaited, minutes: list[int | None]) -> None:
    waits = [patience(timedelta(minutes=1), sweeps, of) for sweeps in (0, 1, 2, 5, 6, 60)]
    assert [wait and wait / timedelta(minutes=1) for wait in waits] == minutes


def test_only_needs_that_somebody_has_are_in_hand() -> None:
    progress = with_states(OFFERED, AssignmentState.ACCEPTED, AssignmentState.DECLINED, AssignmentState.DONE)
    assert needs_in_hand(progress.needs) == ("need.0", "need.1", "need.2")
    held = decided(a_progress(), a_ruling("held_no_consent"), (placed("food.shopping", "held", None),))
    assert needs_in_hand(held.needs) == ()
    assert needs_in_hand(a_progress().needs) == ("food.shopping",)
