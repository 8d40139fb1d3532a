"""What the caller is asked: every missing fact whose answer could change the decision, and no others."""

from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings

from services.router.configuration import load_county
from services.router.domain.again import Returned, place_again
from services.router.domain.assembling import NOTHING_BESIDE
from services.router.domain.conditions import Fact
from services.router.domain.decide import decide
from services.router.domain.decision import Decision
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from shared.errors import Refused
from tests.router.rules.builders import (
    AMBER_VALLEY,
    BOLSOVER,
    CHESTERFIELD,
    COUNTY_DIRECTORY,
    HIGH_PEAK,
    a_referral,
    in_district,
    straddling,
)
from tests.router.rules.conftest import Edit, Route
from tests.router.rules.test_invariants import referrals

COUNTY = load_county(COUNTY_DIRECTORY)
AGES = (0, 10, 15, 16, 17, 18, 24, 25, 30, 49, 50, 55, 60, 64, 65, 69, 70, 75, 90, 110)
UNASKED = referrals.map(lambda facts: replace(facts, open_matches=()))


def asked(decision: Decision) -> dict[Fact, tuple[str, ...]]:
    """The rules for each fact to ask."""
    return {ask.fact: ask.rules for ask in decision.asks}


def answers(facts: Facts) -> Iterator[tuple[Fact, Facts]]:
    """Each missing fact with a referral in which it alone has become known."""
    if facts.age is None:
        oldest_first = [age for age in AGES if "over_70" not in facts.flags or age >= 70]
        yield from (("age", replace(facts, age=age)) for age in oldest_first)
    if facts.food_days_left is None:
        yield from (("food_days_left", replace(facts, food_days_left=days)) for days in range(6))
    if facts.meds_days_left is None:
        yield from (("meds_days_left", replace(facts, meds_days_left=days)) for days in range(6))
    if facts.shield_list_match is None:
        yield from (("shield_list_match", replace(facts, shield_list_match=match)) for match in (True, False))
    if facts.place.district is None:
        places = facts.place.candidates or (*COUNTY.districts, "L99999999")
        yield from (("place", replace(facts, place=in_district(code, facts.place.outcode))) for code in places)
    elif facts.place.outcode is None:
        place = facts.place
        yield from (("place", replace(facts, place=replace(place, outcode=code))) for code in ("SK13", "DE4"))


def outcome(decision: Decision) -> object:
    """What people notice of a decision: who does what, how soon, and what is flagged; not the reasons."""
    offers = {(each.service_id, frozenset(each.needs), each.priority) for each in decision.assignments}
    return offers, frozenset(decision.held_needs), frozenset(decision.flags) - {"out_of_hours"}


@settings(deadline=None, max_examples=150)
@given(facts=UNASKED)
def test_every_fact_that_alone_could_change_the_decision_is_asked_for(facts: Facts) -> None:
    decision = decide(facts, COUNTY, Load())
    known = asked(decision)
    for fact, answered in answers(facts):
        if fact not in known:
            assert outcome(decide(answered, COUNTY, Load())) == outcome(decision), fact


@settings(deadline=None, max_examples=50)
@given(facts=UNASKED)
def test_what_is_known_is_never_asked_for(facts: Facts) -> None:
    full = replace(
        facts,
        age=facts.age or 45,
        food_days_left=facts.food_days_left or 0,
        meds_days_left=facts.meds_days_left or 0,
        shield_list_match=bool(facts.shield_list_match),
        place=in_district(facts.place.district or AMBER_VALLEY, "DE4"),
    )
    assert decide(full, COUNTY, Load()).asks == ()


def test_a_parent_who_asks_for_food_is_asked_how_long_it_lasts(route: Route) -> None:
    assert asked(route(a_referral("food.shopping"))) == {"food_days_left": ("R50",)}


def test_nothing_is_asked_that_could_no_longer_change_anything(route: Route) -> None:
    assert asked(route(a_referral("food.shopping", requested_priority="P1"))) == {}, "the need is for today already"
    assert asked(route(a_referral("money.debt"))) == {}
    assert asked(route(a_referral("food.shopping", consent="refused"))) == {}, "the need is held"


