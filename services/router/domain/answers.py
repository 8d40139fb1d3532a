"""What a partner may answer, by the county's codes, and what follows from each (R57)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from shared.errors import Refused


class Consequence(StrEnum):
    """What follows when a service says no: PAUSE_SERVICE also offers it nothing for a while; RETURN_FOR_INFORMATION and
    PARK leave the needs to the triage desk."""

    TRY_ANOTHER = "try_another"
    PAUSE_SERVICE = "pause_service"
    RETURN_FOR_INFORMATION = "return_for_information"
    PARK = "park"


class Pause(StrEnum):
    """How long a service is offered nothing: until midnight, or until somebody resumes it."""

    TODAY = "today"
    RESUMED = "resumed"


# A person has to look at these before anyone else is asked.
FOR_A_PERSON = frozenset({Consequence.RETURN_FOR_INFORMATION, Consequence.PARK})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a service says no, or gives back what it took on. `pause` is None unless `then` is PAUSE_SERVICE."""

    label: str
    then: Consequence
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of trying to reach the resident; only one that `reached` them stops the clock of first contact."""

    label: str
    reached: bool


class End(StrEnum):
    """Why a whole referral ends with the work on one need; intake knows each as a reason to cancel."""

    DIED = "died"


@dataclass(frozen=True, slots=True)
class Close:
    """How the work on a need ended, and whether the need was met, be it in part. `ends_referral` is None where the
    other needs go on."""

    label: str
    met: bool
    ends_referral: End | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The codes of a county, by the question they answer; of the last two only what each is called matters."""

    decline: Mapping[str, Reason]
    hand_back: Mapping[str, Reason]
    contact: Mapping[str, Attempt]
    close: Mapping[str, Close]
    pass_on: Mapping[str, str]
    leave_children: Mapping[str, str]


class UnknownCode(Refused):
    """The code is none of the county's; `extensions` lists those that are (422)."""

    def __init__(self, codes: Mapping[str, object]) -> None:
        super().__init__("reason-unknown", "Send one of the codes in `known`.")
        self.extensions = {"known": list(codes)}


class OutcomesMissing(Refused):
    """Not exactly the needs of the assignment were given an outcome; `extensions` names its needs (422)."""

    def __init__(self, needs: tuple[str, ...]) -> None:
        super().__init__("outcomes-missing", "Give each need of the assignment one outcome, and no other need.")
        self.extensions = {"needs": list(needs)}


C = TypeVar("C")


def known(codes: Mapping[str, C], code: str) -> C:
    """What a code means. Raises UnknownCode."""
    if code not in codes:
        raise UnknownCode(codes)
    return codes[code]


def closes(answers: Answers, needs: tuple[str, ...], outcomes: Mapping[str, str]) -> dict[str, Close]:
    """What the close code of each need means, by need. Raises OutcomesMissing, UnknownCode."""
    if outcomes.keys() != set(needs):
        raise OutcomesMissing(needs)
    return {need: known(answers.close, outcomes[need]) for need in needs}
