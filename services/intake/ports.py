"""What intake's use cases need from the outside, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.intake.domain.assessment import OpenReferral
from services.intake.domain.places import PlaceTable
from services.intake.domain.policy import Policy
from services.intake.domain.progress import Assignment, Awaited, Notice, Progress, TimelineEntry
from services.intake.domain.referral import Submission
from services.intake.domain.updates import Update
from shared.events import Event, Facts


@dataclass(frozen=True, slots=True)
class NewReferral:
    """A referral to be stored: what was sent, what the router may know of it, and under which keys R11 finds it."""

    progress: Progress
    submission: Submission
    facts: Facts
    keys: frozenset[str]


class Referrals(Protocol):
    """Every referral, with the person's data sealed."""

    async def add(self, new: NewReferral) -> bool:
        """Store it; False, with nothing stored, when its reference is taken."""

    async def matching(self, keys: frozenset[str], since: datetime) -> Sequence[OpenReferral]:
        """Open referrals received at `since` or later that share a match key, oldest first. Until the transaction ends
        nobody else can be given an answer for one of these keys, so two calls at once see each other."""

    async def lock(self, referral_id: UUID) -> Progress:
        """The progress of a referral, nobody else's to change until the transaction ends. Raises NotFound."""

    async def id_of(self, reference: str) -> UUID:
        """The id behind a reference in its written form. Raises NotFound."""

    async def progress(self, referral_id: UUID) -> Progress:
        """The progress of a referral, only to read. Raises NotFound."""

    async def timeline(self, referral_id: UUID) -> Sequence[TimelineEntry]:
        """What happened to it, in the order of time; its submission is not among them."""

    async def submission(self, referral_id: UUID) -> Submission:
        """What was sent, opened. Raises NotFound."""

    async def save(self, progress: Progress) -> None:
        """Keep a changed progress, its assignments and notices apart."""

    async def save_assignment(self, referral_id: UUID, assignment: Assignment) -> None:
        """Keep one assignment as it is now."""

    async def save_notice(self, referral_id: UUID, notice: Notice) -> None:
        """Keep one notice as it is now."""

    async def note(self, referral_id: UUID, entry: TimelineEntry) -> None:
        """Add to the timeline."""


class Updates(Protocol):
    """What the resident and the referrer are to be told."""

    async def add(self, update: Update) -> bool:
        """Store it; False, with nothing stored, when it was due before."""

    async def get(self, update_id: UUID) -> Update:
        """The update with this id. Raises NotFound."""


class Transaction(Protocol):
    """Everything one use case may touch, all of it kept or none of it."""

    @property
    def referrals(self) -> Referrals: ...

    @property
    def updates(self) -> Updates: ...

    async def policy(self) -> Policy:
        """The rules' data in force. Raises Unavailable when none is loaded."""

    async def places(self, codes: Sequence[str]) -> PlaceTable:
        """What the place data say of these codes (`postcode.candidates`), at the least."""

    async def district_name(self, code: str) -> str | None:
        """The name of a district of the county or around it, by its present or an earlier code."""

    async def publish(self, event: Event) -> None:
        """Tell the others once the transaction has been kept."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A referral of which no news came for too long; `sweeps` is how often its events were handed out again since."""

    id: UUID
    reference: str
    sweeps: int
    awaited: Awaited


class Sweeps(Protocol):
    """Referrals that await news for too long."""

    async def waiting(self) -> int:
        """How many of our events have not left yet."""

    async def overdue(self, limit: int) -> Sequence[Overdue]:
        """Up to `limit` referrals whose patience has run out, the longest overdue first."""

    async def hand_out_again(self, overdue: Sequence[Overdue]) -> int:
        """Let every event of these referrals leave once more, and wait twice as long before the next time; how many
        events."""

    async def stuck(self, after: int) -> int:
        """How many referrals were swept `after` times or more and still lack news that must come."""
