"""Section B: what is done about risk, whatever else is known (R13-R21)."""

from typing import Literal

import pytest

from tests.router.rules.builders import (
    AMBER_VALLEY,
    CHESTERFIELD,
    FRIDAY_EVENING,
    a_referral,
    assigned_to,
    given,
    in_district,
    need_of,
)
from tests.router.rules.conftest import Route


def test_immediate_danger_tells_the_duty_manager_at_once_and_other_needs_go_on(route: Route) -> None:
    decision = route(a_referral("practical.bins", flags=("immediate_danger",), consent="unknown", consent_by="none"))
    assert decision.outcome == "emergency"
    assert assigned_to(decision, "svc-cru-duty").priority == "P1"
    assert given(decision)["svc-cru-callback"] == {"practical.bins"}


def test_immediate_danger_makes_safeguarding_and_domestic_abuse_immediate(route: Route) -> None:
    flags = ("immediate_danger", "domestic_abuse", "child_under_5", "adult_at_risk", "suicidal_thoughts")
    decision = route(a_referral(flags=flags))
    assert {each.service_id: each.priority for each in decision.assignments} == {
        "svc-cru-duty": "P1",
        "svc-da-helpline": "P1",
        "svc-starting-point": "P1",
        "svc-asc-safeguarding": "P1",
        "svc-mh-helpline": "P2",
    }


def test_imminent_suicide_tells_the_duty_manager_and_the_helpline(route: Route) -> None:
    decision = route(a_referral(flags=("suicidal_now",)))
    assert given(decision) == {"svc-cru-duty": {"risk.suicide"}, "svc-mh-helpline": {"mind.crisis"}}
    assert decision.priority == "P1"
    assert "human_check" not in decision.flags


def test_a_crisis_that_was_chosen_goes_to_the_helpline_without_a_human_check(route: Route) -> None:
    decision = route(a_referral("mind.crisis"))
    assert assigned_to(decision, "svc-mh-helpline").priority == "P2"
    assert "human_check" not in decision.flags


def test_suicidal_thoughts_also_ask_for_a_human_check(route: Route) -> None:
    decision = route(a_referral("mind.crisis", flags=("suicidal_thoughts", "suicidal_now")))
    assert "human_check" in decision.flags
    assert assigned_to(decision, "svc-mh-helpline").needs == ("mind.crisis",)
    assert assigned_to(decision, "svc-mh-helpline").priority == "P1"


@pytest.mark.parametrize(
    ("consent", "by"), [("given", "representative"), ("refused", "self"), ("unknown", "none"), ("given", "none")]
)
def test_domestic_abuse_without_the_persons_own_consent_reaches_no_outside_agency(
    route: Route, consent: Literal["given", "refused", "unknown"], by: Literal["self", "representative", "none"]
) -> None:
    decision = route(a_referral("safe.domestic_abuse", consent=consent, consent_by=by))
    assert given(decision) == {"svc-cru-redflag": {"safe.domestic_abuse"}}
    assert assigned_to(decision, "svc-cru-redflag").priority == "P1"
    assert {"human_check", "safe_contact_only"} <= set(decision.flags)


def test_domestic_abuse_with_own_consent_goes_to_the_helpline(route: Route) -> None:
    decision = route(a_referral(flags=("domestic_abuse",)))
    assert given(decision) == {"svc-da-helpline": {"safe.domestic_abuse"}}
    assert "human_check" not in decision.flags


def test_domestic_abuse_of_a_child_under_16_goes_to_childrens_safeguarding(route: Route) -> None:
    decision = route(a_referral("safe.domestic_abuse", age=15, referrer_kind="professional"))
    assert given(decision) == {"svc-starting-point": {"safe.domestic_abuse", "safe.child_concern"}}


def test_domestic_abuse_of_a_17_year_old_goes_to_the_helpline_and_is_a_child_concern(route: Route) -> None:
    decision = route(a_referral("safe.domestic_abuse", age=17))
    assert given(decision) == {
        "svc-da-helpline": {"safe.domestic_abuse"},
        "svc-starting-point": {"safe.child_concern"},
    }


def test_with_domestic_abuse_no_volunteer_is_sent_but_statutory_services_go_on(route: Route) -> None:
    decision = route(a_referral("food.shopping", "housing.homeless", flags=("domestic_abuse", "violence_risk")))
    assert given(decision)["svc-cru-triage"] == {"food.shopping"}
    assert given(decision)["svc-av-housing"] == {"housing.homeless"}
    assert "hold_safe_contact" in decision.flags
    assert "no_doorstep_volunteers" not in decision.flags


def test_a_need_moved_for_safe_contact_drops_what_its_search_flagged(route: Route) -> None:
    facts = a_referral("food.bank", flags=("domestic_abuse",))
    decision = route(facts, remaining={"svc-foodbank-av": 0})
    assert given(decision)["svc-cru-triage"] == {"food.bank"}
    assert "capacity_fallback" not in decision.flags
    [move] = need_of(decision, "food.bank").moves
    assert (move.from_service, move.to_service, move.rules) == ("svc-av-network", "svc-cru-triage", ("R16",))


