"""The shapes of an explanation: plain values, with every sentence in words for call handlers."""

from dataclasses import dataclass
from enum import StrEnum

from services.router.domain.vocabulary import NeedState, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: whether it holds (None: nobody can tell), what it asks, and what was given, both in words."""

    holds: bool | None
    asks: str
    given: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of one of the county's tables, as it was read for this referral.

    `table` is its place in the rules; `need` is what it is about, None the whole referral; `does` is what follows.
    """

    table: str
    rules: tuple[str, ...]
    title: str
    need: str | None
    does: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """A service that was looked at: the verdict, the reason in words, and each thing that stands in its way."""

    service_id: str
    service: str
    verdict: Verdict
    reason: str
    in_the_way: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """How many services one reason took away."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The services of one track: `listed` offer the need at the place, each step takes some away, `eligible` are left.

    `why` says what had the track tried; `taken` is the service that got the need, None where the search went on.
    """

    track: str
    label: str
    why: str
    rules: tuple[str, ...]
    listed: int
    steps: tuple[Step, ...]
    eligible: int
    taken: str | None
    services: tuple[Passed, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """The search at one place: `offered` services offer the need anywhere; the tracks that were tried, in order."""

    district: str | None
    place: str
    offered: int
    tracks: tuple[Waterfall, ...]
    service_id: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What would have counted but for one thing: a service or a rule, and that one thing in words."""

    need: str | None
    what: str
    but: str


@dataclass(frozen=True, slots=True)
class NeedExplained:
    """What became of one need, in one sentence, and how the search for a service went."""

    need: str
    label: str
    state: NeedState
    service_id: str | None
    sentence: str
    searches: tuple[Looked, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole explanation of one decision, derived from its facts, its county and its load, and never stored.

    `before` says what the decision follows and who was not asked again, "" for a first one. `questions` are what the
    caller could still be asked, in the order in which it matters. `exact` is false where what room the services had is
    not known any more: then numbers of places are left out.
    """

    rule_set: str
    sentence: str
    before: str
    needs: tuple[NeedExplained, ...]
    fired: tuple[Row, ...]
    cannot_tell: tuple[Row, ...]
    questions: tuple[str, ...]
    nearest: tuple[NearMiss, ...]
    exact: bool


class Because(StrEnum):
    """Why a service does not have a need: the first that applies, in this order."""

    HAS_IT = "has_it"
    PASSED_ON = "passed_on"
    OTHER_NEED = "other_need"
    RULE_NAMES = "rule_names"
    HANDED_OVER = "handed_over"
    HELD = "held"
    REPEATED = "repeated"
    REFUSALS = "refusals"
    NO_PLACE = "no_place"
    NOT_HERE = "not_here"
    OTHER_ROW = "other_row"
    EARLIER_TRACK = "earlier_track"
    PASSED_OVER = "passed_over"
    RANKED_AFTER = "ranked_after"
    SEVERAL_PLACES = "several_places"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a service does not have a need. `rows` are the rules that decided, or would have had to hold; each of
    `would_have` is one change, tried by deciding again, by which the service would have got the need."""

    service_id: str
    service: str
    need: str
    label: str
    because: Because
    sentence: str
    rows: tuple[Row, ...]
    would_have: tuple[str, ...]