def test_who_asks_for_themselves_is_asked_their_age_first(route: Route) -> None:
    known = asked(route(a_referral("food.shopping", age=None, place="")))
    assert list(known) == ["place", "age", "food_days_left"], "in the order of the county's questions"
    assert "R21" in known["age"], "a child may be asking alone"


def test_the_age_of_an_adult_at_risk_decides_who_looks_after_them(route: Route) -> None:
    known = asked(route(a_referral("safe.self_neglect", age=None, referrer_kind="professional")))
    assert set(known["age"]) == {"R17", "R18", "R22"}


def test_an_action_that_is_taken_anyway_asks_for_nothing(route: Route) -> None:
    abuse = a_referral("safe.domestic_abuse", age=None, referrer_kind="professional", consent_by="none")
    assert asked(route(abuse)) == {"age": ("R17",)}, "a child concern if under 18"
    assert asked(route(replace(abuse, flags=("child_at_risk",)))) == {}


def test_who_is_ticked_as_older_is_not_asked_for_a_child(route: Route) -> None:
    assert asked(route(a_referral("safe.self_neglect", age=None, flags=("over_70",)))) == {}


def test_the_last_marker_is_asked_for(route: Route) -> None:
    known = asked(route(a_referral("food.hot_meals", age=None, flags=("lives_alone",), referrer_kind="family")))
    assert "R49" in known["age"]


def test_whether_a_letter_came_is_asked_where_it_changes_who_brings_the_food(route: Route) -> None:
    known = asked(route(a_referral("food.shopping", flags=("shielded",), food_days_left=7)))
    assert set(known["shield_list_match"]) == {"R28", "R29", "R32"}
    assert "shield_list_match" not in asked(route(a_referral("food.shopping", food_days_left=7)))


def test_a_place_between_two_districts_is_asked_for_where_they_differ(route: Route) -> None:
    differ = a_referral("practical.dog_walking", place=straddling(CHESTERFIELD, BOLSOVER))
    assert asked(route(differ)) == {"place": ("R05",)}
    assert asked(route(replace(differ, needs=("care.assessment",)))) == {}, "one service for both"


def test_without_a_postcode_the_outcode_is_asked_for_where_a_row_names_one(route: Route) -> None:
    assert asked(route(a_referral("medicine.advice", place=HIGH_PEAK))) == {"place": ("R34",)}


def test_without_a_postcode_the_outcode_is_asked_for_where_a_nearer_service_may_be(route: Route) -> None:
    assert asked(route(a_referral("mind.perinatal", place=AMBER_VALLEY)))["place"] == ("R54",)
    assert "place" not in asked(route(a_referral("mind.perinatal", place=in_district(AMBER_VALLEY, "DE56"))))


def test_a_fact_without_a_question_is_not_asked_for(county_with: Edit) -> None:
    question = "  food_days_left: For how many days is there still food in the house?\n"
    silent = county_with("rules.yaml", question, "")
    assert decide(a_referral("food.shopping"), silent, Load()).asks == ()


def test_needs_that_are_placed_again_leave_the_questions_as_they_were() -> None:
    facts = a_referral("food.shopping", "practical.dog_walking", age=None)
    first = decide(facts, COUNTY, Load())
    again = place_again(facts, COUNTY, Load(), Returned({"practical.dog_walking": "P4"}), NOTHING_BESIDE)
    assert again.asks == first.asks != ()


@pytest.mark.parametrize("line", ["  colour: Which colour?\n", "  outcode: ''\n"])
def test_only_facts_can_be_asked_for(county_with: Edit, line: str) -> None:
    with pytest.raises(Refused, match="questions"):
        county_with("rules.yaml", "\nquestions:\n", f"\nquestions:\n{line}")


def test_what_is_asked_names_codes_alone(route: Route) -> None:
    decision = route(a_referral("food.shopping", age=None))
    assert {key for ask in decision.asks for key in asdict(ask)} == {"fact", "rules"}
