"""All conditions judged at once by generated code come out as each does when it is judged test by test."""

import ast
import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.case import read_case
from services.router.domain.compiled import Conditions, source
from services.router.domain.conditions import DOUBTFUL, AllOf, AnyOf, Condition, NoneOf, OneOf, Test, Truth, Within
from services.router.domain.county import County
from services.router.domain.facts import Facts
from services.router.domain.rule_set import RuleSet
from tests.router.rules.builders import a_referral
from tests.router.rules.test_invariants import referrals
from tests.router.rules.test_judging import ASKED, DISTRICTS, OUTCODES, UNASKED
from tests.router.rules.test_possible import PEOPLE

HOSTILE = (
    "'",
    '"""',
    "\\",
    "\n    import os",
    "') or __import__('os').system('false') or ('",
    "{0}",
    "#",
    "\x00",
    "\ud800",
    "f0",
    "tests",
)

MAPPINGS = {"sets", "codes", "numbers", "truths", "doubts"}
NAMES = MAPPINGS | {"case", "holds", "left_open", "by", "unknown", "anything", "lowest", "highest"}
READ = MAPPINGS | {"get", "among", "between", "isdisjoint", "issubset"}


def numbered(asked: Iterable[Condition]) -> tuple[Conditions, list[Condition]]:
    """A rule set of these conditions, and they themselves with their bits."""
    conditions = Conditions()
    return conditions, [conditions.numbered(each) for each in asked]


@pytest.fixture(scope="module")
def rules(county: County) -> RuleSet:
    """How people are read in a small county."""
    return replace(county.rules, people=PEOPLE)


@settings(deadline=None, max_examples=300)
@given(
    asked=st.lists(ASKED, max_size=12),
    facts=UNASKED,
    district=st.none() | st.sampled_from(DISTRICTS),
    outcode=st.none() | st.sampled_from(OUTCODES),
)
def test_any_rule_set_says_of_any_case_what_its_conditions_say_one_by_one(
    rules: RuleSet, asked: list[Condition], facts: Facts, district: str | None, outcode: str | None
) -> None:
    conditions, known = numbered(asked)
    case = read_case(facts, rules).at(district, outcode).read_by(None)
    read = case.read_by(conditions)
    assert [each.judge(read) for each in known] == [each.judge(case) for each in asked]
    assert [each.holds(read) for each in known] == [each.holds(case) for each in asked]


@settings(deadline=None, max_examples=150)
@given(facts=referrals)
def test_the_county_decides_by_what_its_conditions_say_one_by_one(county: County, facts: Facts) -> None:
    read = read_case(facts, county.rules, "CH")
    assert read.doubts.keys() <= set(DOUBTFUL)
    assert read.bits is not None
    assert read.bits[2] is county.rules.conditions
    one_by_one = read.read_by(None)
    for condition in county.rules.conditions.numbers.values():
        assert condition.judge(read) is condition.judge(one_by_one)
        assert condition.holds(read) is condition.holds(one_by_one)


def test_conditions_that_ask_the_same_share_their_place() -> None:
    one, other = Condition((Within("age", 18, None),)), Condition((Within("age", 18, None),))
    _, [first, second, third] = numbered([one, other, Condition((Truth("own_consent", True),))])
    assert (first.bit, second.bit, third.bit) == (1, 1, 2)


def test_a_condition_of_other_rules_is_never_answered_by_these(rules: RuleSet) -> None:
    adults, [adult] = numbered([Condition((Within("age", 18, None),))])
    _, [child] = numbered([Condition((Within("age", None, 18),))])
    assert adult.bit == child.bit
    case = read_case(a_referral(age=45), rules).read_by(adults)
    assert adult.holds(case)
    assert not child.holds(case)
    assert child.judge(case) is False


def test_a_condition_that_comes_later_is_judged_all_the_same(rules: RuleSet) -> None:
    conditions, _ = numbered([Condition((Within("age", 18, None),))])
    case = read_case(a_referral(age=45), rules).read_by(conditions)
    late = conditions.numbered(Condition((Within("age", None, 50),)))
    assert late.holds(case)
    assert late.holds(case.read_by(conditions))


def hostile_tests(code: str) -> tuple[Test, ...]:
    codes = frozenset((code, "food"))
    return (AnyOf("flags", codes), AllOf("flags", codes), NoneOf("concerns", codes), OneOf("outcode", codes))


@pytest.mark.parametrize("code", HOSTILE)
def test_whatever_a_code_holds_is_only_ever_compared(rules: RuleSet, code: str) -> None:
    conditions, known = numbered(Condition((test,)) for test in hostile_tests(code))
    facts = a_referral(flags=(code, "food"))
    case = read_case(facts, rules).at("CH", code).read_by(conditions)
    assert [each.holds(case) for each in known] == [True, True, True, True]


@pytest.mark.parametrize("code", HOSTILE)
def test_nothing_in_what_is_generated_comes_from_data_but_literals(code: str) -> None:
    tests = hostile_tests(code)
    tree = ast.parse(source(tuple(Condition((test,)) for test in tests)))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert {name for name in names if not re.fullmatch("[dfhl][0-9]+", name)} <= NAMES
    assert {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} <= READ
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {each for each in literals if isinstance(each, str)} == {code, "food", "flags", "concerns", "outcode"}


def test_what_is_generated_for_the_county_cannot_loop_or_import(county: County) -> None:
    known = tuple(county.rules.conditions.numbers)
    kinds = {type(node) for node in ast.walk(ast.parse(source(known)))}
    assert kinds.isdisjoint((ast.For, ast.While, ast.Import, ast.ImportFrom, ast.Lambda, ast.ListComp, ast.Try))
