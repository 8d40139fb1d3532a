"""What people are to be told, in the database: each step once for each of them, whoever found it due first."""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import select

from services.intake.domain.updates import Audience, Step, Update
from services.intake.store.tables import update_due
from shared.db import Transaction
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class UpdateTable:
    """Updates of one open transaction (services/intake/ports.py)."""

    tx: Transaction

    async def add(self, update: Update) -> bool:
        """Store it; False, with nothing stored, when it was due before."""
        insert = self.tx.insert(update_due).values(asdict(update)).on_conflict_do_nothing()
        return (await self.tx.connection.execute(insert.returning(update_due.c.id))).first() is not None

    async def get(self, update_id: UUID) -> Update:
        """The update with this id. Raises NotFound."""
        query = select(update_due).where(update_due.c.id == update_id)
        row = (await self.tx.connection.execute(query)).mappings().first()
        if row is None:
            raise NotFound("not-found", "There is no such update.")
        return Update(**{**row, "audience": Audience(row["audience"]), "step": Step(row["step"])})
