"""Referrals in the database: rows in, domain objects out; the only module that seals and opens."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select

from services.intake.domain.assessment import OpenReferral
from services.intake.domain.progress import (
    Assignment,
    AssignmentState,
    Awaited,
    Cancellation,
    Decision,
    Ending,
    Need,
    NeedState,
    Notice,
    Progress,
    Status,
    TimelineEntry,
)
from services.intake.domain.referral import Submission
from services.intake.domain.status import awaited, needs_in_hand, patience
from services.intake.domain.updates import Audience, Listener, Step
from services.intake.ports import NewReferral
from services.intake.store import statements
from services.intake.store.sealing import open_submission, seal_submission
from services.intake.store.tables import assignment, notice
from shared.db import Transaction
from shared.errors import NotFound
from shared.vault import Vault

OPEN = "open"
UNDECIDED = dict.fromkeys(
    (
        "decision_id",
        "rule_set",
        "outcome",
        "district",
        "priority",
        "flags",
        "duplicate_of",
        "decided_at",
        "decision_sequence",
        "asks",
    )
)


class ReferralTable:
    """Referrals of one open transaction (services/intake/ports.py)."""

    def __init__(self, tx: Transaction, vault: Vault, first_patience: timedelta) -> None:
        self._tx = tx
        self._vault = vault
        self._first_patience = first_patience
        self._is_postgresql = tx.database.is_postgresql

    async def add(self, new: NewReferral) -> bool:
        """Store it; False, with nothing stored, when its reference is taken."""
        progress = new.progress
        row = {
            "id": progress.id,
            "reference": progress.reference,
            "received_at": progress.received_at,
            "updated_at": progress.received_at,
            "facts": new.facts.model_dump(mode="json"),
            "listeners": [asdict(listener) for listener in progress.listeners],
            **self._moving(progress),
            **seal_submission(self._vault, progress.id, new.submission),
        }
        blinds = [self._vault.blind(key) for key in sorted(new.keys)]
        connection = self._tx.connection
        if self._is_postgresql:
            return await connection.scalar(statements.INSERT_REFERRAL_AND_KEYS, row | {"keys": blinds}) is not None
        if (await connection.execute(statements.insert_referral(is_postgresql=False), row)).rowcount == 0:
            return False
        if blinds:
            keys = [{"key": blind, "referral_id": progress.id} for blind in blinds]
            await connection.execute(statements.INSERT_KEYS, keys)
        return True

    async def matching(self, keys: frozenset[str], since: datetime) -> Sequence[OpenReferral]:
        """Open referrals received at `since` or later that share a match key, oldest first."""
        key_of_blind = {blind: key for key in keys for blind in self._vault.blinds(key)}
        if self._is_postgresql:
            # SQLite lets one transaction write at a time, and ours begin as writers.
            numbers = sorted(map(_lock_number, keys))
            await self._tx.connection.execute(statements.LOCK_KEYS, {"numbers": numbers})
        given = {"keys": list(key_of_blind), "since": since}
        found: dict[str, tuple[set[str], RowMapping]] = {}
        for row in (await self._tx.connection.execute(statements.MATCHES, given)).mappings():
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
        return await self._progress(statements.LOCKED_PROGRESS, referral_id)

    async def id_of(self, reference: str) -> UUID:
        """The id behind a reference in its written form. Raises NotFound."""
        found: UUID | None = await self._tx.connection.scalar(statements.ID_OF, {"reference": reference})
        if found is None:
            raise _not_found()
        return found

    async def progress(self, referral_id: UUID) -> Progress:
        """The progress of a referral, only to read. Raises NotFound."""
        return await self._progress(statements.PROGRESS, referral_id)

    async def timeline(self, referral_id: UUID) -> Sequence[TimelineEntry]:
        """What happened to it, in the order of time; its submission is not among them."""
        rows = await self._rows(statements.TIMELINE, referral_id)
        return [
            TimelineEntry(**{**row, "before": _status(row["before"]), "after": _status(row["after"])}) for row in rows
        ]

    async def submission(self, referral_id: UUID) -> Submission:
        """What was sent, opened. Raises NotFound, and Tampered when the row is not what was stored."""
        rows = await self._rows(statements.SUBMISSION, referral_id)
        if not rows:
            raise _not_found()
        return open_submission(self._vault, referral_id, dict(rows[0]))

    async def save(self, progress: Progress) -> None:
        """Keep a changed progress, its assignments and notices apart."""
        row = {"of": progress.id, "updated_at": self._tx.database.now(), **self._moving(progress)}
        await self._tx.connection.execute(statements.update_referral(self._is_postgresql), row)

    async def save_assignment(self, referral_id: UUID, changed: Assignment) -> None:
        """Keep one assignment as it is now."""
        endings = [asdict(ending) for ending in changed.endings]
        lists = {"needs": list(changed.needs), "channels": list(changed.channels), "endings": endings}
        row = {"referral_id": referral_id, **asdict(changed), **lists}
        await self._tx.connection.execute(statements.put(assignment, self._is_postgresql), row)

    async def save_notice(self, referral_id: UUID, changed: Notice) -> None:
        """Keep one notice as it is now."""
        row = {"referral_id": referral_id, **asdict(changed)}
        await self._tx.connection.execute(statements.put(notice, self._is_postgresql), row)

    async def note(self, referral_id: UUID, entry: TimelineEntry) -> None:
        """Add to the timeline."""
        await self._tx.connection.execute(statements.INSERT_ENTRY, {"referral_id": referral_id, **asdict(entry)})

    def _moving(self, progress: Progress) -> dict[str, Any]:  # values of many columns
        """The columns that news may change; when to sweep follows from what is still awaited."""
        of = awaited(progress)
        sweeps = progress.sweeps if of is Awaited.MUST else 0
        decision, cancellation = progress.decision, progress.cancellation
        return {
            "status": progress.status,
            "needs": [asdict(need) for need in progress.needs],
            **(UNDECIDED if decision is None else _decision_columns(decision)),
            "cancel_reason": cancellation and cancellation.reason,
            "cancelled_at": cancellation and cancellation.at,
            "sequence": progress.sequence,
            "sweeps": sweeps,
            "openings": progress.openings,
            "awaited": of,
            "wait": self._wait(patience(self._first_patience, sweeps, of)),
        }

    def _wait(self, span: timedelta | None) -> timedelta | datetime | None:
        return span if self._is_postgresql or span is None else self._tx.database.now() + span

    async def _progress(self, query: Select[Any], referral_id: UUID) -> Progress:  # the plain columns of one row
        rows = await self._rows(query, referral_id)
        if not rows:
            raise _not_found()
        row = rows[0]
        offers = await self._rows(statements.ASSIGNMENTS, referral_id)
        notices = await self._rows(statements.NOTICES, referral_id)
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
            listeners=tuple(map(_listener, row["listeners"])),
            openings=row["openings"],
        )

    async def _rows(self, query: Select[Any], referral_id: UUID) -> Sequence[RowMapping]:  # whatever the query asks
        result = await self._tx.connection.execute(query, {"id": referral_id})
        rows: Sequence[RowMapping] = result.mappings().all()
        return rows


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
        "asks": list(decision.asks),
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
        asks=tuple(row["asks"] or ()),
    )


def _assignment(row: RowMapping) -> Assignment:
    lists = {"needs": tuple(row["needs"]), "channels": tuple(row["channels"])}
    endings = tuple(Ending(**ending) for ending in row["endings"])
    return Assignment(**{**row, **lists, "endings": endings, "state": AssignmentState(row["state"])})


def _needs(stored: list[dict[str, Any]]) -> tuple[Need, ...]:  # JSON of `Need`
    return tuple(Need(**{**need, "state": NeedState(need["state"])}) for need in stored)


def _listener(stored: dict[str, Any]) -> Listener:  # JSON of `Listener`
    return Listener(Audience(stored["audience"]), stored["channel"], tuple(map(Step, stored["steps"])))


def _status(stored: str | None) -> Status | None:
    return None if stored is None else Status(stored)


def _lock_number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def _not_found() -> NotFound:
    return NotFound("not-found", "There is no referral with that reference.")
