"""One message per service, the outcome, and the channels (R58, R59)."""

from typing import Literal

import pytest

from tests.router.rules.builders import AMBER_VALLEY, DERBY, a_referral, assigned_to, in_district
from tests.router.rules.conftest import Route


def test_needs_for_one_service_go_together_with_the_highest_priority(route: Route) -> None:
    decision = route(a_referral("food.shopping", "practical.post", food_days_left=1))
    [assignment] = decision.assignments
    assert set(assignment.needs) == {"food.shopping", "practical.post"}
    assert (assignment.priority, assignment.sla) == ("P2", "same_day")
    assert decision.priority == "P2"


@pytest.mark.parametrize(
    ("needs", "flags", "consent", "place", "outcome"),
    [
        (("food.shopping",), ("immediate_danger",), "given", DERBY, "emergency"),
        (("food.shopping",), (), "given", DERBY, "out_of_area"),
        (("food.shopping",), (), "refused", AMBER_VALLEY, "held_no_consent"),
        (("food.shopping",), (), "refused", DERBY, "held_no_consent"),
        (("food.shopping",), ("violence_risk",), "given", AMBER_VALLEY, "triage_desk"),
        (("food.shopping",), ("domestic_abuse",), "refused", AMBER_VALLEY, "triage_desk"),
        (("food.shopping", "practical.bins"), ("violence_risk",), "given", AMBER_VALLEY, "partially_routed"),
        (("food.shopping", "info.general"), (), "refused", AMBER_VALLEY, "partially_routed"),
        (("food.shopping",), (), "given", AMBER_VALLEY, "routed"),
    ],
)
def test_the_outcome_is_the_first_that_applies(
    route: Route,
    needs: tuple[str, ...],
    flags: tuple[str, ...],
    consent: Literal["given", "refused"],
    place: str,
    outcome: str,
) -> None:
    facts = a_referral(*needs, flags=flags, consent=consent, place=place)
    assert route(facts).outcome == outcome


@pytest.mark.parametrize(
    ("need", "flags", "service", "channels"),
    [
        ("practical.bins", ("immediate_danger",), "svc-cru-duty", {"phone", "sms", "email"}),
        ("mind.crisis", ("suicidal_now",), "svc-mh-helpline", {"phone", "sms"}),
        ("housing.homeless", (), "svc-av-housing", {"email", "sms"}),
        ("cohesion.extremism", (), "svc-keystone", {"portal"}),
        ("health.covid_symptoms", (), "svc-nhs111", {"phone"}),
        ("safe.adult_abuse", (), "svc-asc-safeguarding", {"portal", "phone"}),
        ("practical.post", (), "svc-av-doorstep", {"email"}),
        ("info.general", (), "svc-cru-info", {"portal"}),
        ("safe.scam", (), "svc-dcc-trading", {"email"}),
    ],
)
def test_the_channels_follow_the_urgency(
    route: Route, need: str, flags: tuple[str, ...], service: str, channels: set[str]
) -> None:
    assert set(assigned_to(route(a_referral(need, flags=flags)), service).channels) == channels


def test_safe_contact_tells_every_service_by_the_inbox_only_and_urgent_risk_by_phone_too(route: Route) -> None:
    decision = route(a_referral("health.covid_symptoms", "housing.homeless", flags=("domestic_abuse",)))
    assert {each.service_id: set(each.channels) for each in decision.assignments} == {
        "svc-da-helpline": {"portal", "phone"},
        "svc-av-housing": {"portal"},
        "svc-nhs111": {"phone"},
    }
    assert all(each.safe_contact_only for each in decision.assignments)


def test_a_risk_handed_over_is_told_by_phone_too(route: Route) -> None:
    decision = route(a_referral("safe.self_neglect", place=DERBY))
    assert set(assigned_to(decision, "svc-ooa-derby").channels) == {"email", "phone"}


def test_what_was_flagged_before_routing_is_kept(route: Route) -> None:
    decision = route(a_referral("food.shopping", place=in_district(None), quality=("postcode_missing", "long_notes")))
    assert {"postcode_missing", "long_notes"} <= set(decision.flags)
    assert "R03" in decision.because
