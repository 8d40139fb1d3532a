"""Clocks of assignments, and claiming those that ring."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, select, update

from services.router.domain.assignment import LIVE
from services.router.domain.chase import TICKING, Clock, ClockState, Kind
from services.router.ports import Due
from services.router.store.assignments import OfferTable
from services.router.store.tables import assignment, clock, referral
from shared.db import Transaction


class ClockTable:
    """Clocks; one that stopped or rang in vain is kept."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def start(self, clocks: Iterable[Clock]) -> None:
        """Keep new clocks; one of a kind that the assignment has begins anew."""
        insert = self._tx.insert(clock)
        changes = {name: insert.excluded[name] for name in ("due_at", "step", "state")}
        statement = insert.on_conflict_do_update(index_elements=["assignment_id", "kind"], set_=changes)
        await self._tx.connection.execute(statement, [asdict(each) for each in clocks])

    async def put(self, changed: Clock) -> None:
        """Keep a clock as it is now."""
        of = update(clock).where(clock.c.assignment_id == changed.assignment_id, clock.c.kind == changed.kind)
        await self._tx.connection.execute(of.values(due_at=changed.due_at, step=changed.step, state=changed.state))

    async def stop(self, assignment_id: UUID, kinds: Sequence[Kind]) -> None:
        """Stop those of an assignment's clocks that tick."""
        ticking = update(clock).where(clock.c.assignment_id == assignment_id, clock.c.state.in_(TICKING))
        await self._tx.connection.execute(ticking.where(clock.c.kind.in_(kinds)).values(state=ClockState.STOPPED))

    async def due(self) -> Due | None:
        """The clock that rang first, with its assignment, nobody else's until the transaction ends.

        It is the referral that is locked, as everything that is done for it locks it first; one that somebody works on
        is passed over. What was found is read again under the lock, for it may have been answered meanwhile.
        """
        present: datetime = (await self._tx.connection.execute(select(self._tx.instant))).scalar_one()
        rings = (clock.c.state.in_(TICKING), clock.c.due_at <= present)
        first = (
            select(clock.c.assignment_id, clock.c.kind)
            .join(assignment, assignment.c.id == clock.c.assignment_id)
            .join(referral, referral.c.id == assignment.c.referral_id)
            .where(*rings)
            .order_by(clock.c.due_at, clock.c.assignment_id, clock.c.kind)
            .limit(1)
            .with_for_update(of=referral, skip_locked=True)
        )
        found = (await self._tx.connection.execute(first)).first()
        if found is None:
            return None
        again = select(clock).where(clock.c.assignment_id == found.assignment_id, clock.c.kind == found.kind, *rings)
        row = (await self._tx.connection.execute(again)).mappings().first()
        if row is None:
            return None
        [offer] = await OfferTable(self._tx).find(assignment_id=found.assignment_id)
        return Due(_clock(row), offer, present)

    async def postpone(self, late: Clock, by: timedelta) -> None:
        """Let a clock ring again later: something went wrong when it rang, which must not keep others waiting."""
        then = self._tx.database.instant_in(by.total_seconds())
        of = update(clock).where(clock.c.assignment_id == late.assignment_id, clock.c.kind == late.kind)
        await self._tx.connection.execute(of.values(due_at=then))

    async def late(self, state: ClockState) -> frozenset[UUID]:
        """The live assignments of which a clock is in this state; what has ended is late no more."""
        query = (
            select(clock.c.assignment_id)
            .join(assignment, assignment.c.id == clock.c.assignment_id)
            .where(clock.c.state == state, assignment.c.state.in_(LIVE))
        )
        return frozenset((await self._tx.connection.execute(query)).scalars())

    async def of(self, assignment_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Clock]]:
        """The clocks of assignments."""
        query = select(clock).where(clock.c.assignment_id.in_(assignment_ids)).order_by(clock.c.due_at, clock.c.kind)
        clocks: dict[UUID, list[Clock]] = defaultdict(list)
        for row in (await self._tx.connection.execute(query)).mappings():
            clocks[row["assignment_id"]].append(_clock(row))
        return clocks


def _clock(row: RowMapping) -> Clock:
    return Clock(row["assignment_id"], Kind(row["kind"]), row["due_at"], row["step"], ClockState(row["state"]))