def test_a_risk_to_visitors_stops_volunteers_only(route: Route) -> None:
    decision = route(a_referral("practical.dog_walking", "practical.bins", flags=("violence_risk",)))
    assert given(decision) == {"svc-cru-triage": {"practical.dog_walking"}, "svc-av-contact": {"practical.bins"}}
    assert "no_doorstep_volunteers" in decision.flags


def test_a_risk_to_visitors_is_not_flagged_where_no_volunteer_was_to_come(route: Route) -> None:
    decision = route(a_referral("practical.bins", flags=("violence_risk",)))
    assert "no_doorstep_volunteers" not in decision.flags


def test_adults_at_risk_go_to_adult_safeguarding_under_the_codes_of_their_concerns(route: Route) -> None:
    flags = ("adult_at_risk", "self_neglect", "modern_slavery")
    decision = route(a_referral(flags=flags, consent="refused"))
    assert given(decision) == {"svc-asc-safeguarding": {"safe.adult_abuse", "safe.self_neglect", "safe.modern_slavery"}}
    assert "human_check" in decision.flags


def test_an_adult_concern_about_a_child_is_a_child_concern_and_slavery_keeps_its_human_check(route: Route) -> None:
    decision = route(a_referral("safe.modern_slavery", age=17, referrer_kind="professional"))
    assert given(decision) == {"svc-starting-point": {"safe.child_concern"}}
    assert need_of(decision, "safe.child_concern").answers == ("safe.modern_slavery",)
    assert "human_check" in decision.flags


def test_worrying_words_are_looked_at_at_once_and_the_chosen_needs_go_on(route: Route) -> None:
    decision = route(a_referral("money.debt", red_flags=("suicide",)))
    assert assigned_to(decision, "svc-cru-redflag").needs == ("triage.red_flag",)
    assert given(decision)["svc-cab-south"] == {"money.debt"}
    assert decision.outcome == "partially_routed"


def test_a_child_asking_alone_goes_to_childrens_safeguarding_with_everything_asked_for(route: Route) -> None:
    facts = a_referral("food.shopping", "social.befriending", age=12, consent="refused")
    decision = route(facts)
    assert given(decision) == {"svc-starting-point": {"safe.child_concern", "food.shopping", "social.befriending"}}
    assert need_of(decision, "social.befriending").priority == "P2"
    assert decision.held_needs == ()
    assert "unaccompanied_minor" in decision.flags


def test_a_child_in_danger_asking_alone_is_an_immediate_concern(route: Route) -> None:
    decision = route(a_referral("food.shopping", age=12, flags=("immediate_danger",)))
    assert need_of(decision, "safe.child_concern").priority == "P1"
    assert need_of(decision, "food.shopping").priority == "P2"


@pytest.mark.parametrize(
    ("age", "referrer_kind", "request_kind"),
    [(16, "self", "help"), (12, "family", "help"), (12, "self", "org_support")],
)
def test_others_are_not_children_asking_alone(route: Route, age: int, referrer_kind: str, request_kind: str) -> None:
    decision = route(a_referral("practical.bins", age=age, referrer_kind=referrer_kind, request_kind=request_kind))
    assert "unaccompanied_minor" not in decision.flags


def test_somebody_whose_age_is_unknown_is_treated_as_an_adult(route: Route) -> None:
    decision = route(a_referral("food.shopping", "safe.adult_abuse", age=None))
    assert given(decision) == {"svc-av-doorstep": {"food.shopping"}, "svc-asc-safeguarding": {"safe.adult_abuse"}}


def test_risk_does_not_wait_for_a_place_nor_for_room(route: Route) -> None:
    facts = a_referral("safe.self_neglect", place=in_district(None), received_at=FRIDAY_EVENING)
    decision = route(
        facts,
        remaining={"svc-asc-safeguarding": 0},
        declined_by={"safe.self_neglect": frozenset({"svc-asc-safeguarding", "svc-a", "svc-b"})},
    )
    assert given(decision) == {"svc-asc-safeguarding": {"safe.self_neglect"}}
    assert "declined_three_times" not in decision.flags


def test_a_note_with_a_risk_and_no_need_is_not_left_unclassified(route: Route) -> None:
    decision = route(a_referral(flags=("child_at_risk",), place=CHESTERFIELD))
    assert given(decision) == {"svc-starting-point": {"safe.child_concern"}}


def test_a_risk_to_visitors_alone_leaves_a_note_to_the_triage_desk(route: Route) -> None:
    decision = route(a_referral(flags=("violence_risk",), place=AMBER_VALLEY))
    assert given(decision) == {"svc-cru-triage": {"info.unclassified"}}
