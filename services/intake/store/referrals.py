"""Referrals in the database: rows in, domain objects out; the only module that seals and opens."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, Table, func, select, update

from services.intake.domain.assessment import OpenReferral
from services.intake.domain.progress import (
    FINISHED,
    Assignment,
    AssignmentState,
    Cancellation,
    Decision,
    Need,
    NeedState,
    Notice,
    Progress,
    Status,
    TimelineEntry,
)
from services.intake.domain.referral import Submission
from services.intake.domain.status import is_settled, needs_in_hand, patience
from services.intake.ports import NewReferral
from services.intake.store.sealing import open_submission, seal_submission
from services.intake.store.tables import SEALED, assignment, match_key, notice, referral, timeline
from shared.db import Transaction
from shared.errors import NotFound
from shared.vault import Vault

OPEN = "open"
# Everything but the sealed columns: whoever follows a referral never reads the person.
PLAIN = tuple(column for column in referral.c if column.name not in SEALED)


class ReferralTable:
    """Referrals of one open transaction (services/intake/ports.py)."""

    def __init__(self, tx: Transaction, vault: Vault, first_patience: timedelta) -> None:
        self._tx = tx
        self._vault = vault
        self._first_patience = first_patience

    async def add(self, new: NewReferral) -> bool:
        """Store it; False, with nothing stored, when its reference is taken."""
        progress = new.progress
        row: dict[str, Any] = {  # values of many columns
            "id": progress.id,
            "facts": new.facts.model_dump(mode="json"),
            "updated_at": progress.received_at,
            "received_at": progress.received_at,
            "reference": progress.reference,
            **self._moving(progress),
            **seal_submission(self._vault, progress.id, new.submission),
        }
        statement = self._tx.insert(referral).values(row).on_conflict_do_nothing(index_elements=["reference"])
        if (await self._tx.connection.execute(statement)).rowcount == 0:
            return False
        if new.keys:
            blinds = [{"key": self._vault.blind(key), "referral_id": progress.id} for key in sorted(new.keys)]
            await self._tx.connection.execute(match_key.insert().inline(), blinds)
        return True

    async def matching(self, keys: frozenset[str], since: datetime) -> Sequence[OpenReferral]:
        """Open referrals received at `since` or later that share a match key, oldest first."""
        key_of_blind = {blind: key for key in keys for blind in self._vault.blinds(key)}
        if self._tx.database.is_postgresql:
            # SQLite lets one transaction write at a time, and ours begin as writers.
            numbers = sorted({_lock_number(key) for key in key_of_blind.values()})
            await self._tx.connection.execute(select(*(func.pg_advisory_xact_lock(number) for number in numbers)))
        query = (
            select(match_key.c.key, referral.c.reference, referral.c.needs, referral.c.priority, referral.c.received_at)
            .join_from(match_key, referral)
            .where(
                match_key.c.key.in_(key_of_blind),
                referral.c.received_at >= since,
                referral.c.status.not_in([status.value for status in FINISHED]),
            )
            .order_by(referral.c.received_at, referral.c.id)
        )
        found: dict[str, tuple[set[str], RowMapping]] = {}
        for row in (await self._tx.connection.execute(query)).mappings():
            found.setdefault(row["reference"], (set(), row))[0].add(key_of_blind[row["key"]])
        return [
            OpenReferral(
                reference=reference,
                keys=frozenset(shared),
                needs=needs_in_hand(_needs(row["needs"])),
                status=OPEN,
                priority=row["priority"],
                received_at=row["received_at"],
            )
            for reference, (shared, row) in found.items()
        ]

    async def lock(self, referral_id: UUID) -> Progress:
        """The progress of a referral, nobody else's to change until the transaction ends. Raises NotFound."""
        return await self._progress(select(*PLAIN).where(referral.c.id == referral_id).with_for_update())

    async def id_of(self, reference: str) -> UUID:
        """The id behind a reference in its written form. Raises NotFound."""
        found = await self._tx.connection.scalar(select(referral.c.id).where(referral.c.reference == reference))
        if found is None:
            raise _not_found()
        return UUID(str(found))

    async def progress(self, referral_id: UUID) -> Progress:
        """The progress of a referral, only to read. Raises NotFound."""
        return await self._progress(select(*PLAIN).where(referral.c.id == referral_id))

    async def timeline(self, referral_id: UUID) -> Sequence[TimelineEntry]:
        """What happened to it, in the order of time; its submission is not among them."""
        columns = (column for column in timeline.c if column.name not in ("seq", "referral_id"))
        query = select(*columns).where(timeline.c.referral_id == referral_id).order_by(timeline.c.at, timeline.c.seq)
        rows = (await self._tx.connection.execute(query)).mappings()
        return [
            TimelineEntry(**{**row, "before": _status(row["before"]), "after": _status(row["after"])}) for row in rows
        ]

    async def submission(self, referral_id: UUID) -> Submission:
        """What was sent, opened. Raises NotFound, and Tampered when the row is not what was stored."""
        query = select(*(referral.c[field] for field in SEALED)).where(referral.c.id == referral_id)
        row = (await self._tx.connection.execute(query)).mappings().first()
        if row is None:
            raise _not_found()
        return open_submission(self._vault, referral_id, dict(row))

    async def save(self, progress: Progress) -> None:
        """Keep a changed progress, its assignments and notices apart."""
        values = self._moving(progress) | {"updated_at": self._tx.instant}
        await self._tx.connection.execute(update(referral).where(referral.c.id == progress.id).values(values))

    async def save_assignment(self, referral_id: UUID, changed: Assignment) -> None:
        """Keep one assignment as it is now."""
        row = asdict(changed) | {"needs": list(changed.needs), "channels": list(changed.channels)}
        await self._put(assignment, {"referral_id": referral_id, **row})

    async def save_notice(self, referral_id: UUID, changed: Notice) -> None:
        """Keep one notice as it is now."""
        await self._put(notice, {"referral_id": referral_id, **asdict(changed)})

    async def note(self, referral_id: UUID, entry: TimelineEntry) -> None:
        """Add to the timeline."""
        row = {"referral_id": referral_id, **asdict(entry)}
        await self._tx.connection.execute(timeline.insert().inline(), row)

    def _moving(self, progress: Progress) -> dict[str, Any]:  # values of many columns
        """The columns that news may change; when to sweep follows from what is still awaited."""
        settled = is_settled(progress)
        sweeps = 0 if settled else progress.sweeps
        wait = patience(self._first_patience, sweeps).total_seconds()
        decision, cancellation = progress.decision, progress.cancellation
        return {
            "status": progress.status,
            "needs": [asdict(need) for need in progress.needs],
            **({} if decision is None else _decision_columns(decision)),
            "cancel_reason": cancellation and cancellation.reason,
            "cancelled_at": cancellation and cancellation.at,
            "sequence": progress.sequence,
            "sweeps": sweeps,
            "sweep_at": None if settled else self._tx.database.instant_in(wait),
        }

    async def _put(self, table: Table, row: dict[str, Any]) -> None:  # values of many columns
        statement = self._tx.insert(table).values(row)
        changes = {name: statement.excluded[name] for name in row if name != "id"}
        await self._tx.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes))

    async def _progress(self, query: Select[Any]) -> Progress:  # the plain columns of one row
        row = (await self._tx.connection.execute(query)).mappings().first()
        if row is None:
            raise _not_found()
        offers = await self._of_referral(assignment, row["id"])
        notices = await self._of_referral(notice, row["id"])
        reason, cancelled_at = row["cancel_reason"], row["cancelled_at"]
        return Progress(
            id=row["id"],
            reference=row["reference"],
            received_at=row["received_at"],
            needs=_needs(row["needs"]),
            quality=tuple(row["facts"]["quality"]),
            status=Status(row["status"]),
            decision=_decision(row),
            assignments=tuple(_assignment(each) for each in offers),
            notices=tuple(Notice(**each) for each in notices),
            cancellation=Cancellation(reason, cancelled_at) if reason else None,
            sequence=row["sequence"],
            sweeps=row["sweeps"],
        )

    async def _of_referral(self, table: Table, referral_id: UUID) -> Sequence[RowMapping]:
        columns = (column for column in table.c if column.name != "referral_id")
        query = select(*columns).where(table.c.referral_id == referral_id).order_by(table.c.sequence, table.c.id)
        return (await self._tx.connection.execute(query)).mappings().all()


