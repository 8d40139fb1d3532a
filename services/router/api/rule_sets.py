"""HTTP in: versions of the rules: reading, drafting, approving, putting in force, and going back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.router.domain.publishing import Publication, RuleSet, Span, in_force, spans, stage_of
from services.router.ports import Transaction
from services.router.use_cases.publishing import Publishing, Word, documents_of, known
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.document_set import Documents
from shared.idempotency import KEY_PARAMETER, UNUSABLE_KEY, Answer, Idempotency
from shared.problems import documented

Stores = Callable[[DatabaseTransaction], Transaction]
Version = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="a version's name, the SHA-256 of its documents")]
DocumentName = Annotated[str, StringConstraints(pattern=r"^(surges/)?[a-z0-9_]{1,60}\.(yaml|csv)$")]
# The code of a person; one way to write it, or who drafts could approve under the same name in capitals.
PERSON = r"^[a-z0-9][a-z0-9-]{1,31}$"
PROBLEMS = (*UNUSABLE_KEY, "malformed-json", "not-found", "request-in-progress", "validation-failed",
            "idempotency-key-reused", "rule-set-not-ready")  # fmt: skip


class ByIn(BaseModel):
    """Who does it."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(pattern=PERSON, description='code of a person, such as "triage-lead-1"')


class WordIn(ByIn):
    """Who does it, and why. Write nothing about a person who needs help."""

    reason: str = Field(min_length=3, max_length=400)


class DraftIn(WordIn):
    """What is to change."""

    documents: dict[DocumentName, str | None] = Field(
        description="texts by file name, such as rules.yaml; null takes a file away; all others stay as in `base`"
    )
    base: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="the version that is changed; the one in force unless given"
    )


class PublishIn(WordIn):
    """From when on."""

    effective_from: AwareDatetime | None = Field(None, description="a later time; at once unless given")


class FindingView(BaseModel):
    """What the check found."""

    severity: str
    sentence: str
    file: str | None
    line: int | None
    column: int | None


class RuleSetView(BaseModel):
    """One version."""

    version: str
    stage: str = Field(description="draft, checked or approved; or loaded, from a folder")
    reason: str
    drafted_by: str
    drafted_at: datetime
    errors: int
    checked_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None


class WholeView(RuleSetView):
    """One version with what the check found."""

    findings: list[FindingView]


class PublicationView(BaseModel):
    """A version in force for a time; `until` null is until another one. Withdrawn ones never came into force."""

    version: str
    entry: str = Field(description="loaded, published or rolled_back")
    effective_from: datetime
    until: datetime | None
    published_by: str
    published_at: datetime
    reason: str
    withdrawn_by: str | None
    withdrawn_at: datetime | None


class RuleSetsView(BaseModel):
    """Every version, newest first, and what was in force when, oldest first."""

    in_force: str | None
    rule_sets: list[RuleSetView]
    history: list[PublicationView]


@dataclass(frozen=True, slots=True)
class Once:
    """Does the work of one request once, however often it is sent."""

    stores: Stores
    idempotency: Idempotency

    async def __call__(
        self, request: Request, work: Callable[[Transaction], Awaitable[BaseModel]], status: int = 200
    ) -> Response:
        """What `work` answers, or the answer that an equal request got before."""

        async def once(tx: DatabaseTransaction) -> Answer:
            return Answer(status, (await work(self.stores(tx))).model_dump(mode="json"))

        return await self.idempotency(request, request.headers.get("authorization", ""), request.state.origin, once)


def routes(database: Database, once: Once, publishing: Publishing) -> APIRouter:
    """/api/v1/rule-sets."""
    router = APIRouter(prefix="/api/v1/rule-sets", tags=["rules"])
    _add_reading(router, database, once.stores)
    _add_drafting(router, database, once, publishing)
    _add_switching(router, once, publishing)
    return router


def _add_reading(router: APIRouter, database: Database, stores: Stores) -> None:
    @router.get("", summary="Versions of the rules")
    async def list_all(request: Request) -> RuleSetsView:
        """Every version, and what was, is and will be in force."""
        async with database.begin(request.state.origin) as transaction:
            tables = stores(transaction).rule_sets
            history, present = await tables.history(), await tables.present()
            current = in_force(history, present)
            ends = {span.publication.seq: span for span in spans(history)}
            return RuleSetsView(
                in_force=current.version if current else None,
                rule_sets=[RuleSetView(**_life(each, history)) for each in await tables.all()],
                history=[_publication(each, ends.get(each.seq)) for each in history],
            )

    @router.get("/{version}", summary="One version", responses=documented("not-found"))
    async def read_one(request: Request, version: Version) -> WholeView:
        """Who drafted and approved it, and what the check found, errors first."""
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            return await _whole(tx, await known(tx, version))

    @router.get("/{version}/documents", summary="The documents of a version", responses=documented("not-found"))
    async def read_documents(request: Request, version: Version) -> dict[str, str]:
        """Texts by file name."""
        async with database.begin(request.state.origin) as transaction:
            return dict(await documents_of(stores(transaction), version))


