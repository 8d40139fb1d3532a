"""Places of a service's day: taken, and given back."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select, update

from services.router.store.tables import assignment, capacity
from shared.db import Transaction


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

    async def take(self, day: date, places: Mapping[str, int], *, give_back: UUID | None = None) -> str | None:
        """Take a place of each service of `places` and return that of the assignment `give_back`, or change nothing at
        all and answer which service is full.

        Rows are locked in one order everywhere, so that two referrals never wait for each other; the savepoint also
        lets go of them when one is full, or the next try would lock others out of that order.
        """
        for_none_or_all = await self._tx.connection.begin_nested()
        returned = await self._place_of(give_back) if give_back else None
        touched: set[str] = {*places} | ({returned[0]} if returned else set())
        for service_id in sorted(touched):
            if returned and service_id == returned[0]:
                await self._return_one(*returned)
            if service_id in places and not await self._take_one(service_id, day, places[service_id]):
                await for_none_or_all.rollback()
                return service_id
        await for_none_or_all.commit()
        return None

    async def give_back(self, assignment_id: UUID) -> None:
        """Return the place that an assignment took, if it took one."""
        taken = await self._place_of(assignment_id)
        if taken is not None:
            await self._return_one(*taken)

    async def _place_of(self, assignment_id: UUID) -> tuple[str, date] | None:
        query = select(assignment.c.service_id, assignment.c.capacity_day).where(assignment.c.id == assignment_id)
        row = (await self._tx.connection.execute(query)).one()
        return None if row.capacity_day is None else (row.service_id, row.capacity_day)

    async def _return_one(self, service_id: str, day: date) -> None:
        statement = (
            update(capacity)
            .where(capacity.c.service_id == service_id, capacity.c.day == day, capacity.c.taken > 0)
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
