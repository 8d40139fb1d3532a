"""What is found by columns is exactly what deciding every referral under both versions finds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.router.domain.conditions import CodeField, NumberField, SetField, TruthField
from services.router.domain.county import County, Need
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.rule_set import Consent, People, Risk, RuleSet, Selection
from services.router.domain.simulation import affected
from services.router.domain.simulation.answer import answer_of
from services.router.domain.simulation.compare import Side, compare
from services.router.domain.simulation.history import History
from services.router.domain.simulation.reading import CANDIDATE, OWN_PLACE, Reading
from services.router.domain.simulation.simulator import Simulator
from services.router.domain.simulation.version import Version
from tests.router.rules.builders import CHESTERFIELD, a_referral, in_district
from tests.router.rules.test_invariants import COUNTY, loads, referrals
from tests.router.simulation.builders import history_of
from tests.router.simulation.drafts import drafts

pasts = st.lists(st.tuples(referrals, st.one_of(st.none(), loads)), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(pasts=pasts, draft=drafts())
def test_columns_find_exactly_what_deciding_everyone_finds(
    pasts: list[tuple[Facts, Load | None]], draft: County
) -> None:
    history = history_of(pasts)
    simulator = Simulator(history, COUNTY)
    simulator.prepare(len(pasts))
    simulation = simulator.run(draft)

    befores = [Side(COUNTY, answer_of(past, COUNTY)) for past in history.past]
    afters = [Side(draft, answer_of(past, draft)) for past in history.past]
    compared = [compare(*each) for each in zip(history.past, befores, afters, strict=True)]
    by_reference = sorted(simulation.changes, key=lambda each: each.reference)
    assert by_reference == [change for change in compared if change is not None]
    assert simulation.before.taken == offers_of(history, befores)
    assert +simulation.after.taken == offers_of(history, afters)


def offers_of(history: History, sides: Sequence[Side]) -> Counter[tuple[str, date]]:
    days = [COUNTY.today(past.facts.received_at) for past in history.past]
    return Counter((service, day) for day, side in zip(days, sides, strict=True) for service in side.answer.services)


@pytest.mark.parametrize(
    "field", [*get_args(SetField), *get_args(CodeField), *get_args(NumberField), *get_args(TruthField)]
)
def test_every_field_of_the_language_is_read_at_every_place(field: str) -> None:
    somebody = a_referral("food.shopping", flags=("shielded",), place=in_district(CHESTERFIELD, "S40"))
    reading = Reading(history_of([(somebody, None)]).columns, COUNTY)
    for at in (OWN_PLACE, f"{CANDIDATE}{CHESTERFIELD}"):
        assert all(bits in (0, 1) for bits in reading.values(field, at).values())


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (County, affected.UNSEEN_OF_COUNTY | affected.LOOKED_INTO_OF_COUNTY),
        (RuleSet, affected.UNSEEN | affected.LOOKED_INTO),
        (People, affected.LOOKED_INTO_OF_PEOPLE),
        (Risk, affected.LOOKED_INTO_OF_RISK),
        (Consent, affected.LOOKED_INTO_OF_CONSENT),
        (Selection, affected.LOOKED_INTO_OF_SELECTION),
        (Need, affected.UNSEEN_OF_NEED),
    ],
)
def test_what_is_known_not_to_affect_everyone_is_still_called_so(kind: type, named: frozenset[str]) -> None:
    assert named <= {field.name for field in fields(kind)}


def test_a_part_of_the_rules_that_nothing_is_known_of_affects_everyone() -> None:
    draft = replace(COUNTY, rules=replace(COUNTY.rules, emergency_track="another"))
    history = history_of([(a_referral("food.shopping"), None), (a_referral("mind.crisis"), None)])
    versions = [Version(county, Reading(history.columns, county)) for county in (COUNTY, draft)]
    assert affected.affected(versions[0], versions[1]) == 0b11
