"""An assignment's life: its states, which moves each state allows, and what a partner may answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from shared.errors import Conflict


class State(StrEnum):
    """Where an assignment stands (FHIR Task: requested, received, accepted, in-progress, completed, rejected, failed,
    cancelled, failed)."""

    OFFERED = "offered"
    OPENED = "opened"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    DONE = "done"
    DECLINED = "declined"
    EXPIRED = "expired"
    RECALLED = "recalled"
    HANDED_BACK = "handed_back"


class Move(StrEnum):
    """What can be done with an assignment, and by whom: the partner, the clock, or whoever recalls it."""

    OPEN = "open"
    ACCEPT = "accept"
    DECLINE = "decline"
    CONTACT = "contact"
    COMPLETE = "complete"
    HAND_BACK = "hand_back"
    PASS_ON = "pass_on"  # noqa: S105  # no password
    RETURN = "return"
    EXPIRE = "expire"
    RECALL = "recall"


AWAITING_ANSWER = frozenset({State.OFFERED, State.OPENED})
UNDER_WAY = frozenset({State.ACCEPTED, State.CONTACTED})
# A need is in at most one assignment whose state is live.
LIVE = AWAITING_ANSWER | UNDER_WAY

MOVES: Mapping[tuple[State, Move], State] = {
    (State.OFFERED, Move.OPEN): State.OPENED,
    (State.OPENED, Move.OPEN): State.OPENED,
    **{(state, Move.ACCEPT): State.ACCEPTED for state in AWAITING_ANSWER},
    **{(state, Move.DECLINE): State.DECLINED for state in AWAITING_ANSWER},
    **{(state, Move.EXPIRE): State.EXPIRED for state in AWAITING_ANSWER},
    **{(state, Move.CONTACT): State.CONTACTED for state in UNDER_WAY},
    **{(state, Move.COMPLETE): State.DONE for state in UNDER_WAY},
    **{(state, Move.HAND_BACK): State.HANDED_BACK for state in UNDER_WAY},
    # A child's needs go from its parent and may come back to it; neither moves the parent itself.
    **{(state, move): state for state in UNDER_WAY for move in (Move.PASS_ON, Move.RETURN)},
    **{(state, Move.RECALL): State.RECALLED for state in LIVE},
}
# What sends the needs of an assignment back to be placed again.
PLACED_AGAIN = frozenset({State.DECLINED, State.EXPIRED, State.HANDED_BACK})


# The triage desk is where needs go when nobody else may be asked, so it cannot say no; it may have them placed again.
NOT_AT_THE_DESK = frozenset({Move.DECLINE, Move.EXPIRE})
# Made by the clock, by whoever recalls a referral, or by a child that gives needs back: no partner can choose them.
NOT_BY_A_PARTNER = frozenset({Move.RETURN, Move.EXPIRE, Move.RECALL})

ActorKind = Literal["partner", "staff", "router", "intake", "clock"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a move: `code` is a desk's or a person's code, or the service of ours that did it."""

    kind: ActorKind
    code: str


class IllegalMove(Conflict):
    """The assignment is not in a state that allows the move; `extensions` says which it is in, and what a partner may
    do then (409)."""

    def __init__(self, state: State, move: Move, *, at_desk: bool = False) -> None:
        words = f"This assignment is {state.replace('_', ' ')}, so it cannot be changed by: {move.replace('_', ' ')}."
        super().__init__("illegal-transition", words)
        moves = allowed_in(state, at_desk=at_desk)
        allowed = [each.value for each in moves if each not in NOT_BY_A_PARTNER]
        self.extensions = {"state": state.value, "allowed": allowed}


def after(state: State, move: Move, *, at_desk: bool = False) -> State:
    """The state that `move` leads to. Raises IllegalMove when `state` does not allow it."""
    if move not in allowed_in(state, at_desk=at_desk):
        raise IllegalMove(state, move, at_desk=at_desk)
    return MOVES[state, move]


def allowed_in(state: State, *, at_desk: bool = False) -> tuple[Move, ...]:
    """The moves that `state` allows, in the order in which they usually come; `at_desk` for the triage desk's own."""
    return tuple(move for move in Move if (state, move) in MOVES and not (at_desk and move in NOT_AT_THE_DESK))


def states_before(move: Move) -> tuple[State, ...]:
    """The states that allow a move."""
    return tuple(state for state in State if (state, move) in MOVES)
