"""The search for a referral that meets some conditions and none of others agrees with trying every referral."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.configuration.checking.example import described, example_of
from services.router.configuration.checking.possible import Tangled, World
from services.router.configuration.rules_schema import CODES
from services.router.domain.case import read_case
from services.router.domain.conditions import AllOf, AnyOf, Case, Condition, NoneOf, OneOf, Test, Truth, Within
from services.router.domain.county import County
from services.router.domain.facts import Facts, Place
from services.router.domain.rule_set import People, RuleSet
from tests.router.rules.builders import a_referral

FLAGS = ("shielded", "over_70", "lives_alone", "self_neglect")
WARD = "E05003297"
NEED = "safe.self_neglect"
AGES = (None, 0, 16, 39, 40, 69, 70, 71)
PEOPLE = People(
    unknown_age=40,
    older_flag="over_70",
    unknown_age_if_older=70,
    shielded_flag="shielded",
    marker_flags=frozenset(("lives_alone", "self_neglect")),
    aged_from=70,
    aged_flag="over_70",
    most_vulnerable=(
        Condition((AnyOf("flags", frozenset(("shielded",))), Within("age", 16, None))),
        Condition((Within("markers", 2, None),)),
    ),
    usual_language="en",
)
CONCERNS = {"self_neglect": NEED}
CODES_HERE = {
    **CODES,
    "consent_by": frozenset(("self", "representative", "none")),
    "district": frozenset((None,)),
    "outcode": frozenset((None,)),
    "ward": frozenset((None, WARD)),
}
WORLD = World(PEOPLE, CONCERNS, CODES_HERE)


def subsets(codes: Sequence[str]) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(codes, size) for size in range(len(codes) + 1)))


class Cases(list[Case]):
    """Referrals that a failing test does not print one by one."""

    def __repr__(self) -> str:
        return f"{len(self)} referrals"


@pytest.fixture(scope="module")
def rules(county: County) -> RuleSet:
    """The rules of a small county."""
    return replace(county.rules, people=PEOPLE, risk=replace(county.rules.risk, concerns=CONCERNS))


@pytest.fixture(scope="module")
def cases(rules: RuleSet) -> Cases:
    """Every referral that its conditions can tell apart, as the router reads them."""
    ways = product(
        subsets(FLAGS),
        subsets((NEED,)),
        AGES,
        ("given", "refused"),
        ("self", "none"),
        (None, 0, 1, 2, 3),
        (None, False),
        (None, WARD),
    )
    return Cases(read_case(_facts(*way), rules) for way in ways)


def _facts(
    flags: tuple[str, ...],
    needs: tuple[str, ...],
    age: int | None,
    consent: str,
    by: str,
    food: int | None,
    listed: bool | None,
    ward: str | None,
) -> Facts:
    place = Place(ward=ward)
    usual = a_referral(*needs, flags=flags, age=age, food_days_left=food, shield_list_match=listed, place=place)
    return replace(usual, consent_status=consent, consent_by=by)  # type: ignore[arg-type]  # codes of the schema


SPANS = st.tuples(st.none() | st.integers(0, 3), st.none() | st.integers(1, 4))
AGE_SPANS = st.tuples(st.none() | st.sampled_from((16, 40, 70)), st.none() | st.sampled_from((16, 40, 41, 70, 71)))
SETS = st.one_of(
    st.tuples(st.just("flags"), st.frozensets(st.sampled_from(FLAGS), min_size=1)),
    st.tuples(st.just("concerns"), st.just(frozenset((NEED,)))),
)
TESTS: st.SearchStrategy[Test] = st.one_of(
    st.builds(lambda kind, asked: kind(*asked), st.sampled_from((AnyOf, AllOf, NoneOf)), SETS),
    AGE_SPANS.map(lambda span: Within("age", *span)),
    SPANS.map(lambda span: Within("markers", *span)),
    st.sampled_from(((None, 1), (1, None), (0, 2), (2, 3))).map(lambda span: Within("food_days_left", *span)),
    st.frozensets(st.sampled_from(("none", "verified", "unverified")), min_size=1).map(lambda c: OneOf("shielding", c)),
    st.sampled_from(
        (
            OneOf("consent", frozenset(("given",))),
            OneOf("consent_by", frozenset(("self",))),
            OneOf("ward", frozenset((WARD,))),
        )
    ),
    st.builds(Truth, st.sampled_from(("own_consent", "most_vulnerable")), st.booleans()),
)
CONDITIONS = st.lists(TESTS, max_size=3).map(lambda tests: Condition(tuple(tests)))


@settings(deadline=None, max_examples=250)
@given(wanted=st.lists(CONDITIONS, max_size=2), unwanted=st.lists(CONDITIONS, max_size=3))
def test_the_search_finds_a_referral_exactly_when_there_is_one(
    rules: RuleSet, cases: Cases, wanted: list[Condition], unwanted: list[Condition]
) -> None:
    def fits(case: Case) -> bool:
        return all(each.holds(case) for each in wanted) and not any(each.holds(case) for each in unwanted)

    box = WORLD.find(wanted, unwanted)
    assert (box is not None) is any(map(fits, cases))
    if box is not None:
        example = example_of(box, WORLD)
        assert fits(read_case(example.facts, rules)), described(example)


def test_more_ways_than_can_be_tried_are_given_up() -> None:
    with pytest.raises(Tangled):
        replace(WORLD, steps=1).find([Condition((Within("age", 16, None), Within("markers", 1, None)))])
