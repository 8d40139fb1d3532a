"""What people do with versions of the rules from the command line, by the use cases that the API calls."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from services.intake.main import documents_from as read_by_intake
from services.notifier.configuration import documents_from as read_by_notifier
from services.router import main as router
from services.router.configuration.surges import names_of
from services.router.configuration.versions import Reader
from services.router.domain.publishing import Noted, Publication, RuleSet, in_force, spans, stage_of
from services.router.domain.surge import running
from services.router.ports import Transaction
from services.router.settings import RouterDatabase
from services.router.use_cases.publishing import Publishing, Word, documents_of, known
from shared.clock import utc_now
from shared.document_set import read_folder
from shared.documents import current_version
from shared.envelope import Origin
from shared.errors import NotFound
from shared.settings import read_settings
from waymark.databases import opened
from waymark.names import ServiceName
from waymark.urls import database_url

# Each service reads its own part of the same documents.
READERS: tuple[Reader, ...] = (read_by_intake, read_by_notifier)
SHORT = 12
Step = Callable[[Transaction, Publishing], Awaitable[list[str]]]


async def versions(data: Path | None) -> list[str]:
    """A line for each version that was, is or will be in force, oldest first, then one for each that never was; and
    whether every service has what is in force."""

    async def listed(tx: Transaction, _: Publishing) -> list[str]:
        history, present = await tx.rule_sets.history(), await tx.rule_sets.present()
        current = in_force(history, present)
        lines = [
            f"{span.publication.version[:SHORT]}  {_from(span.publication)} to {_until(span.until)}  "
            f"{span.publication.entry}  {span.publication.published_by}: {span.publication.reason}"
            f"{'  <- in force' if span.publication is current else ''}"
            for span in spans(history)
        ]
        published = {each.version for each in history if each.stands}
        drafts = [_life(each, history) for each in await tx.rule_sets.all() if each.version not in published]
        return [*lines, *drafts] or ["There are none. Run: waymark load-directory DIR"]

    return await within(data, listed)


async def show(version: str, folder: Path | None, data: Path | None) -> list[str]:
    """A version with what the check found; with `folder` its documents are written there. Raises NotFound."""

    async def shown(tx: Transaction, _: Publishing) -> list[str]:
        name = await whole_name(tx, version)
        if folder is not None:
            for file, text in (await documents_of(tx, name)).items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(text, encoding="utf-8")
        rule_set = await known(tx, name)
        return [name, _life(rule_set, await tx.rule_sets.history()), *map(_found, rule_set.findings)]

    return await within(data, shown)


async def draft(folder: Path, word: Word, data: Path | None) -> list[str]:
    """Keep a folder as a version and check it."""
    documents = read_folder(folder)

    async def drafted(tx: Transaction, publishing: Publishing) -> list[str]:
        rule_set = await publishing.draft(tx, documents, publishing.check(documents), word)
        return [*map(_found, rule_set.findings), _life(rule_set, await tx.rule_sets.history())]

    return await within(data, drafted)


async def approve(version: str, by: str, data: Path | None) -> list[str]:
    """Answer for a version that somebody else drafted."""

    async def approved(tx: Transaction, publishing: Publishing) -> list[str]:
        rule_set = await publishing.approve(tx, await whole_name(tx, version), by)
        return [_life(rule_set, await tx.rule_sets.history())]

    return await within(data, approved)


async def publish(version: str, word: Word, at: datetime | None, data: Path | None) -> list[str]:
    """Put a version in force, at once or at a time."""

    async def published(tx: Transaction, publishing: Publishing) -> list[str]:
        return _switched(await publishing.publish(tx, await whole_name(tx, version), word, at))

    return await within(data, published)


async def withdraw(version: str, word: Word, data: Path | None) -> list[str]:
    """Take a version back that was to come into force."""

    async def withdrawn(tx: Transaction, publishing: Publishing) -> list[str]:
        instead = await publishing.withdraw(tx, await whole_name(tx, version), word)
        return [f"withdrawn; then {instead.version[:SHORT]} is in force instead"]

    return await within(data, withdrawn)


async def roll_back(version: str | None, word: Word, data: Path | None) -> list[str]:
    """Leave the version in force for the one before."""

    async def rolled_back(tx: Transaction, publishing: Publishing) -> list[str]:
        current = in_force(await tx.rule_sets.history(), await tx.rule_sets.present())
        left = await whole_name(tx, version) if version else current.version if current else ""
        return _switched(await publishing.roll_back(tx, left, word))

    return await within(data, rolled_back)


async def in_force_everywhere(data: Path | None) -> list[str]:
    """A line for each service with the name of the documents that it goes by; each names its own part of them."""
    lines = []
    for name in ServiceName:
        async with opened(name, data) as database, database.begin(Origin("rules")) as tx:
            version = await current_version(tx)
            surges = await _surges_in(router.stores(tx), version) if name is ServiceName.ROUTER else ""
            lines.append(f"{name}: {surges or (version[:SHORT] if version else 'nothing')}")
    return lines


async def _surges_in(tx: Transaction, version: str | None) -> str:
    """What the router goes by while surges are on: a version and their names; empty while none counts."""
    present = await tx.rule_sets.present()
    base, on = in_force(await tx.rule_sets.history(), present), running(await tx.surges.all(), present)
    if base is None or not on or base.version == version:
        return ""
    counting = [name for name in names_of(await documents_of(tx, base.version)) if name in on]
    return f"{base.version[:SHORT]} with the surge {', '.join(counting)}"


async def within(data: Path | None, step: Step) -> list[str]:
    """Take one step on the router's database."""
    given = {} if data is None else {"router_database_url": database_url(ServiceName.ROUTER, data)}
    publishing = router.publishing(read_settings(RouterDatabase, **given), READERS, utc_now)
    async with opened(ServiceName.ROUTER, data) as database, database.begin(Origin("rules")) as tx:
        return await step(router.stores(tx), publishing)


async def whole_name(tx: Transaction, beginning: str) -> str:
    """The version that begins so. Raises NotFound unless there is exactly one."""
    found = [each.version for each in await tx.rule_sets.all() if each.version.startswith(beginning)]
    if len(found) != 1:
        raise NotFound(
            "not-found", f"{len(found)} versions of the rules begin with {beginning}. See: waymark rules versions"
        )
    return found[0]


def _switched(publication: Publication) -> list[str]:
    return [
        f"{publication.version[:SHORT]} is in force from {_from(publication)}. The other services hear of it from the "
        f"router while it runs; until then it waits in its outbox."
    ]


def _life(rule_set: RuleSet, history: Sequence[Publication]) -> str:
    approved = f", approved by {rule_set.approved_by}" if rule_set.approved_by else ""
    errors = f", {rule_set.errors} errors" if rule_set.errors else ""
    who = f"drafted by {rule_set.drafted_by}{approved}"
    return f"{rule_set.version[:SHORT]}  {stage_of(rule_set, history)}{errors}, {who}: {rule_set.reason}"


def _found(noted: Noted) -> str:
    place = f"{noted.file}:{noted.line}:{noted.column}: " if noted.file else ""
    return f"{noted.severity}: {place}{noted.sentence}"


def _from(publication: Publication) -> str:
    return f"{publication.effective_from:%Y-%m-%d %H:%M:%S} UTC"


def _until(until: datetime | None) -> str:
    return f"{until:%Y-%m-%d %H:%M:%S} UTC" if until else "further notice"
