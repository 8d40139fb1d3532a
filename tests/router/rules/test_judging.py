"""What can be said of a condition while facts are missing is never contradicted when they become known."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.case import read_case
from services.router.domain.conditions import Case, Condition, OneOf, Truth, Within
from services.router.domain.county import County
from services.router.domain.facts import Facts
from services.router.domain.rule_set import RuleSet
from tests.router.rules.builders import a_referral
from tests.router.rules.test_possible import CONCERNS, CONDITIONS, FLAGS, NEED, PEOPLE, TESTS, WARD

AGES = (0, 15, 16, 39, 40, 41, 69, 70, 71, 110)
DAYS = (0, 1, 2, 3, 9)
DISTRICTS = ("AV", "CH", "NE")
OUTCODES = ("SK13", "S40")
PLACED = st.one_of(
    st.frozensets(st.sampled_from(DISTRICTS), min_size=1).map(lambda codes: OneOf("district", codes)),
    st.frozensets(st.sampled_from(OUTCODES), min_size=1).map(lambda codes: OneOf("outcode", codes)),
    st.sampled_from(((None, 1), (1, None), (0, 2), (2, 3))).map(lambda span: Within("meds_days_left", *span)),
)
ASKED = st.one_of(CONDITIONS, st.lists(TESTS | PLACED, max_size=4).map(lambda tests: Condition(tuple(tests))))
UNASKED = st.builds(
    a_referral,
    st.sampled_from((NEED, "food.shopping")),
    flags=st.lists(st.sampled_from(FLAGS), unique=True).map(tuple),
    age=st.none() | st.sampled_from(AGES),
    consent=st.sampled_from(("given", "refused", "unknown")),
    food_days_left=st.none() | st.sampled_from(DAYS),
    meds_days_left=st.none() | st.sampled_from(DAYS),
    shield_list_match=st.sampled_from((None, True, False)),
)


@pytest.fixture(scope="module")
def rules(county: County) -> RuleSet:
    """The rules of a small county."""
    return replace(county.rules, people=PEOPLE, risk=replace(county.rules.risk, concerns=CONCERNS))


def completions(facts: Facts) -> Iterator[Facts]:
    """Every way in which the missing facts may turn out; who is ticked as older is no younger than that says."""
    is_older = PEOPLE.older_flag in facts.flags
    ages = [age for age in AGES if age >= PEOPLE.unknown_age_if_older] if is_older else AGES
    for age, food, meds, listed, ward in product(
        ages if facts.age is None else (facts.age,),
        DAYS if facts.food_days_left is None else (facts.food_days_left,),
        DAYS if facts.meds_days_left is None else (facts.meds_days_left,),
        (True, False) if facts.shield_list_match is None else (facts.shield_list_match,),
        (WARD, "E05003298") if facts.place.ward is None else (facts.place.ward,),
    ):
        known = replace(facts, age=age, food_days_left=food, meds_days_left=meds, shield_list_match=listed)
        yield replace(known, place=replace(facts.place, ward=ward))


def completed(facts: Facts, district: str | None, outcode: str | None, rules: RuleSet) -> Iterator[Case]:
    """The same as cases, at every place where it may be."""
    for known in completions(facts):
        case = read_case(known, rules)
        for place in product((district,) if district else DISTRICTS, (outcode,) if outcode else OUTCODES):
            yield case.at(*place)


@settings(deadline=None, max_examples=300)
@given(
    facts=UNASKED,
    asked=ASKED,
    district=st.none() | st.sampled_from(DISTRICTS),
    outcode=st.none() | st.sampled_from(OUTCODES),
)
def test_what_is_said_for_certain_is_so_however_the_missing_facts_turn_out(
    rules: RuleSet, facts: Facts, asked: Condition, district: str | None, outcode: str | None
) -> None:
    case = read_case(facts, rules).at(district, outcode)
    judged = asked.judge(case)
    if judged is not None:
        assert judged is asked.holds(case), "what is decided by agrees with what is certain"
        assert {asked.holds(each) for each in completed(facts, district, outcode, rules)} == {judged}


@settings(deadline=None, max_examples=100)
@given(facts=UNASKED, asked=ASKED, district=st.sampled_from(DISTRICTS), outcode=st.sampled_from(OUTCODES))
def test_whatever_is_known_is_judged_as_it_is_decided(
    rules: RuleSet, facts: Facts, asked: Condition, district: str, outcode: str
) -> None:
    for known in list(completions(facts))[:3]:
        case = read_case(known, rules).at(district, outcode)
        assert asked.judge(case) is asked.holds(case)


def test_an_unknown_age_counts_as_an_adult_and_is_not_known_to_be_one(rules: RuleSet) -> None:
    case = read_case(a_referral(age=None), rules)
    adult = Condition((Within("age", 18, None),))
    assert adult.holds(case)
    assert adult.judge(case) is None


def test_who_is_ticked_as_older_is_certainly_an_adult(rules: RuleSet) -> None:
    case = read_case(a_referral(age=None, flags=("over_70",)), rules)
    assert Within("age", 18, None).judge(case) is True
    assert Within("age", None, 18).judge(case) is False
    assert Within("age", 80, None).judge(case) is None


@pytest.mark.parametrize(
    ("flags", "judged"),
    [
        ((), False),
        (("lives_alone",), None),
        (("lives_alone", "self_neglect"), True),
        (("lives_alone", "over_70"), True),
    ],
)
def test_an_unknown_age_leaves_open_who_is_most_vulnerable_only_where_it_adds_the_last_marker(
    rules: RuleSet, flags: tuple[str, ...], judged: bool | None
) -> None:
    case = read_case(a_referral(age=None, flags=flags), rules)
    assert Truth("most_vulnerable", True).judge(case) is judged


def test_one_test_that_surely_fails_outweighs_all_that_cannot_be_told(rules: RuleSet) -> None:
    case = read_case(a_referral(age=None), rules)
    asked = Condition((Within("food_days_left", None, 2), Truth("red_flag_words", True), Within("age", 18, None)))
    assert asked.judge(case) is False
    assert Condition(asked.tests[::2]).judge(case) is None


def test_whether_a_letter_to_shield_came_is_not_known_until_it_is_asked(rules: RuleSet) -> None:
    case = read_case(a_referral(flags=("shielded",)), rules)
    verified = Condition((OneOf("shielding", frozenset(("verified",))),))
    assert verified.holds(case), "not knowing counts as verified"
    assert verified.judge(case) is None
    assert OneOf("shielding", frozenset(("none",))).judge(case) is False
