"""The measured ways to judge sixty rules say the same, so that their times can be set beside each other."""

import pytest

from bench.generated import plain_python
from bench.measuring import Different
from bench.triage import agree
from bench.workload import Triage, record, triage


@pytest.fixture(scope="module")
def work() -> Triage:
    return triage(80)


def test_all_ways_say_the_same_of_the_sixty_rules(work: Triage) -> None:
    assert len({rule.bit for rule in work.rules}) == 60
    agree(work)


def test_the_referrals_leave_something_open_and_let_most_rules_hold(work: Triage) -> None:
    fired = plain_python(work.rules)
    assert any(work.conditions.bits(case)[1] for case in work.cases)
    assert len({number for each in work.records for number in fired(each)}) > 30


def test_of_referrals_that_have_been_answered_nothing_is_open() -> None:
    work = triage(80, answered=True)
    agree(work)
    assert not any(work.conditions.bits(case)[1] for case in work.cases)


def test_a_way_that_says_something_else_would_be_noticed(work: Triage) -> None:
    others = [record(case) for case in triage(81).cases[1:]]
    with pytest.raises(Different, match="generated Python"):
        agree(Triage(work.conditions, work.rules, work.cases, others))
