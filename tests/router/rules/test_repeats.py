"""Needs that an open referral of the same person already has (R11)."""

from tests.router.rules.builders import a_referral, an_open_referral, given, london, need_of
from tests.router.rules.conftest import Route


def test_a_repeated_need_is_not_assigned_again_and_the_open_referral_is_named(route: Route) -> None:
    facts = a_referral("food.shopping", "practical.bins", open_matches=(an_open_referral("A", "food.shopping"),))
    decision = route(facts)
    assert given(decision) == {"svc-av-contact": {"practical.bins"}}
    assert decision.duplicate_of == "A"
    assert decision.outcome == "routed"
    assert need_of(decision, "food.shopping").state == "duplicate"


def test_only_repeated_needs_make_a_duplicate(route: Route) -> None:
    decision = route(a_referral("food.shopping", open_matches=(an_open_referral("A", "food.shopping"),)))
    assert decision.outcome == "duplicate"
    assert decision.priority is None


def test_an_open_referral_with_other_needs_is_not_named(route: Route) -> None:
    decision = route(a_referral("food.shopping", open_matches=(an_open_referral("A", "practical.bins"),)))
    assert decision.duplicate_of is None
    assert given(decision) == {"svc-av-doorstep": {"food.shopping"}}


def test_repeated_needs_count_from_all_and_the_most_recent_with_one_is_named(route: Route) -> None:
    matches = (
        an_open_referral("older", "food.shopping", received_at=london("2020-05-01 09:00")),
        an_open_referral("newer", "practical.post", received_at=london("2020-05-02 09:00")),
        an_open_referral("newest", "money.debt", received_at=london("2020-05-04 09:00")),
    )
    decision = route(a_referral("food.shopping", "practical.post", open_matches=matches))
    assert decision.duplicate_of == "newer"
    assert decision.assignments == ()


def test_on_a_tie_the_later_listed_is_named(route: Route) -> None:
    matches = (an_open_referral("first", "food.shopping"), an_open_referral("second", "food.shopping"))
    assert route(a_referral("food.shopping", open_matches=matches)).duplicate_of == "second"


def test_a_more_urgent_repeat_asks_to_raise_the_open_referral(route: Route) -> None:
    matches = (an_open_referral("A", "food.shopping", priority="P3"),)
    assert "raise_existing_priority" in route(a_referral("food.shopping", food_days_left=0, open_matches=matches)).flags
    assert "raise_existing_priority" not in route(a_referral("food.shopping", open_matches=matches)).flags


def test_each_open_referral_is_compared_with_the_needs_it_repeats(route: Route) -> None:
    matches = (
        an_open_referral("urgent", "food.shopping", priority="P2"),
        an_open_referral("routine", "practical.bins", priority="P4"),
    )
    facts = a_referral("food.shopping", "practical.bins", food_days_left=1, open_matches=matches)
    assert "raise_existing_priority" not in route(facts).flags


def test_risk_is_never_a_repeat(route: Route) -> None:
    matches = (an_open_referral("A", "safe.adult_abuse", "mind.crisis"),)
    decision = route(a_referral("safe.adult_abuse", "mind.crisis", open_matches=matches))
    assert decision.duplicate_of is None
    assert given(decision) == {"svc-asc-safeguarding": {"safe.adult_abuse"}, "svc-mh-helpline": {"mind.crisis"}}


def test_concern_reports_and_children_asking_alone_are_not_checked(route: Route) -> None:
    matches = (an_open_referral("A", "housing.rough_sleeper"),)
    report = route(a_referral("housing.rough_sleeper", request_kind="concern_report", open_matches=matches))
    assert given(report) == {"svc-av-housing": {"housing.rough_sleeper"}}
    child = route(a_referral("housing.rough_sleeper", age=14, open_matches=matches))
    assert given(child) == {"svc-starting-point": {"safe.child_concern", "housing.rough_sleeper"}}


def test_a_repeated_need_is_not_held_when_consent_is_refused(route: Route) -> None:
    matches = (an_open_referral("A", "food.shopping"),)
    decision = route(a_referral("food.shopping", "practical.post", consent="refused", open_matches=matches))
    assert decision.held_needs == ("practical.post",)
    assert decision.outcome == "held_no_consent"


def test_shielding_is_not_asked_about_when_every_need_is_a_repeat(route: Route) -> None:
    facts = a_referral(
        "food.shopping",
        flags=("shielded",),
        shield_list_match=False,
        open_matches=(an_open_referral("A", "food.shopping", priority="P2"),),
    )
    assert route(facts).outcome == "duplicate"


def test_shielding_is_not_asked_about_twice(route: Route) -> None:
    facts = a_referral(
        "food.shopping",
        "practical.bins",
        flags=("shielded",),
        shield_list_match=False,
        open_matches=(an_open_referral("A", "food.shopping", "health.shielding_status", priority="P2"),),
    )
    assert given(route(facts)) == {"svc-av-contact": {"practical.bins"}}
