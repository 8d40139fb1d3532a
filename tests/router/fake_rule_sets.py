"""Versions of the rules in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.router.domain.publishing import NOBODY, Publication, RuleSet
from services.router.domain.surge import Surge
from shared.document_set import Documents, version_of


@dataclass
class FakeRuleSets:
    """Versions and publications in dictionaries, and what was put in force from when."""

    kept: dict[str, RuleSet] = field(default_factory=dict)
    texts: dict[str, Documents] = field(default_factory=dict)
    publications: list[Publication] = field(default_factory=list)
    put: list[tuple[Documents, datetime]] = field(default_factory=list)
    now: Callable[[], datetime] | None = None

    async def present(self) -> datetime:
        assert self.now is not None
        return self.now()

    async def hold(self) -> datetime:
        return await self.present()

    async def draft(self, rule_set: RuleSet, documents: Documents) -> None:
        before = self.kept.get(rule_set.version)
        if before is None:
            self.kept[rule_set.version] = rule_set
            self.texts[rule_set.version] = dict(documents)
        elif before.approved_by is None:
            author = rule_set if before.drafted_by == NOBODY else before
            checked = replace(author, findings=rule_set.findings, checked_at=rule_set.checked_at)
            self.kept[rule_set.version] = checked

    async def find(self, version: str) -> RuleSet | None:
        return self.kept.get(version)

    async def all(self) -> Sequence[RuleSet]:
        by_name = sorted(self.kept.values(), key=lambda each: each.version)
        return sorted(by_name, key=lambda each: each.drafted_at, reverse=True)

    async def documents(self, version: str) -> Documents | None:
        put = {version_of(documents): documents for documents, _ in self.put}
        return self.texts.get(version) or put.get(version)

    async def approve(self, version: str, by: str, at: datetime) -> bool:
        rule_set = self.kept[version]
        if rule_set.approved_by is not None:
            return False
        self.kept[version] = replace(rule_set, approved_by=by, approved_at=at)
        return True

    async def history(self) -> Sequence[Publication]:
        return list(self.publications)

    async def add(self, publication: Publication) -> Publication:
        self.publications.append(replace(publication, seq=len(self.publications) + 1))
        return self.publications[-1]

    async def withdraw(self, publication: Publication, by: str, reason: str, at: datetime) -> None:
        withdrawn = replace(publication, withdrawn_by=by, withdrawn_at=at)
        self.publications[publication.seq - 1] = withdrawn

    async def turns(self, after: datetime) -> Sequence[datetime]:
        return sorted({at for _, at in self.put if at > after})

    async def put_in_force(self, documents: Documents, effective_from: datetime) -> None:
        self.put.append((dict(documents), effective_from))


@dataclass
class FakeSurges:
    """Switches in a list."""

    kept: list[Surge] = field(default_factory=list)

    async def all(self) -> Sequence[Surge]:
        return list(self.kept)

    async def add(self, surge: Surge) -> Surge:
        for number, before in enumerate(self.kept):
            if before.name == surge.name and before.ended_at is None and before.until <= surge.began_at:
                self.kept[number] = replace(before, ended_at=before.until, ended_by="clock")
        self.kept.append(replace(surge, seq=len(self.kept) + 1))
        return self.kept[-1]

    async def end(self, surge: Surge) -> None:
        self.kept[surge.seq - 1] = surge
