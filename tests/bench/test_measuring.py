"""What a measurement prints can be read by people and by programs, and is printed only of equal answers."""

from pathlib import Path

import pytest

from bench.__main__ import table
from bench.matching import GOALS
from bench.measuring import Different, Ratio, at_least, at_most, same, times


def test_a_goal_that_is_missed_is_printed_as_missed() -> None:
    lines = list(table([Ratio("slow", 2.0, at_most(1.5)), Ratio("fast", 7.0, at_least(5), "3 µs against 21 µs")]))
    assert "MISSED" in lines[0]
    assert "≤ 1.5" in lines[0]
    assert "MISSED" not in lines[1]
    assert lines[1].endswith("3 µs against 21 µs")


def test_a_goal_is_met_on_its_limit() -> None:
    assert at_most(1.5).met_by(1.5)
    assert at_least(5).met_by(5.0)
    assert not at_least(5).met_by(4.9)


def test_what_is_written_of_posting_lists_is_beside_those_that_the_goals_name() -> None:
    written = (Path(__file__).parents[2] / "docs" / "performance.md").read_text(encoding="utf-8").splitlines()
    beside = [line for line in written if line.startswith("| `matching.posting-lists")]
    assert [line.split("`")[1] for line in beside] == list(GOALS)
    for line, goal in zip(beside, GOALS.values(), strict=True):
        assert "compiled predicates" in beside[0]
        assert f"| {goal} |" in line


def test_different_answers_are_refused() -> None:
    same("ten", 10, 10)
    with pytest.raises(Different, match="eleven: 10 instead of 11"):
        same("eleven", 11, 10)


def test_each_way_of_doing_the_work_takes_its_turn_in_every_round() -> None:
    seen: list[str] = []
    taken = times((lambda: seen.append("one"), lambda: seen.append("other")), rounds=1, seconds=0)
    assert seen == ["one", "other", "one", "other"]
    assert [len(each) for each in taken] == [2]
