"""Assignments in memory, and what each has of its needs."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.router.domain.assignment import LIVE, PLACED_AGAIN, Actor, Move, State
from services.router.ports import Moved, Offer
from shared.errors import Conflict, NotFound


class Holds(Enum):
    """What an assignment has of a need: it is in its hands, it ended there, or neither."""

    LIVE = "live"
    DONE = "done"
    NOTHING = "nothing"


@dataclass
class FakeOffers:
    """Offers in a dictionary, with the day whose place each took, and their moves."""

    kept: dict[UUID, Offer] = field(default_factory=dict)
    needs: dict[UUID, dict[str, Holds]] = field(default_factory=dict)
    capacity_days: dict[UUID, date | None] = field(default_factory=dict)
    moves: list[tuple[UUID, Moved]] = field(default_factory=list)
    forgotten: dict[UUID, int] = field(default_factory=dict)

    async def add(self, offer: Offer, *, capacity_day: date | None) -> None:
        live = await self.live_of(offer.referral_id)
        held = {need for other in live for need, holds in self.needs[other.id].items() if holds is Holds.LIVE}
        if not held.isdisjoint(offer.needs):
            raise IntegrityError("a need has one live assignment", None, ValueError())
        self.kept[offer.id] = offer
        self.needs[offer.id] = dict.fromkeys(offer.needs, Holds.LIVE if offer.state in LIVE else Holds.NOTHING)
        self.capacity_days[offer.id] = capacity_day
        self.moves.append((offer.id, Moved(offer.offered_at, Actor("router", "router"), None, offer.state, None)))

    async def live_of(self, referral_id: UUID) -> Sequence[Offer]:
        live = [offer for offer in self.kept.values() if offer.referral_id == referral_id and offer.state in LIVE]
        return sorted(live, key=lambda offer: (offer.service_id, offer.id))

    async def lock(self, assignment_id: UUID) -> Offer:
        if assignment_id not in self.kept:
            raise NotFound("not-found", "There is no assignment with this id.")
        return self.kept[assignment_id]

    async def move(
        self,
        offer: Offer,
        to: State,
        *,
        actor: Actor,
        at: datetime,
        reason: str | None,
        outcomes: Mapping[str, str] | None = None,
        move: Move | None = None,
    ) -> Offer:
        if self.kept[offer.id].version != offer.version:
            raise Conflict("version-conflict", "This assignment has changed since it was read. Read it again.")
        ends = dict(outcomes or offer.outcomes)
        moved = replace(self.kept[offer.id], state=to, version=offer.version + 1, outcomes=ends)
        self.kept[offer.id] = moved
        if to not in LIVE:
            ended = Holds.DONE if to is State.DONE else Holds.NOTHING
            self.needs[offer.id] = {
                need: ended if holds is Holds.LIVE else holds for need, holds in self.needs[offer.id].items()
            }
        self.moves.append((offer.id, Moved(at, actor, offer.state, to, reason, move)))
        return moved

    async def held_by(self, assignment_id: UUID) -> tuple[str, ...]:
        return tuple(need for need, holds in self.needs[assignment_id].items() if holds is Holds.LIVE)

    async def let_go(self, assignment_id: UUID, needs: Sequence[str]) -> None:
        self.needs[assignment_id] |= dict.fromkeys(needs, Holds.NOTHING)

    async def take_back(self, assignment_id: UUID, needs: Sequence[str]) -> None:
        live = await self.live_of(self.kept[assignment_id].referral_id)
        if not {need for other in live for need in await self.held_by(other.id)}.isdisjoint(needs):
            raise IntegrityError("a need has one live assignment", None, ValueError())
        self.needs[assignment_id] |= dict.fromkeys(needs, Holds.LIVE)

    async def reopen(self, referral_id: UUID, needs: Sequence[str]) -> None:
        for offer in self.kept.values():
            if offer.referral_id == referral_id:
                nobodys = [need for need in needs if self.needs[offer.id].get(need) is Holds.DONE]
                self.needs[offer.id] |= dict.fromkeys(nobodys, Holds.NOTHING)

    async def children_of(self, assignment_id: UUID) -> Sequence[Offer]:
        children = [offer for offer in self.kept.values() if offer.parent_id == assignment_id]
        return sorted(children, key=lambda offer: (offer.offered_at, offer.id))

    async def refusals(self, referral_id: UUID, *, told: bool = False) -> Mapping[str, frozenset[str]]:
        said_no: dict[str, set[str]] = defaultdict(set)
        for assignment_id, move in self.moves[self.forgotten.get(referral_id, 0) :]:
            offer = self.kept[assignment_id]
            untold = (move.before, move.to) == (State.OFFERED, State.EXPIRED) and offer.notified_at is None
            if offer.referral_id == referral_id and move.to in PLACED_AGAIN and not (told and untold):
                for need in offer.needs:
                    said_no[need].add(offer.service_id)
        return {need: frozenset(services) for need, services in said_no.items()}

    async def history(self, assignment_id: UUID) -> Sequence[Moved]:
        return [move for moved, move in self.moves if moved == assignment_id]

    async def told(self, assignment_id: UUID, at: datetime) -> None:
        offer = self.kept.get(assignment_id)
        if offer is not None and offer.notified_at is None:
            self.kept[assignment_id] = replace(offer, notified_at=at)

    async def find(
        self,
        *,
        assignment_id: UUID | None = None,
        service: str | None = None,
        state: str | None = None,
        reference: str | None = None,
        among: Collection[UUID] | None = None,
    ) -> Sequence[Offer]:
        found = [
            offer
            for offer in self.kept.values()
            if assignment_id in (None, offer.id)
            and service in (None, offer.service_id)
            and state in (None, offer.state)
            and reference in (None, offer.reference)
            and (among is None or offer.id in among)
        ]
        return sorted(found, key=lambda offer: (offer.due_at, offer.id))[:200]
