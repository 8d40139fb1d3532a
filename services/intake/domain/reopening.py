"""Opening a finished referral again: from which states, why, and for which needs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.intake.domain.progress import REOPENED, NeedState, Progress, Status
from services.intake.domain.status import derived
from shared.errors import Conflict, Refused

# A cancelled referral stays so: whoever wants help after all is referred anew.
REOPENABLE = (Status.COMPLETED, Status.FAILED, Status.CLOSED)
ENDED = frozenset({NeedState.DONE, NeedState.FAILED, NeedState.DUPLICATE})


@dataclass(frozen=True, slots=True)
class ReopenReason:
    """What a reason says; `ask_everyone` also asks services again that said no before."""

    label: str
    ask_everyone: bool = False


# The reasons that may open a finished referral again; a closed list, so that reports can count them.
REOPEN_REASONS: Mapping[str, ReopenReason] = {
    "need_came_back": ReopenReason("The resident needs the same help again."),
    "not_met": ReopenReason("The need was not met after all."),
    "not_reached_before": ReopenReason("The resident can be reached now."),
    "not_a_duplicate": ReopenReason("It was taken for the same as another request, and is not."),
    "circumstances_changed": ReopenReason("Circumstances have changed: all services may be asked.", ask_everyone=True),
    "other": ReopenReason("Another reason."),
}


class NotFinished(Conflict):
    """The referral is not finished, or was cancelled; `extensions` says where it stands (409)."""

    def __init__(self, status: Status) -> None:
        words = "is cancelled: refer the person anew" if status is Status.CANCELLED else f"is {status}"
        super().__init__("illegal-transition", f"This referral {words}. Only a finished one can be opened again.")
        self.extensions = {"state": status.value, "allowed": [each.value for each in REOPENABLE]}


class NeedsNotEnded(Refused):
    """Not all of the needs are needs of the referral that have ended; `extensions` names those that are (422)."""

    def __init__(self, ended: tuple[str, ...]) -> None:
        super().__init__(
            "needs-not-ended", "Open only needs again that the referral has and that ended: those in `ended`."
        )
        self.extensions = {"ended": list(ended)}


def reopened(progress: Progress, wanted: tuple[str, ...] | None) -> tuple[Progress, tuple[str, ...]]:
    """The referral with these needs to be placed again, and which they are; None are all. Raises NotFinished,
    NeedsNotEnded."""
    if progress.status not in REOPENABLE:
        raise NotFinished(progress.status)
    ended = tuple(need.code for need in progress.needs if need.state in ENDED)
    codes = ended if wanted is None else tuple(dict.fromkeys(wanted))
    if not codes or not set(codes) <= set(ended):
        raise NeedsNotEnded(ended)
    needs = tuple(replace(need, placed=REOPENED) if need.code in codes else need for need in progress.needs)
    again = replace(progress, needs=needs, sequence=progress.sequence + 1, openings=progress.openings + 1)
    return derived(again), codes
