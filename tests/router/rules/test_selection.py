"""Section G: which service is chosen, and what it is passed over for (R54-R57)."""

from tests.router.rules.builders import (
    BOLSOVER,
    CHESTERFIELD,
    DERBYSHIRE_DALES,
    FRIDAY_EVENING,
    a_referral,
    given,
    in_district,
    london,
    need_of,
)
from tests.router.rules.conftest import Route


def test_a_service_that_lists_the_language_comes_first_only_at_the_same_rank(route: Route) -> None:
    decision = route(a_referral("social.cultural", language="pl", flags=("prefers_lgbt_service",)))
    assert given(decision) == {"svc-lgbt": {"social.cultural"}}
    assert "interpreter" in decision.flags


def test_no_language_given_is_the_usual_one(route: Route) -> None:
    assert "interpreter" not in route(a_referral("practical.bins", language="")).flags


def test_a_service_that_is_not_active_is_never_chosen(route: Route) -> None:
    decision = route(a_referral("digital.skills", place=DERBYSHIRE_DALES))
    assert given(decision) == {"svc-library-digital": {"digital.skills"}}
    [search] = need_of(decision, "digital.skills").searches
    assert search.tracks[0].candidates[0].verdict == "not_active"


def test_the_age_limits_of_a_service_include_both_ends(route: Route) -> None:
    for age, service in ((59, "svc-av-network"), (60, "svc-handy")):
        assert given(route(a_referral("practical.handy", age=age))) == {service: {"practical.handy"}}


def test_an_unknown_age_counts_as_seventy_for_somebody_over_seventy(route: Route) -> None:
    assert given(route(a_referral("practical.handy", age=None, flags=("over_70",)))) == {
        "svc-handy": {"practical.handy"}
    }
    assert given(route(a_referral("practical.handy", age=None))) == {"svc-av-network": {"practical.handy"}}
    known = a_referral("practical.handy", age=44, flags=("over_70",))
    assert given(route(known)) == {"svc-av-network": {"practical.handy"}}


def test_under_18_childrens_services_are_tried_before_the_triage_desk(route: Route) -> None:
    facts = a_referral("food.shopping", "care.assessment", age=17)
    assert given(route(facts)) == {"svc-u18": {"food.shopping", "care.assessment"}}
    assert given(route(facts, remaining={"svc-u18": 0})) == {"svc-cru-triage": {"food.shopping", "care.assessment"}}


def test_a_young_volunteer_is_taken_from_16_on(route: Route) -> None:
    for age, service in ((16, "svc-cvc-volunteers"), (15, "svc-u18")):
        offer = a_referral("offer.volunteer", age=age, request_kind="volunteer_offer", place=CHESTERFIELD)
        assert given(route(offer)) == {service: {"offer.volunteer"}}


def test_for_urgent_needs_a_service_that_stays_closed_is_passed_over(route: Route) -> None:
    facts = a_referral("food.shopping", food_days_left=0, place=BOLSOVER, received_at=FRIDAY_EVENING)
    decision = route(facts)
    assert given(decision) == {"svc-nhsvr-community": {"food.shopping"}}
    assert "unreachable_fallback" in decision.flags


def test_for_other_needs_opening_times_do_not_matter(route: Route) -> None:
    decision = route(a_referral("food.shopping", place=BOLSOVER, received_at=FRIDAY_EVENING))
    assert given(decision) == {"svc-bo-doorstep": {"food.shopping"}}


def test_the_needs_own_priority_decides_about_opening_times(route: Route) -> None:
    facts = a_referral(
        "food.shopping", "practical.dog_walking", food_days_left=0, place=BOLSOVER, received_at=FRIDAY_EVENING
    )
    assert given(route(facts)) == {
        "svc-nhsvr-community": {"food.shopping"},
        "svc-bo-doorstep": {"practical.dog_walking"},
    }


def test_on_a_bank_holiday_an_urgent_need_passes_over_who_is_closed(route: Route) -> None:
    facts = a_referral("money.energy", flags=("no_heating",), received_at=london("2020-04-10 10:00"))
    decision = route(facts)
    assert given(decision) == {"svc-cru-triage": {"money.energy"}}
    assert "unreachable_fallback" in decision.flags


def test_a_full_service_and_one_that_declined_are_passed_over(route: Route) -> None:
    facts = a_referral("food.shopping")
    decision = route(
        facts,
        remaining={"svc-av-network": 0, "svc-av-doorstep": 0},
        declined_by={"food.shopping": frozenset({"svc-av-doorstep"})},
    )
    assert given(decision) == {"svc-nhsvr-community": {"food.shopping"}}
    assert {"declined_fallback", "capacity_fallback"} <= set(decision.flags)


def test_a_service_flags_only_the_first_reason_it_was_passed_over_for(route: Route) -> None:
    facts = a_referral("food.shopping", food_days_left=0, place=BOLSOVER, received_at=FRIDAY_EVENING)
    decision = route(
        facts,
        remaining={"svc-bo-doorstep": 0, "svc-bo-network": 0},
        declined_by={"food.shopping": frozenset({"svc-bo-doorstep", "svc-bo-network"})},
    )
    assert set(decision.flags) & {"declined_fallback", "capacity_fallback", "unreachable_fallback"} == {
        "declined_fallback"
    }


def test_a_decline_counts_for_its_own_need_only(route: Route) -> None:
    facts = a_referral("practical.post", "practical.dog_walking")
    decision = route(facts, declined_by={"practical.post": frozenset({"svc-av-doorstep"})})
    assert given(decision) == {"svc-av-doorstep": {"practical.dog_walking"}, "svc-av-network": {"practical.post"}}


def test_after_three_declines_a_person_decides(route: Route) -> None:
    declined = {"practical.post": frozenset({"svc-av-doorstep", "svc-a", "svc-b"})}
    decision = route(a_referral("practical.post"), declined_by=declined)
    assert given(decision) == {"svc-cru-triage": {"practical.post"}}
    assert "declined_three_times" in decision.flags
    assert "declined_fallback" not in decision.flags


def test_the_triage_desk_always_has_room(route: Route) -> None:
    decision = route(a_referral(), remaining={"svc-cru-triage": 0})
    assert given(decision) == {"svc-cru-triage": {"info.unclassified"}}
    nowhere = route(a_referral("food.shopping", place=in_district(None)), remaining={"svc-cru-triage": 0})
    assert given(nowhere) == {"svc-cru-triage": {"food.shopping"}}


def test_a_service_with_places_left_is_taken(route: Route) -> None:
    decision = route(a_referral("food.shopping"), remaining={"svc-av-doorstep": 1})
    assert given(decision) == {"svc-av-doorstep": {"food.shopping"}}
    assert "capacity_fallback" not in decision.flags


def test_a_limited_service_is_asked_after_the_others_of_its_track_and_before_the_next_track(route: Route) -> None:
    facts = a_referral("food.shopping")
    usual = given(route(facts))
    [first] = usual
    passed_over = route(facts, limited=frozenset({first}))
    assert first not in given(passed_over)
    assert "capacity_fallback" in passed_over.flags
    [tried, *_] = passed_over.needs[0].searches[0].tracks
    others = frozenset(candidate.service_id for candidate in tried.candidates)
    assert [each.verdict for each in tried.candidates if each.service_id == first] == ["limited"]
    assert given(route(facts, limited=others)) == usual
