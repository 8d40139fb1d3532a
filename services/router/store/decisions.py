"""Referrals the router has heard of, and the decisions it made."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, func, select, update

from services.router.domain.basis import Basis
from services.router.domain.cause import RECEIVED, Cause
from services.router.domain.decision import Decision
from services.router.domain.load import Load
from services.router.domain.watch import DueForReview
from services.router.facts import document_of
from services.router.ports import FirstDecision, StoredDecision
from services.router.store.tables import assignment, assignment_move, decision, referral
from shared.db import Transaction
from shared.errors import NotFound
from shared.events import Facts

LONGEST_WORDS = 400
# So many decisions are in memory at a time when many are read.
PAGE = 100
BASIS: TypeAdapter[Basis | None] = TypeAdapter(Basis | None)
KEPT = tuple(decision.c[field.name] for field in fields(StoredDecision))


class ReferralTable:
    """The router's own memory of each referral."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, referral_id: UUID, reference: str, submitted_at: datetime) -> bool:
        """Remember it; False when it is known already."""
        row = {"id": referral_id, "reference": reference, "sequence": 0, "submitted_at": submitted_at}
        statement = self._tx.insert(referral).values(row).on_conflict_do_nothing().returning(referral.c.id)
        return (await self._tx.connection.execute(statement)).first() is not None

    async def next_sequence(self, referral_id: UUID) -> int:
        """The number of the next event told of it; locks it until the transaction ends. Raises NotFound."""
        statement = (
            update(referral)
            .where(referral.c.id == referral_id)
            .values(sequence=referral.c.sequence + 1)
            .returning(referral.c.sequence)
        )
        sequence = await self._tx.connection.scalar(statement)
        if sequence is None:
            raise NotFound("not-found", "The router has not heard of this referral.")
        return int(sequence)

    async def cancel(self, referral_id: UUID, at: datetime) -> None:
        """Note that it was cancelled."""
        await self._tx.connection.execute(
            update(referral).where(referral.c.id == referral_id).values(cancelled_at=at, review_at=None)
        )

    async def review(self, referral_id: UUID, at: datetime | None) -> None:
        """Have somebody look at its needs that nobody was given, at this instant; None is never."""
        await self._tx.connection.execute(update(referral).where(referral.c.id == referral_id).values(review_at=at))

    async def asked(self, referral_id: UUID, at: datetime) -> None:
        """Note that somebody was asked to look at them."""
        await self._tx.connection.execute(update(referral).where(referral.c.id == referral_id).values(reviewed_at=at))

    async def due_for_review(self) -> DueForReview | None:
        """The referral to be looked at first, nobody else's until the transaction ends; None when there is none."""
        present: datetime = (await self._tx.connection.execute(select(self._tx.instant))).scalar_one()
        first = (
            select(referral.c.id, referral.c.reference, referral.c.review_at)
            .where(referral.c.review_at <= present)
            .order_by(referral.c.review_at, referral.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = (await self._tx.connection.execute(first)).first()
        return DueForReview(row.id, row.reference, row.review_at, present) if row else None

    async def reopen(self, referral_id: UUID, *, forget_refusals: bool) -> bool:
        """Lock it, and count refusals anew if asked to; False when it is not known, or was cancelled."""
        query = select(referral.c.cancelled_at).where(referral.c.id == referral_id).with_for_update()
        found = (await self._tx.connection.execute(query)).first()
        if found is None or found.cancelled_at is not None:
            return False
        if forget_refusals:
            moves = select(func.coalesce(func.max(assignment_move.c.seq), 0)).join_from(
                assignment_move, assignment, assignment.c.id == assignment_move.c.assignment_id
            )
            last = moves.where(assignment.c.referral_id == referral_id).scalar_subquery()
            forgotten = update(referral).where(referral.c.id == referral_id).values(refusals_after=last)
            await self._tx.connection.execute(forgotten)
        return True


class DecisionTable:
    """Decisions, never changed."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(
        self,
        decision_id: UUID,
        referral_id: UUID,
        reference: str,
        facts: Facts,
        made: Decision,
        decided_at: datetime,
        *,
        sequence: int = 0,
        cause: Cause = RECEIVED,
        basis: Basis | None = None,
    ) -> None:
        """Keep it, with all that it was made from; `sequence` is the number of the event that tells of it."""
        row = {
            "id": decision_id,
            "referral_id": referral_id,
            "reference": reference,
            "rule_set": made.rule_set,
            "outcome": made.outcome,
            "facts": facts.model_dump(mode="json"),
            "document": document_of(made),
            "decided_at": decided_at,
            "sequence": sequence,
            "cause": cause.trigger,
            "cause_words": cause.words[:LONGEST_WORDS],
            "unplaced": made.unplaced,
            "basis": BASIS.dump_python(basis, mode="json"),
        }
        await self._tx.connection.execute(decision.insert().inline(), row)

    async def latest(self, reference: str) -> StoredDecision | None:
        """The newest decision of a referral."""
        newest = (decision.c.decided_at.desc(), decision.c.sequence.desc())
        query = select(*KEPT).where(decision.c.reference == reference).order_by(*newest).limit(1)
        row = (await self._tx.connection.execute(query)).mappings().first()
        return _stored(row) if row else None

    async def all(self, reference: str) -> Sequence[StoredDecision]:
        """Every decision of a referral, newest first."""
        newest = (decision.c.decided_at.desc(), decision.c.sequence.desc())
        query = select(*KEPT).where(decision.c.reference == reference).order_by(*newest)
        return [_stored(row) for row in (await self._tx.connection.execute(query)).mappings()]

    async def sample(self, since: datetime, most: int) -> Sequence[StoredDecision]:
        """Decisions made since then, at most so many; where there are more, some of them by chance."""
        by_chance = select(decision.c.id).where(decision.c.decided_at >= since).order_by(func.random()).limit(most)
        query = select(*KEPT).where(decision.c.id.in_(by_chance.subquery().select())).order_by(decision.c.decided_at)
        return [_stored(row) for row in (await self._tx.connection.execute(query)).mappings()]

    async def first_ones(self, since: datetime, most: int) -> AsyncIterator[Sequence[FirstDecision]]:
        """Page by page the first decisions of referrals made since then, newest first, at most so many."""
        made = (decision.c.decided_at >= since, decision.c.cause == RECEIVED.trigger)
        newest = (decision.c.decided_at.desc(), decision.c.id)
        query = select(decision.c.reference, decision.c.facts, decision.c.basis).where(*made).order_by(*newest)
        result = await self._tx.connection.stream(query.limit(most))
        async for rows in result.partitions(PAGE):
            yield [FirstDecision(row.reference, row.facts, _load(row.basis)) for row in rows]

    async def causes(self, since: datetime) -> Mapping[str, int]:
        """How many decisions were made since then, by what caused them."""
        counted = select(decision.c.cause, func.count().label("made")).where(decision.c.decided_at >= since)
        rows = await self._tx.connection.execute(counted.group_by(decision.c.cause))
        return {row.cause: row.made for row in rows}


def _load(kept: object) -> Load | None:
    basis = BASIS.validate_python(kept)
    return basis.load if basis else None


def _stored(row: RowMapping) -> StoredDecision:
    return StoredDecision(**{**row, "basis": BASIS.validate_python(row["basis"])})
