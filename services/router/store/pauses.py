"""Which services pause, since when, until when, and by whose word."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update

from services.router.domain.assignment import Actor
from services.router.domain.capacity import Pausing
from services.router.store.tables import service_pause
from shared.db import Transaction


class PauseTable:
    """Pauses; one that is over is kept."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, pausing: Pausing) -> None:
        """Keep a pause."""
        row = {
            "service_id": pausing.service_id,
            "reason": pausing.reason,
            "actor_kind": pausing.actor.kind,
            "actor": pausing.actor.code,
            "paused_at": pausing.since,
            "until": pausing.until,
        }
        await self._tx.connection.execute(service_pause.insert().inline(), row)

    async def resume(self, service_id: str, actor: Actor, at: datetime, *, reason: str | None = None) -> None:
        """End whatever pause of a service is running, or only those for one reason."""
        running = update(service_pause).where(
            service_pause.c.service_id == service_id, service_pause.c.resumed_at.is_(None)
        )
        if reason is not None:
            running = running.where(service_pause.c.reason == reason)
        ended = {"resumed_at": at, "resumed_by_kind": actor.kind, "resumed_by": actor.code}
        await self._tx.connection.execute(running.values(ended))

    async def running(self, at: datetime) -> Sequence[Pausing]:
        """The pauses that are not over at `at`, oldest first."""
        pauses = service_pause.c
        lasts = or_(pauses.until.is_(None), pauses.until > at)
        query = select(service_pause).where(pauses.resumed_at.is_(None), lasts).order_by(pauses.seq)
        return [
            Pausing(
                service_id=row["service_id"],
                reason=row["reason"],
                actor=Actor(row["actor_kind"], row["actor"]),
                since=row["paused_at"],
                until=row["until"],
            )
            for row in (await self._tx.connection.execute(query)).mappings()
        ]

    async def resumed(self, reason: str) -> Mapping[str, datetime]:
        """By service, when its last pause for this reason ended."""
        pauses = service_pause.c
        query = select(pauses.service_id, func.max(pauses.resumed_at).label("at")).group_by(pauses.service_id)
        rows = await self._tx.connection.execute(query.where(pauses.reason == reason, pauses.resumed_at.is_not(None)))
        return {row.service_id: row.at for row in rows}

    async def in_force(self, at: datetime) -> frozenset[str]:
        """The services that pause at `at`."""
        return frozenset(pausing.service_id for pausing in await self.running(at))