def _decision_columns(decision: Decision) -> dict[str, Any]:  # values of many columns
    return {
        "decision_id": decision.id,
        "rule_set": decision.rule_set,
        "outcome": decision.outcome,
        "district": decision.district,
        "priority": decision.priority,
        "flags": list(decision.flags),
        "duplicate_of": decision.duplicate_of,
        "decided_at": decision.decided_at,
        "decision_sequence": decision.sequence,
    }


def _decision(row: RowMapping) -> Decision | None:
    if row["decision_id"] is None:
        return None
    return Decision(
        id=row["decision_id"],
        rule_set=row["rule_set"],
        outcome=row["outcome"],
        district=row["district"],
        priority=row["priority"],
        flags=tuple(row["flags"]),
        duplicate_of=row["duplicate_of"],
        decided_at=row["decided_at"],
        sequence=row["decision_sequence"],
    )


def _assignment(row: RowMapping) -> Assignment:
    lists = {"needs": tuple(row["needs"]), "channels": tuple(row["channels"])}
    return Assignment(**{**row, **lists, "state": AssignmentState(row["state"])})


def _needs(stored: list[dict[str, Any]]) -> tuple[Need, ...]:  # JSON of `Need`
    return tuple(Need(**{**need, "state": NeedState(need["state"])}) for need in stored)


def _status(stored: str | None) -> Status | None:
    return None if stored is None else Status(stored)


def _lock_number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def _not_found() -> NotFound:
    return NotFound("not-found", "There is no referral with that reference.")
