"""Section E: which tracks a need tries, and in what order (R28-R47)."""

import pytest

from services.router.domain.decision import Decision
from tests.router.rules.builders import (
    AMBER_VALLEY,
    BOLSOVER,
    CHESTERFIELD,
    EREWASH,
    HIGH_PEAK,
    NORTH_EAST,
    SOUTH_DERBYSHIRE,
    a_referral,
    given,
    in_district,
    need_of,
)
from tests.router.rules.conftest import Route


def only_service(decision: Decision) -> str:
    [service] = given(decision)
    return service


@pytest.mark.parametrize("match", [True, None])
@pytest.mark.parametrize(
    ("need", "service"),
    [
        ("food.shopping", "svc-cru-shopping"),
        ("food.supermarket_slot", "svc-cru-shopping"),
        ("food.emergency_parcel", "svc-cru-parcel"),
        ("medicine.prescription", "svc-cru-meds"),
    ],
)
def test_shielded_people_are_helped_by_the_county_first(
    route: Route, need: str, service: str, match: bool | None
) -> None:
    assert only_service(route(a_referral(need, flags=("shielded",), shield_list_match=match))) == service


def test_shielded_people_fall_back_to_the_lead_agency_and_for_parcels_to_the_food_bank_before(route: Route) -> None:
    full = {"svc-cru-shopping": 0, "svc-cru-parcel": 0}
    facts = a_referral("food.shopping", "food.emergency_parcel", flags=("shielded",))
    decision = route(facts, remaining=full)
    assert given(decision) == {"svc-av-doorstep": {"food.shopping"}, "svc-foodbank-av": {"food.emergency_parcel"}}
    assert "capacity_fallback" in decision.flags


def test_unverified_shielding_gets_the_parcel_ordinary_help_and_a_question_to_the_health_service(route: Route) -> None:
    needs = ("food.emergency_parcel", "food.shopping", "medicine.prescription")
    decision = route(a_referral(*needs, flags=("shielded", "no_income"), shield_list_match=False))
    assert given(decision) == {
        "svc-cru-parcel": {"food.emergency_parcel"},
        "svc-av-doorstep": {"food.shopping", "medicine.prescription"},
        "svc-pcn-amber": {"health.shielding_status"},
    }
    assert {"shielding_unverified", "most_vulnerable"} <= set(decision.flags)


def test_unverified_shielding_is_not_asked_about_for_risk_alone(route: Route) -> None:
    decision = route(a_referral("safe.self_neglect", flags=("shielded",), shield_list_match=False))
    assert given(decision) == {"svc-asc-safeguarding": {"safe.self_neglect"}}


@pytest.mark.parametrize(
    ("flags", "age", "service"),
    [
        (("no_support_network", "lives_alone"), 45, "svc-cru-parcel"),
        (("no_support_network",), 70, "svc-cru-parcel"),
        (("no_support_network", "over_70"), None, "svc-cru-parcel"),
        (("no_support_network",), 69, "svc-av-doorstep"),
        (("lives_alone", "dementia"), 80, "svc-av-doorstep"),
        (("no_support_network", "lives_alone", "no_income"), 80, "svc-foodbank-av"),
    ],
)
def test_a_parcel_for_somebody_not_shielded_depends_on_support_markers_and_income(
    route: Route, flags: tuple[str, ...], age: int | None, service: str
) -> None:
    assert only_service(route(a_referral("food.emergency_parcel", flags=flags, age=age))) == service


@pytest.mark.parametrize("need", ["food.bank", "food.infant_formula"])
def test_who_cannot_afford_food_goes_to_the_food_bank_then_the_lead_agency(route: Route, need: str) -> None:
    assert given(route(a_referral(need))) == {"svc-foodbank-av": {need}}
    assert given(route(a_referral(need), remaining={"svc-foodbank-av": 0})) == {"svc-av-network": {need}}


@pytest.mark.parametrize("place", [CHESTERFIELD, NORTH_EAST])
@pytest.mark.parametrize("flags", [(), ("shielded",)])
def test_prescriptions_go_by_pharmacy_delivery_where_there_is_one(
    route: Route, place: str, flags: tuple[str, ...]
) -> None:
    assert only_service(route(a_referral("medicine.prescription", place=place, flags=flags))) == "svc-peak-delivery"


