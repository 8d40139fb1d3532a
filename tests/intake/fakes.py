"""Intake's stores in memory; they pass the same tests as the real ones (test_store_contract.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.intake.domain.assessment import OpenReferral
from services.intake.domain.places import PlaceTable
from services.intake.domain.policy import Policy
from services.intake.domain.progress import FINISHED, Assignment, Notice, Progress, TimelineEntry
from services.intake.domain.referral import Submission
from services.intake.domain.status import needs_in_hand
from services.intake.domain.updates import Update
from services.intake.ports import NewReferral
from shared.errors import NotFound, Unavailable
from shared.events import Event


@dataclass
class FakeReferrals:
    """Referrals in dictionaries. There is one caller at a time, so nothing needs locking."""

    stored: dict[UUID, NewReferral] = field(default_factory=dict)
    moved: dict[UUID, Progress] = field(default_factory=dict)
    assignments: dict[UUID, dict[UUID, Assignment]] = field(default_factory=dict)
    notices: dict[UUID, dict[UUID, Notice]] = field(default_factory=dict)
    entries: dict[UUID, list[TimelineEntry]] = field(default_factory=dict)

    async def add(self, new: NewReferral) -> bool:
        if any(other.progress.reference == new.progress.reference for other in self.stored.values()):
            return False
        self.stored[new.progress.id] = new
        self.moved[new.progress.id] = new.progress
        for kept in (self.assignments, self.notices):
            kept[new.progress.id] = {}
        self.entries[new.progress.id] = []
        return True

    async def matching(self, keys: frozenset[str], since: datetime) -> Sequence[OpenReferral]:
        found = [
            OpenReferral(
                reference=progress.reference,
                keys=keys & self.stored[progress.id].keys,
                needs=needs_in_hand(progress.needs),
                status="open",
                priority=progress.decision.priority if progress.decision else None,
                received_at=progress.received_at,
            )
            for progress in self.moved.values()
            if progress.received_at >= since
            and progress.status not in FINISHED
            and not keys.isdisjoint(self.stored[progress.id].keys)
        ]
        return sorted(found, key=lambda referral: referral.received_at)

    async def lock(self, referral_id: UUID) -> Progress:
        return await self.progress(referral_id)

    async def id_of(self, reference: str) -> UUID:
        for progress in self.moved.values():
            if progress.reference == reference:
                return progress.id
        raise NotFound("not-found", "There is no referral with that reference.")

    async def progress(self, referral_id: UUID) -> Progress:
        if referral_id not in self.moved:
            raise NotFound("not-found", "There is no referral with that reference.")
        assignments = sorted(self.assignments[referral_id].values(), key=lambda each: (each.sequence, each.id))
        notices = sorted(self.notices[referral_id].values(), key=lambda each: (each.sequence, each.id))
        return replace(self.moved[referral_id], assignments=tuple(assignments), notices=tuple(notices))

    async def timeline(self, referral_id: UUID) -> Sequence[TimelineEntry]:
        return sorted(self.entries[referral_id], key=lambda entry: entry.at)

    async def submission(self, referral_id: UUID) -> Submission:
        if referral_id not in self.stored:
            raise NotFound("not-found", "There is no referral with that reference.")
        return self.stored[referral_id].submission

    async def save(self, progress: Progress) -> None:
        self.moved[progress.id] = progress

    async def save_assignment(self, referral_id: UUID, assignment: Assignment) -> None:
        self.assignments[referral_id][assignment.id] = assignment

    async def save_notice(self, referral_id: UUID, notice: Notice) -> None:
        self.notices[referral_id][notice.id] = notice

    async def note(self, referral_id: UUID, entry: TimelineEntry) -> None:
        self.entries[referral_id].append(entry)


@dataclass
class FakeUpdates:
    """Updates in a dictionary."""

    stored: dict[UUID, Update] = field(default_factory=dict)

    async def add(self, update: Update) -> bool:
        if update.id in self.stored:
            return False
        self.stored[update.id] = update
        return True

    async def get(self, update_id: UUID) -> Update:
        if update_id not in self.stored:
            raise NotFound("not-found", "There is no such update.")
        return self.stored[update_id]


@dataclass
class FakeTransaction:
    """A transaction whose effects can be looked at: `referrals`, and the events `published`."""

    county: Policy | None
    known_places: PlaceTable
    referrals: FakeReferrals = field(default_factory=FakeReferrals)
    updates: FakeUpdates = field(default_factory=FakeUpdates)
    published: list[Event] = field(default_factory=list)

    async def policy(self) -> Policy:
        if self.county is None:
            raise Unavailable("configuration-missing", "No directory is loaded.")
        return self.county

    async def places(self, codes: Sequence[str]) -> PlaceTable:
        return self.known_places

    async def district_name(self, code: str) -> str | None:
        return {"E07000034": "Chesterfield"}.get(code)

    async def publish(self, event: Event) -> None:
        self.published.append(event)
