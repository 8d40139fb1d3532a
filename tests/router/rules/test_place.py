"""Section D and the places of section A: outside the county, straddling, unknown (R05, R06, R27)."""

import pytest

from tests.router.rules.builders import (
    AMBER_VALLEY,
    BOLSOVER,
    CHESTERFIELD,
    DERBY,
    FRIDAY_EVENING,
    HIGH_PEAK,
    NORTH_EAST,
    SHEFFIELD,
    SHEFFIELD_BEFORE_2025,
    a_referral,
    an_open_referral,
    assigned_to,
    given,
    in_district,
    need_of,
    straddling,
)
from tests.router.rules.conftest import Route


def test_a_straddling_place_is_enough_where_every_candidate_gives_the_same_service(route: Route) -> None:
    decision = route(a_referral("social.befriending", place=straddling(CHESTERFIELD, NORTH_EAST)))
    assert given(decision) == {"svc-dva-network": {"social.befriending"}}
    assert [search.district for search in need_of(decision, "social.befriending").searches] == [
        CHESTERFIELD,
        NORTH_EAST,
    ]


def test_where_the_candidates_differ_the_triage_desk_decides(route: Route) -> None:
    decision = route(a_referral("social.befriending", place=straddling(CHESTERFIELD, BOLSOVER)))
    assert given(decision) == {"svc-cru-triage": {"social.befriending"}}


def test_a_candidate_outside_the_county_sends_needs_to_the_desk_but_county_wide_ones_on(route: Route) -> None:
    facts = a_referral(
        "health.covid_symptoms", "money.benefits", "safe.adult_abuse", place=straddling(HIGH_PEAK, DERBY)
    )
    assert given(route(facts)) == {
        "svc-nhs111": {"health.covid_symptoms"},
        "svc-cru-triage": {"money.benefits"},
        "svc-asc-safeguarding": {"safe.adult_abuse"},
    }


def test_the_rules_on_visitors_and_consent_look_at_what_the_comparison_gave(route: Route) -> None:
    place = straddling(CHESTERFIELD, NORTH_EAST)
    visitors = route(a_referral("social.befriending", flags=("violence_risk",), place=place))
    assert "no_doorstep_volunteers" in visitors.flags
    asked = route(a_referral("social.befriending", consent="unknown", consent_by="none", place=place))
    assert given(asked) == {"svc-cru-callback": {"social.befriending"}}
    undecided = a_referral(
        "social.befriending",
        consent="unknown",
        consent_by="none",
        flags=("violence_risk",),
        place=straddling(CHESTERFIELD, BOLSOVER),
    )
    assert given(route(undecided)) == {"svc-cru-triage": {"social.befriending"}}
    assert "no_doorstep_volunteers" not in route(undecided).flags


def test_without_a_place_only_needs_that_ask_for_none_go_on(route: Route) -> None:
    facts = a_referral("health.covid_symptoms", "food.shopping", "safe.scam", place=in_district(None))
    assert given(route(facts)) == {
        "svc-nhs111": {"health.covid_symptoms"},
        "svc-dcc-trading": {"safe.scam"},
        "svc-cru-triage": {"food.shopping"},
    }


def test_outside_the_county_everything_is_handed_over_in_one_assignment(route: Route) -> None:
    decision = route(a_referral("food.shopping", "safe.adult_abuse", "mind.crisis", place=DERBY))
    assert given(decision) == {"svc-ooa-derby": {"food.shopping", "safe.adult_abuse", "mind.crisis"}}
    assert decision.outcome == "out_of_area"
    assert assigned_to(decision, "svc-ooa-derby").priority == "P2"


@pytest.mark.parametrize("code", [SHEFFIELD, SHEFFIELD_BEFORE_2025])
def test_old_and_new_codes_of_one_authority_are_the_same_place(route: Route, code: str) -> None:
    assert given(route(a_referral("practical.bins", place=code))) == {"svc-ooa-north": {"practical.bins"}}


def test_a_place_that_no_handover_desk_lists_goes_to_the_one_for_the_rest(route: Route) -> None:
    assert given(route(a_referral("practical.bins", place="L99999999"))) == {"svc-ooa-other": {"practical.bins"}}


