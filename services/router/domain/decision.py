"""The answer to one referral, with the rule behind every part of it; plain values that can be kept for ever."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.router.domain.conditions import Fact
from services.router.domain.vocabulary import Channel, NeedState, Origin, Outcome, Priority, Verdict


@dataclass(frozen=True, slots=True)
class Mark:
    """A result flag and the rules that set it."""

    flag: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Raised:
    """A priority that rules asked for, above the need's own."""

    priority: Priority
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that covers the need at the place, and why it was or was not taken."""

    service_id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class TrackTried:
    """One track in the order of trying; `rules` put it there, none when it is the need's own fallback.

    `candidates` are all services that cover the need, in order; where these are many, only the last of those for the
    person before the one taken, and the next after it. `passed_over` has each reason for which one before it was not
    taken. `tally` counts all by what is said of them: those not for the person wherever they stand in the order.
    `unsure` is set where facts are missing that could have another one taken, or this one not.
    """

    track: str
    rules: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    passed_over: tuple[Verdict, ...] = ()
    tally: Mapping[Verdict, int] = field(default_factory=dict)
    unsure: bool = False

    @property
    def taken(self) -> str | None:
        """The service that takes the need, None where the search went on."""
        return next((each.service_id for each in self.candidates if each.verdict is Verdict.TAKEN), None)


@dataclass(frozen=True, slots=True)
class Search:
    """The search for a service at one place. `district` is a GSS code, None for county-wide services only."""

    district: str | None
    tracks: tuple[TrackTried, ...]
    service_id: str


@dataclass(frozen=True, slots=True)
class Move:
    """A need taken from the service that was found, and given to another."""

    from_service: str
    to_service: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeedDecision:
    """What became of one need, and why.

    `answers` names chosen needs that this one stands for (R22). `raised` are the rules that asked for more than
    `base_priority`. `searches` has one entry for each place looked at, none where a rule names the service.
    """

    need: str
    origin: Origin
    state: NeedState
    service_id: str | None
    base_priority: Priority
    priority: Priority
    raised: tuple[Raised, ...]
    searches: tuple[Search, ...]
    moves: tuple[Move, ...]
    marks: tuple[Mark, ...]
    because: tuple[str, ...]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """One offer of one or more needs to one service (R58). `due_at` is a UTC instant."""

    service_id: str
    service_name: str
    organization_id: str
    organization_name: str
    track: str
    needs: tuple[str, ...]
    priority: Priority
    sla: str
    due_at: datetime
    channels: tuple[Channel, ...]
    safe_contact_only: bool
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that is not known, and the rules to which it could matter."""

    fact: Fact
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer. `rule_set` is the version of the county that was used, `priority` the highest of all.

    `asks` is what the caller could still be asked, in the order of the county's questions.
    `held_needs` and `duplicate_needs` are all that the referral has, be they decided now or before; `needs` has only
    what is decided now.
    """

    rule_set: str
    outcome: Outcome
    district: str | None
    district_method: str
    priority: Priority | None
    assignments: tuple[Assignment, ...]
    held_needs: tuple[str, ...]
    duplicate_of: str | None
    flags: tuple[str, ...]
    because: tuple[str, ...]
    needs: tuple[NeedDecision, ...]
    marks: tuple[Mark, ...]
    duplicate_needs: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()

    @property
    def unplaced(self) -> NeedState | None:
        """Whether it leaves needs to nobody: HELD if any is, or else DUPLICATE."""
        if self.held_needs:
            return NeedState.HELD
        return NeedState.DUPLICATE if self.duplicate_needs else None
