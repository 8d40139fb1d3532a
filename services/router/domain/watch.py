"""What is found when everything that is stored is looked over: what nobody has, and what somebody should look at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Unowned:
    """What nobody would miss: a need of a referral that nobody has, or a live assignment without a ticking clock."""

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
