"""Versions of the rules, who approved them, and what was in force when."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, case, select, text, update

from services.router.domain.publishing import NOBODY, Entry, Noted, Publication, RuleSet
from services.router.store.tables import configuration, publication, rule_set
from shared.db import Transaction
from shared.document_set import Documents
from shared.documents import documents_of, save_documents

LIFE = [column for column in rule_set.c if column is not rule_set.c.documents]


class RuleSetTable:
    """Versions that never change, and publications that are only ever added or withdrawn."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def present(self) -> datetime:
        """The present instant by the database's clock."""
        return (await self._tx.connection.execute(select(self._tx.instant))).scalar_one()

    async def hold(self) -> datetime:
        """Let nobody else change what is in force until the transaction ends; the present instant after that."""
        # A SQLite file has one writer, from the transaction's beginning on.
        if self._tx.database.is_postgresql:
            await self._tx.connection.execute(text("LOCK TABLE publication IN SHARE ROW EXCLUSIVE MODE"))
        return await self.present()

    async def draft(self, made: RuleSet, documents: Documents) -> None:
        """Keep a version. Of one that is there, what the check found is kept anew, and who drafted it if nobody had;
        nothing if it is approved."""
        row = asdict(made) | {"documents": dict(documents)}
        insert = self._tx.insert(rule_set).values(row)
        checked = {"findings": row["findings"], "checked_at": made.checked_at}
        for name in ("drafted_by", "drafted_at", "reason"):
            checked[name] = case((rule_set.c.drafted_by == NOBODY, insert.excluded[name]), else_=rule_set.c[name])
        changed = insert.on_conflict_do_update(
            index_elements=["version"], set_=checked, where=rule_set.c.approved_by.is_(None)
        )
        await self._tx.connection.execute(changed)

    async def find(self, version: str) -> RuleSet | None:
        """One version."""
        query = select(*LIFE).where(rule_set.c.version == version)
        row = (await self._tx.connection.execute(query)).mappings().first()
        return _rule_set(row) if row else None

    async def all(self) -> Sequence[RuleSet]:
        """Every version, newest first."""
        query = select(*LIFE).order_by(rule_set.c.drafted_at.desc(), rule_set.c.version)
        return [_rule_set(row) for row in (await self._tx.connection.execute(query)).mappings()]

    async def documents(self, version: str) -> Documents | None:
        """The documents of a version, also of one that a surge made for a time."""
        documents: Documents | None = await self._tx.connection.scalar(
            select(rule_set.c.documents).where(rule_set.c.version == version)
        )
        return documents or await documents_of(self._tx, version)

    async def approve(self, version: str, by: str, at: datetime) -> bool:
        """Note who approved a version; False when somebody has already."""
        unapproved = update(rule_set).where(rule_set.c.version == version, rule_set.c.approved_by.is_(None))
        approved = unapproved.values(approved_by=by, approved_at=at).returning(rule_set.c.version)
        return (await self._tx.connection.execute(approved)).first() is not None

    async def history(self) -> Sequence[Publication]:
        """Every publication, oldest first."""
        rows = (await self._tx.connection.execute(select(publication).order_by(publication.c.seq))).mappings()
        return [
            Publication(**{**row, "entry": Entry(row["entry"])})
            for row in ({key: value for key, value in row.items() if key != "withdrawn_reason"} for row in rows)
        ]

    async def add(self, made: Publication) -> Publication:
        """Keep a publication; it with its number."""
        row = asdict(made)
        del row["seq"]
        seq = await self._tx.connection.scalar(publication.insert().values(row).returning(publication.c.seq))
        return Publication(**row, seq=int(seq or 0))

    async def withdraw(self, made: Publication, by: str, reason: str, at: datetime) -> None:
        """Take a publication back before its time; it stays in the history."""
        this = update(publication).where(publication.c.seq == made.seq)
        await self._tx.connection.execute(this.values(withdrawn_by=by, withdrawn_reason=reason, withdrawn_at=at))

    async def turns(self, after: datetime) -> Sequence[datetime]:
        """The later times at which something was to come into force."""
        later = select(configuration.c.effective_from).where(configuration.c.effective_from > after).distinct()
        return (await self._tx.connection.scalars(later)).all()

    async def put_in_force(self, documents: Documents, effective_from: datetime) -> None:
        """Have every process decide by these documents from then on."""
        await save_documents(self._tx, documents, effective_from)


def _rule_set(row: RowMapping) -> RuleSet:
    findings = tuple(Noted(**noted) for noted in row["findings"])
    return RuleSet(**{**row, "findings": findings})
