"""Assignments, their moves, and the places they take."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from dataclasses import fields as fields_of
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, select, update

from services.router.domain.assignment import LIVE, State
from services.router.ports import Offer
from services.router.store.tables import assignment, assignment_move, assignment_need, capacity
from shared.db import Transaction
from shared.errors import Conflict

PAGE = 200
FIELDS = tuple(field.name for field in fields_of(Offer))


class OfferTable:
    """Assignments and their moves."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, offer: Offer, *, capacity_day: date | None) -> None:
        """Store a new offer, with the day whose place it took; the database refuses a second live one of a need."""
        lists = {"needs": list(offer.needs), "channels": list(offer.channels)}
        row = asdict(offer) | lists | {"capacity_day": capacity_day}
        await self._tx.connection.execute(assignment.insert().inline(), row)
        held = [
            {"assignment_id": offer.id, "need": need, "referral_id": offer.referral_id, "live": True}
            for need in offer.needs
        ]
        await self._tx.connection.execute(assignment_need.insert().inline(), held)
        await self._keep_move(offer.id, actor="router", at=offer.offered_at, before=None, to=offer.state, reason=None)

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

    async def move(self, offer: Offer, to: State, *, actor: str, at: datetime, reason: str | None) -> None:
        """Change its state and keep who, when, from, to and why. Raises Conflict when it has moved meanwhile."""
        statement = (
            update(assignment)
            .where(assignment.c.id == offer.id, assignment.c.version == offer.version)
            .values(state=to, version=offer.version + 1)
            .returning(assignment.c.id)
        )
        if (await self._tx.connection.execute(statement)).first() is None:
            raise Conflict("version-conflict", "This assignment has changed since it was read. Read it again.")
        holds = update(assignment_need).where(assignment_need.c.assignment_id == offer.id).values(live=to in LIVE)
        await self._tx.connection.execute(holds)
        await self._keep_move(offer.id, actor=actor, at=at, before=offer.state, to=to, reason=reason)

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
    ) -> Sequence[Offer]:
        """Assignments that match all that is given, soonest due first, at most 200."""
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
        return await self._offers(query)

    async def _offers(self, query: Select[Any]) -> Sequence[Offer]:  # the rows of one table
        rows = (await self._tx.connection.execute(query)).mappings().all()
        return [_offer(row) for row in rows]

    async def _keep_move(
        self, assignment_id: UUID, *, actor: str, at: datetime, before: State | None, to: State, reason: str | None
    ) -> None:
        row = {
            "assignment_id": assignment_id,
            "actor": actor,
            "at": at,
            "from_state": before,
            "to_state": to,
            "reason": reason,
        }
        await self._tx.connection.execute(assignment_move.insert().inline(), row)


class CapacityTable:
    """Places of a service's day, taken and given back by the database, also under races."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def taken(self, day: date) -> Mapping[str, int]:
        """How many places of `day` are taken, by service."""
        rows = await self._tx.connection.execute(
            select(capacity.c.service_id, capacity.c.taken).where(capacity.c.day == day)
        )
        return {row.service_id: row.taken for row in rows}

    async def take(self, day: date, places: Mapping[str, int]) -> str | None:
        """Take a place of each service of `places`, or none at all and answer which of them is full.

        Rows are locked in one order everywhere, so that two referrals never wait for each other; the savepoint also
        lets go of them when one is full, or the next try would lock others out of that order.
        """
        for_none_or_all = await self._tx.connection.begin_nested()
        for service_id, count in sorted(places.items()):
            if not await self._take_one(service_id, day, count):
                await for_none_or_all.rollback()
                return service_id
        await for_none_or_all.commit()
        return None

    async def give_back(self, assignment_id: UUID) -> None:
        """Return the place that an assignment took, if it took one."""
        taken = select(assignment.c.service_id, assignment.c.capacity_day).where(assignment.c.id == assignment_id)
        row = (await self._tx.connection.execute(taken)).one()
        if row.capacity_day is None:
            return
        statement = (
            update(capacity)
            .where(capacity.c.service_id == row.service_id, capacity.c.day == row.capacity_day, capacity.c.taken > 0)
            .values(taken=capacity.c.taken - 1)
        )
        await self._tx.connection.execute(statement)

    async def _take_one(self, service_id: str, day: date, places: int) -> bool:
        if places < 1:
            return False
        insert = self._tx.insert(capacity).values(service_id=service_id, day=day, taken=1)
        # One statement decides, so that two referrals in the same instant cannot both have the last place.
        statement = insert.on_conflict_do_update(
            index_elements=["service_id", "day"],
            set_={"taken": capacity.c.taken + 1},
            where=capacity.c.taken < places,
        ).returning(capacity.c.taken)
        return (await self._tx.connection.execute(statement)).first() is not None


def _offer(row: RowMapping) -> Offer:
    fields = {name: row[name] for name in FIELDS}
    lists = {"needs": tuple(row["needs"]), "channels": tuple(row["channels"])}
    return Offer(**fields | lists | {"state": State(row["state"])})
