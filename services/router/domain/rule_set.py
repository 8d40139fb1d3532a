"""A county's rules as tables: what each row asks and what it does. The rows come from the county's files."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.router.domain.answers import Answers
from services.router.domain.capacity import Decay
from services.router.domain.chase import Chase
from services.router.domain.compiled import Conditions
from services.router.domain.conditions import ALWAYS, Condition, Fact
from services.router.domain.vocabulary import Channel, Priority

RuleIds = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleText:
    """What an explanation says of a rule."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class People:
    """How a person is read: unknown ages (R10), who counts as shielded (R29), and the markers of R49."""

    unknown_age: int
    older_flag: str
    unknown_age_if_older: int
    shielded_flag: str
    marker_flags: frozenset[str]
    aged_from: int
    aged_flag: str
    most_vulnerable: tuple[Condition, ...]
    usual_language: str


@dataclass(frozen=True, slots=True)
class Action:
    """A row of section B: where the condition holds, `service` is told of `need`, whatever else is known."""

    rules: RuleIds
    need: str
    service: str
    priority: Priority
    when: Condition = ALWAYS
    flag: str | None = None
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackStop:
    """A need on one of these tracks goes to the triage desk instead, and sets the flag (R16, R20)."""

    rules: RuleIds
    when: Condition
    tracks: frozenset[str]
    flag: str


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A result flag of the referral as a whole."""

    rules: RuleIds
    when: Condition
    flag: str


@dataclass(frozen=True, slots=True)
class Risk:
    """Section B: the flags that mean a need, what is done, and who is kept from visiting."""

    concerns: Mapping[str, str]
    actions: tuple[Action, ...]
    child_alone: Action
    kept_from_visiting: tuple[TrackStop, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """Section C: when consent is not needed, and what goes on when it is refused or unknown."""

    not_needed: Condition
    not_needed_rules: RuleIds
    refused_default_tracks: frozenset[str]
    unknown_tracks: frozenset[str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Outside:
    """Section D: who takes over outside the county. `handover` gives the service by GSS code, `otherwise` the rest."""

    track: str
    handover: Mapping[str, str]
    otherwise: str
    stays_with: frozenset[str]
    when_closed: Action


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A row of section E for one need: the tracks to try in order, and services that come first in them."""

    rules: RuleIds
    when: Condition
    tracks: tuple[str, ...]
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Addition:
    """A need added to those chosen (R29)."""

    rules: RuleIds
    when: Condition
    need: str


@dataclass(frozen=True, slots=True)
class RaiseRow:
    """A row of section F for one need: where it holds, the priority is at least this."""

    rules: RuleIds
    when: Condition
    at_least: Priority


@dataclass(frozen=True, slots=True)
class Never:
    """Needs that may never reach these tracks, nor be passed on to organisations of these kinds (R35, R57)."""

    needs: frozenset[str]
    tracks: frozenset[str]
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Selection:
    """Section G: when a service is passed over, what is tried before the triage desk, and what never happens."""

    declines_limit: int
    opening_checked: frozenset[Priority]
    before_the_desk: tuple[TrackRow, ...]
    never: Never


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """All of some channels that a service uses, else the first of others (R59)."""

    all_of: tuple[Channel, ...]
    otherwise: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class OutOfHours:
    """While closed, services of these tracks are told of such priorities also by the first channel that they have."""

    priorities: frozenset[Priority]
    tracks: frozenset[str]
    by: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """How a service is told (R59)."""

    channels: Mapping[Priority, ChannelChoice]
    safe_contact: ChannelChoice
    by_phone_priorities: frozenset[Priority]
    by_phone_needs: frozenset[str]
    out_of_hours: OutOfHours


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All tables of a county. `tracks` and `priorities` hold, for each need, its rows in order; `questions` is what a
    caller is asked for a fact, in the order of asking, `conditions` judges all that the tables ask at once."""

    texts: Mapping[str, RuleText]
    questions: Mapping[Fact, str]
    conditions: Conditions
    flags: frozenset[str]
    people: People
    risk: Risk
    marks: tuple[FlagRow, ...]
    repeats_not_checked: Condition
    unclassified: str
    triage_desk: str
    emergency_track: str
    consent: Consent
    outside: Outside
    tracks: Mapping[str, tuple[TrackRow, ...]]
    additions: tuple[Addition, ...]
    priorities: Mapping[str, tuple[RaiseRow, ...]]
    selection: Selection
    notice: Notice
    answers: Answers
    chase: Chase
    chased_before_due: frozenset[Priority]
    second_contact: frozenset[Priority]
    review: Chase
    decay: Decay
