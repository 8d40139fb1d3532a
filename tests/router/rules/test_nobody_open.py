"""What is urgent when nobody is open is with people on duty in the decision itself, who are told at once (R53, R56)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from services.router.domain.again import Returned, place_again
from services.router.domain.assembling import NOTHING_BESIDE
from services.router.domain.decide import decide
from services.router.domain.decision import Assignment, Decision
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from tests.router.rules.builders import CHESTERFIELD, a_referral, london
from tests.router.rules.test_invariants import COUNTY, everything, loads, referrals

DESK = COUNTY.rules.triage_desk
AT_ONCE = {"sms", "phone"}
NIGHTS = [
    "2020-05-06 23:50",  # a working day
    "2020-05-07 23:30",  # before a bank holiday
    "2020-05-08 21:00",  # on it
    "2020-12-24 22:00",
    "2020-12-25 20:00",
    "2020-12-31 23:55",
    "2020-03-29 00:30",  # the hour that is left out
    "2020-10-25 00:30",  # the hour that comes twice
]
NEED = "food.shopping"


def opens_in_time(assignment: Assignment, facts: Facts) -> bool:
    hours = COUNTY.services[assignment.service_id].hours
    return hours.opens_between(facts.received_at, assignment.due_at, COUNTY.deadlines.calendar)


def is_open(service: str, facts: Facts) -> bool:
    return COUNTY.services[service].hours.is_open(facts.received_at, COUNTY.deadlines.calendar)


def everybody_else_closed(facts: Facts) -> Load:
    """No place left at any service that could take it in time."""
    return Load(remaining=dict.fromkeys(set(COUNTY.services) - {DESK}, 0))


def assert_at_the_desk_at_once(decision: Decision, priority: str) -> None:
    [assignment] = decision.assignments
    assert (assignment.service_id, assignment.priority) == (DESK, priority)
    assert set(assignment.channels) & AT_ONCE
    assert "out_of_hours" in decision.flags


@pytest.mark.parametrize("night", NIGHTS)
def test_at_night_an_urgent_need_that_nobody_can_take_is_at_the_desk_and_its_people_on_duty_are_told(
    night: str,
) -> None:
    facts = a_referral(NEED, place=CHESTERFIELD, received_at=london(night), food_days_left=0, requested_priority="P1")
    decision = decide(facts, COUNTY, everybody_else_closed(facts))
    assert_at_the_desk_at_once(decision, "P2")


@pytest.mark.parametrize("night", NIGHTS)
def test_so_it_is_when_it_comes_back_at_night(night: str) -> None:
    facts = a_referral(NEED, place=CHESTERFIELD, received_at=london(night), requested_priority="P2")
    back = Returned({NEED: "P2"}, for_a_person=True)
    assert_at_the_desk_at_once(place_again(facts, COUNTY, Load(), back, NOTHING_BESIDE), "P2")


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("need", ["food.hot_meals", "food.shopping", "mind.creative_wellbeing", "money.energy"])
def test_whoever_is_chosen_at_night_opens_before_the_deadline(night: str, need: str) -> None:
    facts = a_referral(need, place=CHESTERFIELD, received_at=london(night), requested_priority="P2")
    decision = decide(facts, COUNTY, Load())
    for assignment in decision.assignments:
        assert opens_in_time(assignment, facts) or set(assignment.channels) & AT_ONCE
    if any(need.service_id == DESK for need in decision.needs):
        assert {"unreachable_fallback", "out_of_hours"} <= set(decision.flags)


@pytest.mark.parametrize("need", ["food.hot_meals", "mind.creative_wellbeing"])
def test_who_stays_closed_beyond_the_deadline_is_passed_over_with_a_flag(need: str) -> None:
    """On 25 December at noon an urgent need is due the same day, when offices stay closed."""
    facts = a_referral(need, place=CHESTERFIELD, received_at=london("2020-12-25 12:00"), requested_priority="P2")
    decision = decide(facts, COUNTY, Load())
    [assignment] = decision.assignments
    assert opens_in_time(assignment, facts)
    passed_over = {c.verdict for n in decision.needs for s in n.searches for t in s.tracks for c in t.candidates}
    assert ("closed" in passed_over) is ("unreachable_fallback" in decision.flags)


def test_while_the_desk_is_open_its_inbox_is_enough() -> None:
    facts = a_referral(NEED, place=CHESTERFIELD, requested_priority="P2")
    [assignment] = decide(facts, COUNTY, everybody_else_closed(facts)).assignments
    assert (assignment.service_id, assignment.channels) == (DESK, ("portal",))


def test_what_can_wait_wakes_nobody() -> None:
    facts = a_referral("mind.creative_wellbeing", place=CHESTERFIELD, received_at=london("2020-05-06 23:50"))
    [assignment] = decide(facts, COUNTY, everybody_else_closed(facts)).assignments
    assert (assignment.service_id, assignment.priority, assignment.channels) == (DESK, "P4", ("portal",))


@everything
@given(facts=referrals, load=loads)
def test_nothing_urgent_waits_unseen_for_the_morning(facts: Facts, load: Load) -> None:
    """Those whom a rule names (section B) and those outside the county are theirs to say, by R13 to R22 and R27."""
    decision = decide(facts, COUNTY, load)
    searched = {need.service_id for need in decision.needs if need.searches}
    desks = {service.id for service in COUNTY.services.values() if service.track == COUNTY.services[DESK].track}
    for assignment in decision.assignments:
        if assignment.priority not in {"P1", "P2"} or assignment.service_id not in searched | desks:
            continue
        at_once = is_open(assignment.service_id, facts) or bool(set(assignment.channels) & AT_ONCE)
        assert at_once or (assignment.service_id not in desks and opens_in_time(assignment, facts))
        assert assignment.due_at - facts.received_at < timedelta(days=2)


@given(facts=referrals)
@everything
def test_out_of_hours_is_said_of_every_decision_made_then(facts: Facts) -> None:
    decision = decide(replace(facts, open_matches=()), COUNTY, Load())
    assert ("out_of_hours" in decision.flags) is not COUNTY.deadlines.in_hours(facts.received_at)
