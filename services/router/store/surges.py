"""Surges: who switched which on, why, and until when."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select, update

from services.router.domain.surge import Surge
from services.router.store.tables import surge
from shared.db import Transaction

CLOCK = "clock"


class SurgeTable:
    """Every switch is kept."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def all(self) -> Sequence[Surge]:
        """Every time that one was switched on, oldest first."""
        rows = (await self._tx.connection.execute(select(surge).order_by(surge.c.seq))).mappings()
        return [Surge(**row) for row in rows]

    async def add(self, switched: Surge) -> Surge:
        """Keep one that is switched on; it with its number. The database refuses a second one of its name that has not
        ended."""
        over = update(surge).where(
            surge.c.name == switched.name, surge.c.ended_at.is_(None), surge.c.until <= switched.began_at
        )
        await self._tx.connection.execute(over.values(ended_at=surge.c.until, ended_by=CLOCK))
        row = asdict(switched)
        del row["seq"]
        seq = await self._tx.connection.scalar(surge.insert().values(row).returning(surge.c.seq))
        return Surge(**row, seq=int(seq or 0))

    async def end(self, ended: Surge) -> None:
        """Keep who ended one, when and why."""
        values = {"ended_at": ended.ended_at, "ended_by": ended.ended_by, "ended_reason": ended.ended_reason}
        await self._tx.connection.execute(update(surge).where(surge.c.seq == ended.seq).values(values))