def _add_drafting(router: APIRouter, database: Database, once: Once, publishing: Publishing) -> None:
    @router.post("", **_documentation("Draft a version", WholeView, 201))
    async def draft(request: Request, body: DraftIn) -> Response:
        """Keep changed documents as a version of their own and check it; with errors it can be neither approved nor
        published. The same documents are the same version."""
        async with database.begin(request.state.origin) as transaction:
            before = await base_of(once.stores(transaction), body.base)
        changed = {**before, **body.documents}
        documents = {name: text for name, text in changed.items() if text is not None}
        findings = await asyncio.to_thread(publishing.check, documents)

        async def work(tx: Transaction) -> BaseModel:
            return await _whole(tx, await publishing.draft(tx, documents, findings, Word(body.by, body.reason)))

        return await once(request, work, 201)

    @router.post("/{version}/approve", **_documentation("Approve a version", WholeView, 200, "second-person-needed"))
    async def approve(request: Request, version: Version, body: ByIn) -> Response:
        """Answer for a version that somebody else drafted."""

        async def work(tx: Transaction) -> BaseModel:
            return await _whole(tx, await publishing.approve(tx, version, body.by))

        return await once(request, work)


def _add_switching(router: APIRouter, once: Once, publishing: Publishing) -> None:
    @router.post(
        "/{version}/publish",
        **_documentation("Put a version in force", PublicationView, 200, "effective-time-taken", "effective-time-past",
                         "rule-set-too-large"),
    )  # fmt: skip
    async def publish(request: Request, version: Version, body: PublishIn) -> Response:
        """At once, or from a time on: every process of every service switches then, by its database's clock."""

        async def work(tx: Transaction) -> BaseModel:
            word = Word(body.by, body.reason)
            return _publication(await publishing.publish(tx, version, word, body.effective_from), None)

        return await once(request, work)

    @router.post(
        "/{version}/withdraw", **_documentation("Withdraw a version", PublicationView, 200, "rule-set-not-in-force")
    )
    async def withdraw(request: Request, version: Version, body: WordIn) -> Response:
        """Take a version back that was to come into force. The answer is what is in force then instead."""

        async def work(tx: Transaction) -> BaseModel:
            return _publication(await publishing.withdraw(tx, version, Word(body.by, body.reason)), None)

        return await once(request, work)

    @router.post("/{version}/rollback", **_documentation("Go back", PublicationView, 200, "rule-set-not-in-force"))
    async def roll_back(request: Request, version: Version, body: WordIn) -> Response:
        """Leave this version, which is in force, for the one before it, at once. The answer is the one before."""

        async def work(tx: Transaction) -> BaseModel:
            return _publication(await publishing.roll_back(tx, version, Word(body.by, body.reason)), None)

        return await once(request, work)


async def base_of(tx: Transaction, version: str | None) -> Documents:
    """The documents that a draft changes; none where nothing is in force."""
    if version is not None:
        return await documents_of(tx, version)
    current = in_force(await tx.rule_sets.history(), await tx.rule_sets.present())
    return await documents_of(tx, current.version) if current else {}


def _life(rule_set: RuleSet, history: Sequence[Publication]) -> Mapping[str, Any]:  # the fields of RuleSetView
    names = ("version", "reason", "drafted_by", "drafted_at", "errors", "checked_at", "approved_by",
             "approved_at")  # fmt: skip
    return {name: getattr(rule_set, name) for name in names} | {"stage": stage_of(rule_set, history)}


async def _whole(tx: Transaction, rule_set: RuleSet) -> WholeView:
    findings = [
        FindingView(severity=n.severity, sentence=n.sentence, file=n.file, line=n.line, column=n.column)
        for n in rule_set.findings
    ]
    return WholeView(**_life(rule_set, await tx.rule_sets.history()), findings=findings)


def _publication(publication: Publication, span: Span | None) -> PublicationView:
    return PublicationView(
        version=publication.version,
        entry=publication.entry,
        effective_from=publication.effective_from,
        until=span.until if span else None,
        published_by=publication.published_by,
        published_at=publication.published_at,
        reason=publication.reason,
        withdrawn_by=publication.withdrawn_by,
        withdrawn_at=publication.withdrawn_at,
    )


def _documentation(summary: str, answer: type[BaseModel], status: int, *codes: str) -> dict[str, Any]:  # FastAPI's
    return {
        "summary": summary,
        "response_model": None,
        "openapi_extra": {"parameters": [KEY_PARAMETER]},
        "responses": {status: {"model": answer}, **documented(*PROBLEMS, *codes)},
    }
