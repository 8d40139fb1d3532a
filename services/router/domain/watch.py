"""What is found when everything that is stored is looked over: what nobody has, and what somebody should look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Unowned:
    """What nobody would miss: a need of a referral that nobody has or is asked about, or a live assignment without a
    ticking clock."""

    referral_id: UUID
    reference: str
    need: str | None = None
    assignment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DueForReview:
    """A referral of which somebody should look at needs that nobody was given, and the present instant."""

    referral_id: UUID
    reference: str
    due_at: datetime
    at: datetime


def unasked(document: Mapping[str, Any], asked_at: datetime | None) -> tuple[str, ...]:  # Any: a decision as JSON
    """The needs that a decision left to nobody and of which somebody must be asked, where nobody will be: held ones,
    and duplicates unless somebody was asked before."""
    duplicates = () if asked_at is not None else document.get("duplicate_needs", ())
    return (*document["held_needs"], *duplicates)
