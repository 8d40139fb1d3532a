"""An assignment's life: its states, and which moves each state allows."""

from collections.abc import Mapping
from enum import StrEnum

from shared.errors import Conflict


class State(StrEnum):
    """Where an assignment stands (FHIR Task: requested, cancelled)."""

    OFFERED = "offered"
    RECALLED = "recalled"


class Move(StrEnum):
    """What can be done with an assignment."""

    RECALL = "recall"


# A need is in at most one assignment whose state is live.
LIVE = frozenset({State.OFFERED})
MOVES: Mapping[tuple[State, Move], State] = {
    (State.OFFERED, Move.RECALL): State.RECALLED,
}


def after(state: State, move: Move) -> State:
    """The state that `move` leads to. Raises Conflict when `state` does not allow it."""
    to = MOVES.get((state, move))
    if to is None:
        raise Conflict("illegal-transition", f"This assignment is {state}, so it cannot be changed by: {move}.")
    return to