def test_after_the_pharmacy_comes_the_county_for_shielded_people_and_the_lead_agency_for_others(route: Route) -> None:
    full = {"svc-peak-delivery": 0}
    shielded = a_referral("medicine.prescription", place=CHESTERFIELD, flags=("shielded",))
    assert given(route(shielded, remaining=full)) == {"svc-cru-meds": {"medicine.prescription"}}
    other = a_referral("medicine.prescription", place=CHESTERFIELD)
    assert given(route(other, remaining=full)) == {"svc-dva-doorstep": {"medicine.prescription"}}


@pytest.mark.parametrize("need", ["health.gp_access", "health.long_term_condition", "health.shielding_status"])
def test_in_glossop_its_own_health_service_comes_before_lower_ranks(route: Route, need: str) -> None:
    glossop, buxton = in_district(HIGH_PEAK, "SK13"), in_district(HIGH_PEAK, "SK17")
    assert only_service(route(a_referral(need, place=glossop))) == "svc-tgccg-health"
    assert only_service(route(a_referral(need, place=buxton))) == "svc-pcn-peak"
    full = route(a_referral(need, place=glossop), remaining={"svc-tgccg-health": 0})
    assert given(full) == {"svc-pcn-peak": {need}}


def test_at_the_same_rank_the_narrower_area_comes_first(route: Route) -> None:
    assert only_service(route(a_referral("mind.perinatal", place=in_district(HIGH_PEAK, "SK13")))) == "svc-tgccg-health"


@pytest.mark.parametrize(
    ("need", "place", "service"),
    [
        ("social.isolation", NORTH_EAST, "svc-fc-development"),
        ("social.isolation", EREWASH, "svc-eva-connectors"),
        ("social.isolation", SOUTH_DERBYSHIRE, "svc-sd-network"),
        ("social.befriending", EREWASH, "svc-er-network"),
        ("housing.repairs", BOLSOVER, "svc-bo-housing"),
        ("work.business_support", HIGH_PEAK, "svc-hp-contact"),
        ("money.energy", AMBER_VALLEY, "svc-healthy-home"),
        ("edu.send", AMBER_VALLEY, "svc-early-help"),
        ("life.alcohol_drugs", AMBER_VALLEY, "svc-recovery"),
        ("offer.donation", NORTH_EAST, "svc-cvc-volunteers"),
        ("org.waste", CHESTERFIELD, "svc-cbc-vcs"),
        ("org.waste", NORTH_EAST, "svc-links-governance"),
        ("org.funding", CHESTERFIELD, "svc-fc-fund"),
        ("cohesion.tension", AMBER_VALLEY, "svc-dcc-cohesion"),
        ("cohesion.newcomer", AMBER_VALLEY, "svc-bme"),
        ("welfare.no_contact", AMBER_VALLEY, "svc-cru-welfare"),
    ],
)
def test_every_need_has_its_own_service(route: Route, need: str, place: str, service: str) -> None:
    assert only_service(route(a_referral(need, place=place))) == service


@pytest.mark.parametrize(
    ("age", "flags", "service"),
    [
        (19, (), "svc-dva-network"),
        (17, (), "svc-u18"),
        (17, ("learning_disability",), "svc-debp-creative"),
        (25, ("learning_disability",), "svc-debp-creative"),
        (26, ("learning_disability",), "svc-dva-network"),
    ],
)
def test_young_people_out_of_work_in_chesterfield(route: Route, age: int, flags: tuple[str, ...], service: str) -> None:
    assert only_service(route(a_referral("work.neet", place=CHESTERFIELD, age=age, flags=flags))) == service


def test_what_cannot_be_read_is_for_the_triage_desk_and_the_rest_goes_on(route: Route) -> None:
    decision = route(a_referral("food.shoping", "risk.suicide", "practical.bins"))
    assert given(decision) == {"svc-cru-triage": {"info.unclassified"}, "svc-av-contact": {"practical.bins"}}
    assert "unknown_need_code" in decision.flags
    assert need_of(decision, "info.unclassified").priority == "P3"


def test_an_explanation_names_every_candidate_and_why_it_was_not_taken(route: Route) -> None:
    facts = a_referral("digital.skills", place=CHESTERFIELD)
    [search] = need_of(route(facts, remaining={"svc-library-digital": 0}), "digital.skills").searches
    assert [
        (tried.track, [(each.service_id, each.verdict) for each in tried.candidates]) for tried in search.tracks
    ] == [
        ("specialist", [("svc-emh-digital", "circumstances"), ("svc-library-digital", "full")]),
        ("lead_va", [("svc-dva-network", "taken")]),
    ]
