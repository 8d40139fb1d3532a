"""What services said of their capacity, and the reminders to say it again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, func, select, update

from services.router.domain.assignment import Actor
from services.router.domain.capacity import Availability, Confirmation, Listing, Reminder, Step
from services.router.store.tables import capacity_reminder, configuration, confirmation, listing
from shared.db import Transaction
from shared.documents import in_force


class ConfirmationTable:
    """Words on capacity; those that no longer stand are kept."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, word: Confirmation) -> None:
        """Keep the newest word of a service, which answers every reminder."""
        row = {
            "service_id": word.service_id,
            "availability": word.availability,
            "places": word.places,
            "actor_kind": word.actor.kind,
            "actor": word.actor.code,
            "confirmed_at": word.at,
        }
        await self._tx.connection.execute(confirmation.insert().inline(), row)
        of = capacity_reminder.c.service_id == word.service_id
        answered = update(capacity_reminder).where(of, capacity_reminder.c.closed_at.is_(None))
        await self._tx.connection.execute(answered.values(closed_at=word.at))

    async def in_force(self) -> Mapping[str, Confirmation]:
        """The newest word of each service that ever gave one."""
        newest = select(func.max(confirmation.c.seq)).group_by(confirmation.c.service_id)
        query = select(confirmation).where(confirmation.c.seq.in_(newest))
        rows = (await self._tx.connection.execute(query)).mappings()
        return {row["service_id"]: _confirmation(row) for row in rows}

    async def loaded_at(self) -> datetime:
        """When the directory in force was loaded."""
        query = in_force(self._tx, select(configuration.c.loaded_at))
        return (await self._tx.connection.execute(query)).scalar_one()  # type: ignore[no-any-return] # an Instant

    async def listed(self) -> Mapping[str, Listing]:
        """What was noted of the directory, by service."""
        rows = (await self._tx.connection.execute(select(listing))).mappings()
        return {row["service_id"]: Listing(**row) for row in rows}

    async def note(self, listed: Listing) -> None:
        """Keep what the directory says of a service, in place of what it said before."""
        insert = self._tx.insert(listing).values(asdict(listed))
        changes = {name: insert.excluded[name] for name in ("places", "contact", "since")}
        await self._tx.connection.execute(insert.on_conflict_do_update(index_elements=["service_id"], set_=changes))

    async def present(self) -> datetime:
        """The present instant by the database's clock."""
        return (await self._tx.connection.execute(select(self._tx.instant))).scalar_one()

    async def open_reminders(self) -> Sequence[Reminder]:
        """The reminders that nobody has answered."""
        query = select(capacity_reminder).where(capacity_reminder.c.closed_at.is_(None))
        rows = (await self._tx.connection.execute(query.order_by(capacity_reminder.c.service_id))).mappings()
        return [
            Reminder(row["service_id"], Step(row["step"]), row["since"], row["reminded_at"], row["decays_at"])
            for row in rows
        ]

    async def remind(self, reminder: Reminder) -> int:
        """Keep a reminder and answer how many its service has had; 0, and nothing is kept, when it had this one."""
        row = {
            "service_id": reminder.service_id,
            "step": reminder.step,
            "since": reminder.since,
            "reminded_at": reminder.at,
            "decays_at": reminder.decays_at,
        }
        insert = self._tx.insert(capacity_reminder).values(row).on_conflict_do_nothing()
        kept = await self._tx.connection.execute(insert.returning(capacity_reminder.c.service_id))
        if kept.first() is None:
            return 0
        of = capacity_reminder.c.service_id == reminder.service_id
        return int(await self._tx.connection.scalar(select(func.count()).where(of)) or 0)

    async def close(self, reminder: Reminder, at: datetime) -> bool:
        """End a reminder; False when somebody else has ended it."""
        this = update(capacity_reminder).where(
            capacity_reminder.c.service_id == reminder.service_id,
            capacity_reminder.c.step == reminder.step,
            capacity_reminder.c.since == reminder.since,
            capacity_reminder.c.closed_at.is_(None),
        )
        closed = await self._tx.connection.execute(this.values(closed_at=at).returning(capacity_reminder.c.service_id))
        return closed.first() is not None


def _confirmation(row: RowMapping) -> Confirmation:
    return Confirmation(
        service_id=row["service_id"],
        availability=Availability(row["availability"]),
        places=row["places"],
        actor=Actor(row["actor_kind"], row["actor"]),
        at=row["confirmed_at"],
    )
