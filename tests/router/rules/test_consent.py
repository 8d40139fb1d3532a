"""Section C: what goes on when consent is given, refused or unknown (R23-R26)."""

from tests.router.rules.builders import CHESTERFIELD, a_referral, given
from tests.router.rules.conftest import Route


def test_a_representative_may_consent_and_that_is_flagged(route: Route) -> None:
    decision = route(a_referral("food.shopping", consent_by="representative"))
    assert given(decision) == {"svc-av-doorstep": {"food.shopping"}}
    assert "representative_consent" in decision.flags


def test_refused_lets_only_risk_and_information_go_on(route: Route) -> None:
    decision = route(
        a_referral("food.shopping", "info.general", "care.assessment", flags=("self_neglect",), consent="refused")
    )
    assert given(decision) == {"svc-cru-info": {"info.general"}, "svc-asc-safeguarding": {"safe.self_neglect"}}
    assert set(decision.held_needs) == {"food.shopping", "care.assessment"}
    assert "consent_refused" in decision.flags
    assert decision.outcome == "partially_routed"


def test_refused_is_not_flagged_when_nothing_is_held(route: Route) -> None:
    assert "consent_refused" not in route(a_referral("info.testing", consent="refused")).flags


def test_a_note_without_a_need_is_held_when_consent_is_refused(route: Route) -> None:
    decision = route(a_referral(consent="refused"))
    assert decision.held_needs == ("info.unclassified",)
    assert decision.outcome == "held_no_consent"


def test_an_added_need_is_held_with_the_others(route: Route) -> None:
    decision = route(a_referral("food.shopping", flags=("shielded",), shield_list_match=False, consent="refused"))
    assert set(decision.held_needs) == {"food.shopping", "health.shielding_status"}


def test_unknown_lets_the_countys_own_public_tasks_go_on(route: Route) -> None:
    facts = a_referral(
        "care.assessment", "food.shopping", "info.general", flags=("shielded",), consent="unknown", consent_by="none"
    )
    decision = route(facts)
    assert given(decision) == {
        "svc-asc-contact": {"care.assessment"},
        "svc-cru-shopping": {"food.shopping"},
        "svc-cru-info": {"info.general"},
    }
    assert "consent_needed" not in decision.flags


def test_unknown_sends_everything_else_to_be_asked_with_its_priority(route: Route) -> None:
    facts = a_referral("medicine.urgent_supply", "social.befriending", consent="unknown", consent_by="none")
    decision = route(facts, remaining={"svc-av-network": 0})
    [assignment] = decision.assignments
    assert assignment.service_id == "svc-cru-callback"
    assert assignment.priority == "P2"
    assert "consent_needed" in decision.flags
    assert "capacity_fallback" not in decision.flags


def test_a_need_kept_from_volunteers_is_with_the_desk_and_needs_no_call_first(route: Route) -> None:
    decision = route(a_referral("food.shopping", flags=("violence_risk",), consent="unknown", consent_by="none"))
    assert given(decision) == {"svc-cru-triage": {"food.shopping"}}
    assert "consent_needed" not in decision.flags


def test_childrens_services_are_not_among_the_public_tasks(route: Route) -> None:
    decision = route(a_referral("edu.device", consent="unknown", consent_by="none"))
    assert given(decision) == {"svc-cru-callback": {"edu.device"}}


def test_a_concern_report_needs_no_consent(route: Route) -> None:
    report = a_referral("cohesion.hate_incident", request_kind="concern_report", consent="refused", age=None)
    decision = route(report)
    assert given(decision) == {"svc-hate-crime": {"cohesion.hate_incident"}}
    assert "R26" in decision.because


def test_a_concern_report_of_domestic_abuse_still_needs_the_persons_own_consent(route: Route) -> None:
    report = a_referral(
        "safe.domestic_abuse", request_kind="concern_report", consent="unknown", consent_by="none", place=CHESTERFIELD
    )
    assert given(route(report)) == {"svc-cru-redflag": {"safe.domestic_abuse"}}
