"""Assignments, their moves, and the places they take."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from dataclasses import fields as fields_of
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, and_, func, not_, select, true, update

from services.router.domain.assignment import LIVE, PLACED_AGAIN, Actor, Move, State
from services.router.ports import Moved, Offer
from services.router.store.tables import assignment, assignment_move, assignment_need, referral
from shared.db import Transaction
from shared.errors import Conflict, NotFound

PAGE = 200
ROUTER = Actor("router", "router")
FIELDS = tuple(field.name for field in fields_of(Offer))


class OfferTable:
    """Assignments and their moves."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, offer: Offer, *, capacity_day: date | None) -> None:
        """Store a new offer, with the day whose place it took; the database refuses a second live one of a need."""
        lists = {"needs": list(offer.needs), "channels": list(offer.channels), "outcomes": dict(offer.outcomes)}
        row = asdict(offer) | lists | {"capacity_day": capacity_day}
        await self._tx.connection.execute(assignment.insert().inline(), row)
        held = [
            {"assignment_id": offer.id, "need": need, "referral_id": offer.referral_id, "live": True}
            for need in offer.needs
        ]
        await self._tx.connection.execute(assignment_need.insert().inline(), held)
        await self._keep_move(offer.id, actor=ROUTER, at=offer.offered_at, before=None, to=offer.state, reason=None)

    async def live_of(self, referral_id: UUID) -> Sequence[Offer]:
        """The live assignments of a referral in the order of their services, locked until the transaction ends."""
        query = (
            select(assignment)
            .where(assignment.c.referral_id == referral_id, assignment.c.state.in_(LIVE))
            # The order in which places are taken: giving them back in another could wait for whoever takes some.
            .order_by(assignment.c.service_id, assignment.c.id)
            .with_for_update()
        )
        return await self._offers(query)

    async def lock(self, assignment_id: UUID) -> Offer:
        """One assignment, with the lock that orders everything done for its referral. Raises NotFound."""
        of = select(assignment.c.referral_id).where(assignment.c.id == assignment_id).scalar_subquery()
        await self._tx.connection.execute(select(referral.c.id).where(referral.c.id == of).with_for_update())
        # Read after the lock was got: before it, whoever held it may have changed the assignment.
        offers = await self._offers(select(assignment).where(assignment.c.id == assignment_id))
        if not offers:
            raise NotFound("not-found", "There is no assignment with this id.")
        return offers[0]

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
        """The assignment in its new state. Raises Conflict when it has moved since it was read."""
        moved = replace(offer, state=to, version=offer.version + 1, outcomes=dict(outcomes or offer.outcomes))
        statement = (
            update(assignment)
            .where(assignment.c.id == offer.id, assignment.c.version == offer.version)
            .values(state=to, version=moved.version, outcomes=moved.outcomes)
            .returning(assignment.c.id)
        )
        if (await self._tx.connection.execute(statement)).first() is None:
            raise Conflict("version-conflict", "This assignment has changed since it was read. Read it again.")
        if to not in LIVE:
            await self._end(offer.id, to)
        await self._keep_move(offer.id, actor=actor, at=at, before=offer.state, to=to, reason=reason, move=move)
        return moved

    async def held_by(self, assignment_id: UUID) -> tuple[str, ...]:
        """The needs that an assignment has in its own hands, in their order."""
        query = select(assignment.c.needs).where(assignment.c.id == assignment_id)
        needs = (await self._tx.connection.execute(query)).scalar_one()
        had = assignment_need.c
        held = select(had.need).where(had.assignment_id == assignment_id, had.live)
        own = set((await self._tx.connection.execute(held)).scalars())
        return tuple(need for need in needs if need in own)

    async def let_go(self, assignment_id: UUID, needs: Sequence[str]) -> None:
        """Take needs out of the hands of an assignment."""
        await self._hold(assignment_id, needs, live=False)

    async def take_back(self, assignment_id: UUID, needs: Sequence[str]) -> None:
        """Put needs back into the hands of an assignment; the database refuses those that another one has."""
        await self._hold(assignment_id, needs, live=True)

    async def reopen(self, referral_id: UUID, needs: Sequence[str]) -> None:
        """Have needs of a referral that ended be nobody's again, until they are offered."""
        had = assignment_need.c
        of = update(assignment_need).where(had.referral_id == referral_id, had.need.in_(needs))
        await self._tx.connection.execute(of.values(done=False))

    async def children_of(self, assignment_id: UUID) -> Sequence[Offer]:
        """The assignments to which its needs were passed on, in the order in which they were offered."""
        children = select(assignment).where(assignment.c.parent_id == assignment_id)
        return await self._offers(children.order_by(assignment.c.offered_at, assignment.c.id))

    async def refusals(self, referral_id: UUID, *, told: bool = False) -> Mapping[str, frozenset[str]]:
        """By need, the services that declined it, let it expire or handed it back since refusals count."""
        move = assignment_move.c
        silent = and_(move.to_state == State.EXPIRED, move.from_state == State.OFFERED)
        untold = and_(silent, assignment.c.notified_at.is_(None))
        query = (
            select(assignment_need.c.need, assignment.c.service_id)
            .join(assignment, assignment.c.id == assignment_need.c.assignment_id)
            .join(assignment_move, assignment_move.c.assignment_id == assignment.c.id)
            .join(referral, referral.c.id == assignment.c.referral_id, isouter=True)
            .where(
                assignment.c.referral_id == referral_id,
                assignment_move.c.to_state.in_(PLACED_AGAIN),
                assignment_move.c.seq > func.coalesce(referral.c.refusals_after, 0),
                not_(untold) if told else true(),
            )
        )
        said_no: dict[str, set[str]] = defaultdict(set)
        for row in await self._tx.connection.execute(query):
            said_no[row.need].add(row.service_id)
        return {need: frozenset(services) for need, services in said_no.items()}

    async def history(self, assignment_id: UUID) -> Sequence[Moved]:
        """Every move of an assignment, oldest first."""
        moves = assignment_move.c
        query = select(assignment_move).where(moves.assignment_id == assignment_id).order_by(moves.seq)
        return [
            Moved(
                at=row["at"],
                actor=Actor(row["actor_kind"], row["actor"]),
                before=State(row["from_state"]) if row["from_state"] else None,
                to=State(row["to_state"]),
                reason=row["reason"],
                move=Move(row["move"]) if row["move"] else None,
            )
            for row in (await self._tx.connection.execute(query)).mappings()
        ]

    async def told(self, assignment_id: UUID, at: datetime) -> None:
        """Note when its service was first told."""
        first = update(assignment).where(assignment.c.id == assignment_id, assignment.c.notified_at.is_(None))
        await self._tx.connection.execute(first.values(notified_at=at))

    async def find(
        self,
        *,
        assignment_id: UUID | None = None,
        service: str | None = None,
        state: str | None = None,
        reference: str | None = None,
        among: Collection[UUID] | None = None,
    ) -> Sequence[Offer]:
        """Assignments that match all that is given, soonest due first, at most 200; `among` has the ids looked at."""
        wanted: dict[Any, object] = {  # the keys are columns, whose type varies
            assignment.c.id: assignment_id,
            assignment.c.service_id: service,
            assignment.c.state: state,
            assignment.c.reference: reference,
        }
        query = select(assignment).order_by(assignment.c.due_at, assignment.c.id).limit(PAGE)
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == value)
        if among is not None:
            query = query.where(assignment.c.id.in_(among))
        return await self._offers(query)

    async def _hold(self, assignment_id: UUID, needs: Sequence[str], *, live: bool) -> None:
        had = assignment_need.c
        of = update(assignment_need).where(had.assignment_id == assignment_id, had.need.in_(needs))
        await self._tx.connection.execute(of.values(live=live))

    async def _end(self, assignment_id: UUID, to: State) -> None:
        """What an assignment has when it ends is nobody's any more, or has ended with it."""
        had = assignment_need.c
        ends = {"done": had.live} if to is State.DONE else {}
        of = update(assignment_need).where(had.assignment_id == assignment_id)
        await self._tx.connection.execute(of.values(live=False, **ends))

    async def _offers(self, query: Select[Any]) -> Sequence[Offer]:  # the rows of one table
        rows = (await self._tx.connection.execute(query)).mappings().all()
        return [_offer(row) for row in rows]

    async def _keep_move(
        self,
        assignment_id: UUID,
        *,
        actor: Actor,
        at: datetime,
        before: State | None,
        to: State,
        reason: str | None,
        move: Move | None = None,
    ) -> None:
        row = {
            "assignment_id": assignment_id,
            "actor_kind": actor.kind,
            "actor": actor.code,
            "at": at,
            "from_state": before,
            "to_state": to,
            "reason": reason,
            "move": move,
        }
        await self._tx.connection.execute(assignment_move.insert().inline(), row)


def _offer(row: RowMapping) -> Offer:
    fields = {name: row[name] for name in FIELDS}
    lists = {"needs": tuple(row["needs"]), "channels": tuple(row["channels"])}
    return Offer(**fields | lists | {"state": State(row["state"])})