def test_outside_the_county_its_own_immediate_actions_are_still_taken(route: Route) -> None:
    facts = a_referral(
        flags=("suicidal_now", "domestic_abuse"),
        red_flags=("child",),
        consent="given",
        consent_by="representative",
        place=DERBY,
    )
    decision = route(facts)
    assert given(decision) == {
        "svc-cru-duty": {"risk.suicide"},
        "svc-cru-redflag": {"triage.red_flag", "safe.domestic_abuse"},
        "svc-ooa-derby": {"mind.crisis"},
    }
    assert decision.outcome == "emergency"


def test_a_closed_handover_desk_with_a_risk_is_watched_here(route: Route) -> None:
    risky = a_referral("safe.child_concern", place=DERBY, received_at=FRIDAY_EVENING)
    decision = route(risky)
    assert given(decision) == {"svc-ooa-derby": {"safe.child_concern"}, "svc-cru-redflag": {"triage.red_flag"}}
    assert "human_check" in decision.flags
    harmless = route(a_referral("practical.bins", place=DERBY, received_at=FRIDAY_EVENING))
    assert given(harmless) == {"svc-ooa-derby": {"practical.bins"}}
    always_open = route(a_referral("safe.child_concern", place="L99999999", received_at=FRIDAY_EVENING))
    assert given(always_open) == {"svc-ooa-other": {"safe.child_concern"}}


def test_a_closed_handover_desk_and_worrying_words_make_one_look(route: Route) -> None:
    facts = a_referral("safe.child_concern", place=DERBY, received_at=FRIDAY_EVENING, red_flags=("medical",))
    assert assigned_to(route(facts), "svc-cru-redflag").needs == ("triage.red_flag",)


def test_outside_the_county_refused_holds_all_but_risk(route: Route) -> None:
    decision = route(a_referral("info.general", "food.bank", "safe.self_neglect", consent="refused", place=DERBY))
    assert set(decision.held_needs) == {"info.general", "food.bank"}
    assert given(decision) == {"svc-ooa-derby": {"safe.self_neglect"}}


def test_outside_the_county_unknown_consent_is_asked_for_first(route: Route) -> None:
    decision = route(a_referral("info.general", "care.assessment", consent="unknown", consent_by="none", place=DERBY))
    assert given(decision) == {"svc-cru-callback": {"info.general", "care.assessment"}}
    assert decision.outcome == "triage_desk"
    assert "consent_needed" in decision.flags


def test_outside_the_county_a_concern_report_goes_without_consent(route: Route) -> None:
    report = a_referral("cohesion.tension", consent="unknown", request_kind="concern_report", place=DERBY)
    assert given(route(report)) == {"svc-ooa-derby": {"cohesion.tension"}}


def test_outside_the_county_a_child_asking_alone_is_handed_over_with_everything(route: Route) -> None:
    decision = route(a_referral("social.befriending", age=11, consent="unknown", consent_by="none", place=DERBY))
    assert given(decision) == {"svc-ooa-derby": {"safe.child_concern", "social.befriending"}}
    assert need_of(decision, "social.befriending").priority == "P2"


def test_outside_the_county_neither_shielding_nor_visitors_nor_room_are_looked_at(route: Route) -> None:
    facts = a_referral("food.shopping", flags=("shielded", "violence_risk"), shield_list_match=False, place=DERBY)
    decision = route(facts, remaining={"svc-ooa-derby": 0})
    assert given(decision) == {"svc-ooa-derby": {"food.shopping"}}
    assert "no_doorstep_volunteers" not in decision.flags


def test_outside_the_county_repeats_are_still_left_out(route: Route) -> None:
    facts = a_referral("food.shopping", place=DERBY, open_matches=(an_open_referral("A", "food.shopping"),))
    assert route(facts).outcome == "duplicate"


def test_the_district_is_reported_as_it_was_given(route: Route) -> None:
    assert route(a_referral("practical.bins", place=SHEFFIELD_BEFORE_2025)).district == SHEFFIELD_BEFORE_2025
    assert route(a_referral("practical.bins", place=straddling(AMBER_VALLEY, BOLSOVER))).district is None
