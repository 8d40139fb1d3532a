"""What the router's use cases need to keep versions of the rules, and no more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.router.domain.publishing import Publication, RuleSet
from services.router.domain.surge import Surge
from shared.document_set import Documents


class RuleSets(Protocol):
    """Versions of the rules with their documents, and the history of what was in force."""

    async def present(self) -> datetime:
        """The present instant by the database's clock."""

    async def hold(self) -> datetime:
        """Let nobody else change what is in force until the transaction ends; the present instant after that."""

    async def draft(self, rule_set: RuleSet, documents: Documents) -> None:
        """Keep a version. Of one that is there, only what the check found is kept anew, unless it is approved."""

    async def find(self, version: str) -> RuleSet | None:
        """One version."""

    async def all(self) -> Sequence[RuleSet]:
        """Every version, newest first."""

    async def documents(self, version: str) -> Documents | None:
        """The documents of a version, also of one that a surge made for a time."""

    async def approve(self, version: str, by: str, at: datetime) -> bool:
        """Note who approved a version; False when somebody has already."""

    async def history(self) -> Sequence[Publication]:
        """Every publication, oldest first."""

    async def add(self, publication: Publication) -> Publication:
        """Keep a publication; it with its number."""

    async def withdraw(self, publication: Publication, by: str, reason: str, at: datetime) -> None:
        """Take a publication back before its time; it stays in the history."""

    async def turns(self, after: datetime) -> Sequence[datetime]:
        """The later times at which something was to come into force."""

    async def put_in_force(self, documents: Documents, effective_from: datetime) -> None:
        """Have every process decide by these documents from then on."""


class Surges(Protocol):
    """Every time that a surge was switched on."""

    async def all(self) -> Sequence[Surge]:
        """Oldest first."""

    async def add(self, surge: Surge) -> Surge:
        """Keep one that is switched on; it with its number."""

    async def end(self, surge: Surge) -> None:
        """Keep who ended one, when and why."""
