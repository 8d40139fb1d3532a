"""docs/assignments.md says what the code says: each state, each move, and what follows from an answer."""

import re
from pathlib import Path

from services.router.domain.answers import Consequence
from services.router.domain.assignment import LIVE, MOVES, Move, State, states_before

PAGE = (Path(__file__).parents[2] / "docs" / "assignments.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, its head left out."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def codes(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_it_tells_of_each_state_and_whether_it_is_live() -> None:
    told = {codes(state)[0]: live for state, live, _ in rows("States")}
    assert told == {state.value: "yes" if state in LIVE else "no" for state in State}


def test_it_tells_of_each_move_from_where_it_is_allowed_and_where_it_leads() -> None:
    told = {codes(move)[0]: (codes(before), codes(to)) for move, before, to, _ in rows("Moves")}
    assert told == {
        move.value: (
            [state.value for state in states_before(move)],
            sorted({MOVES[state, move].value for state in states_before(move)}),
        )
        for move in Move
    }


def test_it_tells_of_each_consequence() -> None:
    assert [codes(then)[0] for then, _ in rows("Codes")] == [consequence.value for consequence in Consequence]
