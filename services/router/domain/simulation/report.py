"""The tables in which a simulation is reported: codes and numbers only, the gravest or greatest first."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime

from services.router.domain.simulation.compare import Concern
from services.router.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Safeguarding:
    """For how many referrals a concern arises over a need or a flag."""

    concern: Concern
    about: str
    referrals: int


@dataclass(frozen=True, slots=True)
class Moves:
    """How many referrals have a need with another service. Where it is with none: "held" or "duplicate", None where it
    is not asked for."""

    need: str
    service_before: str | None
    service_after: str | None
    referrals: int


@dataclass(frozen=True, slots=True)
class Tracks:
    """How many of those needs went from one track to another, or stay on theirs."""

    track_before: str | None
    track_after: str | None
    needs: int


@dataclass(frozen=True, slots=True)
class Priorities:
    """How many needs have another priority."""

    priority_before: Priority
    priority_after: Priority
    needs: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How many needs must be answered earlier, or later, than they had to be; by the priority they had."""

    priority_before: Priority
    earlier: int
    later: int


@dataclass(frozen=True, slots=True)
class Flags:
    """How many referrals lose a flag, and how many gain it."""

    flag: str
    lost: int
    gained: int


@dataclass(frozen=True, slots=True)
class ServiceLoad:
    """What a service is offered in all, on its busiest day, and on how many days more than its places; None counts
    none."""

    service: str
    places_before: int | None
    places_after: int | None
    offers_before: int
    offers_after: int
    busiest_before: int
    busiest_after: int
    days_over_before: int
    days_over_after: int


@dataclass(frozen=True, slots=True)
class Nobody:
    """How often no service takes a need in a district, given by its GSS code, "" where it is not known."""

    need: str
    district: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Rules:
    """For how many referrals a row of a rule holds, where that differs."""

    rule: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """One need of one referral that is decided otherwise; or, without a need, its flags."""

    reference: str
    district: str | None
    need: str | None
    service_before: str | None
    service_after: str | None
    track_before: str | None
    track_after: str | None
    priority_before: Priority | None
    priority_after: Priority | None
    due_before: datetime | None
    due_after: datetime | None
    outcome_before: str
    outcome_after: str
    flags_lost: str
    flags_gained: str
    concerns: str


@dataclass(frozen=True, slots=True)
class Report:
    """All tables. `simulated` referrals were compared, of which `decided` could differ and `changed` do; `without_load`
    were decided as if every service had had room."""

    rule_set_before: str
    rule_set_after: str
    received_from: datetime | None
    received_to: datetime | None
    simulated: int
    decided: int
    changed: int
    without_load: int
    left_out: Mapping[str, int]
    safeguarding: tuple[Safeguarding, ...]
    moves: tuple[Moves, ...]
    tracks: tuple[Tracks, ...]
    priorities: tuple[Priorities, ...]
    deadlines: tuple[Deadlines, ...]
    flags: tuple[Flags, ...]
    load: tuple[ServiceLoad, ...]
    nobody: tuple[Nobody, ...]
    rules: tuple[Rules, ...]
    decisions: tuple[Decisions, ...]


TABLES: Mapping[str, type] = {
    "safeguarding": Safeguarding,
    "decisions": Decisions,
    "moves": Moves,
    "tracks": Tracks,
    "priorities": Priorities,
    "deadlines": Deadlines,
    "flags": Flags,
    "load": ServiceLoad,
    "nobody": Nobody,
    "rules": Rules,
}
"""Each table of a report by its name in it, and what one row of it is."""


def csv_of(report: Report, table: str) -> str:
    """One table as CSV with a header; instants in UTC, an empty field where there is none. Raises KeyError."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(TABLES[table]))
    rows: Sequence[Safeguarding] = getattr(report, table)
    writer.writerows(
        [value.isoformat() if isinstance(value, datetime) else value for value in astuple(row)] for row in rows
    )
    return text.getvalue()
