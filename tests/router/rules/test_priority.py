"""Section F: how urgent a need is (R48-R52)."""

import pytest

from services.router.domain.vocabulary import Priority
from tests.router.rules.builders import CHESTERFIELD, a_referral, need_of
from tests.router.rules.conftest import Route


def test_a_need_has_its_own_priority(route: Route) -> None:
    assert need_of(route(a_referral("food.shopping")), "food.shopping").priority == "P3"
    assert need_of(route(a_referral("social.befriending")), "social.befriending").priority == "P4"


@pytest.mark.parametrize(
    ("age", "flags"),
    [
        (30, ("shielded",)),
        (30, ("hospice_patient",)),
        (70, ("lives_alone",)),
        (44, ("over_70", "lives_alone")),
        (30, ("pregnant", "sensory_impairment")),
    ],
)
def test_essential_needs_of_the_most_vulnerable_are_for_the_same_day(
    route: Route, age: int, flags: tuple[str, ...]
) -> None:
    decision = route(a_referral("food.shopping", "social.befriending", age=age, flags=flags))
    assert "most_vulnerable" in decision.flags
    assert need_of(decision, "food.shopping").priority == "P2"
    assert need_of(decision, "social.befriending").priority == "P4"


@pytest.mark.parametrize(
    ("age", "flags"), [(69, ("lives_alone",)), (80, ("over_70",)), (30, ("carer", "no_income", "lives_alone"))]
)
def test_one_marker_alone_is_not_most_vulnerable(route: Route, age: int, flags: tuple[str, ...]) -> None:
    decision = route(a_referral("food.shopping", age=age, flags=flags))
    assert "most_vulnerable" not in decision.flags


def test_the_most_vulnerable_are_flagged_even_when_nothing_is_raised(route: Route) -> None:
    assert "most_vulnerable" in route(a_referral(flags=("immediate_danger", "shielded"))).flags


@pytest.mark.parametrize(("days", "priority"), [(0, "P2"), (1, "P2"), (2, "P3"), (3, "P3"), (4, "P4"), (None, "P4")])
def test_days_left_raise_food_and_medicine(route: Route, days: int | None, priority: str) -> None:
    facts = a_referral("medicine.advice", "medicine.equipment", meds_days_left=days)
    assert need_of(route(facts), "medicine.advice").priority == "P4"
    equipment = need_of(route(facts), "medicine.equipment").priority
    assert equipment == min(priority, "P3")


def test_food_for_one_day_raises_every_need_for_food(route: Route) -> None:
    decision = route(a_referral("food.bank", "food.hot_meals", "practical.post", food_days_left=1))
    assert {need.need: need.priority for need in decision.needs} == {
        "food.bank": "P2",
        "food.hot_meals": "P2",
        "practical.post": "P4",
    }


@pytest.mark.parametrize(
    ("flag", "need"),
    [
        ("homeless_tonight", "housing.eviction_risk"),
        ("no_heating", "money.energy"),
        ("hospital_discharge", "care.assessment"),
    ],
)
def test_shelter_warmth_and_discharge_are_for_the_same_day(route: Route, flag: str, need: str) -> None:
    assert need_of(route(a_referral(need, flags=(flag,))), need).priority == "P2"


@pytest.mark.parametrize(("asked", "priority"), [("P1", "P2"), ("P2", "P2"), ("P3", "P3"), ("P4", "P4"), (None, "P4")])
def test_staff_may_raise_a_need_but_not_to_immediate(route: Route, asked: Priority | None, priority: str) -> None:
    decision = route(a_referral("practical.bins", requested_priority=asked))
    assert need_of(decision, "practical.bins").priority == priority


def test_staff_cannot_lower_a_need(route: Route) -> None:
    facts = a_referral("health.covid_symptoms", requested_priority="P4")
    assert need_of(route(facts), "health.covid_symptoms").priority == "P2"


def test_an_added_need_is_raised_like_any_other(route: Route) -> None:
    facts = a_referral(
        "food.shopping", flags=("shielded",), shield_list_match=False, requested_priority="P2", place=CHESTERFIELD
    )
    assert need_of(route(facts), "health.shielding_status").priority == "P2"


def test_an_explanation_names_the_rules_that_raised_a_need(route: Route) -> None:
    need = need_of(
        route(a_referral("food.shopping", age=75, flags=("lives_alone",), food_days_left=1)), "food.shopping"
    )
    assert need.base_priority == "P3"
    assert [(raised.priority, raised.rules) for raised in need.raised] == [("P2", ("R49",)), ("P2", ("R50",))]
