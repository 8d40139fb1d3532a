"""What operators do besides serving: schema, topics, directory, postcodes, dead letters."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import DBAPIError

from services.intake import main as intake
from services.intake import postcodes
from services.notifier import main as notifier
from services.router import main as router
from services.router.use_cases.explaining import Story
from services.router.use_cases.publishing import Word
from shared.db import Database
from shared.dead_letters import DeadLetter, DeadLetters
from shared.document_set import read_folder
from shared.errors import NotFound, Refused, Unavailable
from shared.kafka import create_topics
from shared.migrations import upgrade
from shared.settings import CommonSettings, read_settings
from waymark.checking import checked
from waymark.databases import opened
from waymark.names import ServiceName
from waymark.rules import READERS
from waymark.urls import database_url

LOADERS: Mapping[ServiceName, Callable[[Database, Path], Awaitable[str]]] = {
    ServiceName.INTAKE: intake.load_directory,
    ServiceName.NOTIFIER: notifier.load_directory,
}


def migrate() -> list[str]:
    """Bring each service's database to this version's schema; the services' names."""
    for name in ServiceName:
        upgrade(name, database_url(name))
    return list(ServiceName)


async def topics() -> list[str]:
    """Create the topics that are missing; the names of all."""
    url = read_settings(CommonSettings).kafka_url
    if url is None:
        raise Refused("kafka-missing", "Set WAYMARK_KAFKA_URL to Kafka's address, host:port.")
    return await create_topics(url)


async def load_directory(directory: Path, word: Word | None = None, data: Path | None = None) -> list[str]:
    """Put a county's folder in force in all three services; a line for each warning and each service. Where people
    publish versions it becomes a draft, unless somebody gives their `word` for it. Raises Refused, naming file and
    place, and then nothing has changed; Unavailable where it has, but not everywhere: to load it again goes on."""
    lines, documents = checked(directory), read_folder(directory)
    for reader in READERS:
        reader(documents)
    async with opened(ServiceName.ROUTER, data) as database:
        loaded = await router.load_documents(database, documents, word or router.FOLDER, take_over=word is not None)
    if not loaded.in_force:
        return [*lines, f"router: {loaded.version} is a draft; a version that people published stays in force"]
    lines.append(f"router: {loaded.version} in force")
    for name, load in LOADERS.items():
        try:
            async with opened(name, data) as database:
                lines.append(f"{name}: {await load(database, directory)} in force")
        except (OSError, DBAPIError) as error:
            failed = f"{name} could not be reached ({type(error).__name__}) and goes by what it had"
            detail = f"{failed}. {'; '.join(lines)}. Load the folder again."
            raise Unavailable("partly-loaded", detail) from error
    async with opened(ServiceName.INTAKE, data) as database:
        units = await postcodes.load_first_postcodes(database, directory)
    return [*lines, f"intake: {units} unit postcodes"]


async def load_postcodes(file: Path, size: int, name: str | None, data: Path | None, *, fewer: bool) -> str:
    """Replace intake's unit postcodes by those of a file of `size` bytes, with a bar on a terminal; a sentence with how
    many there are now."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(file.name, total=size)
        async with opened(ServiceName.INTAKE, data) as database:
            count = await postcodes.load_postcodes(
                database, file, name=name, fewer=fewer, seen=lambda read: progress.update(task, completed=read)
            )
    return f"{count:,} unit postcodes loaded"


async def rederive(days: int, most: int, data: Path | None) -> tuple[list[str], bool]:
    """A line for each decision of the last days that does not come out as it was kept, and one that counts; whether
    all did."""
    async with opened(ServiceName.ROUTER, data) as database:
        found = await router.rederive(database, days, most)
    lines = [f"{each.reference}  {each.decided_at:%Y-%m-%d %H:%M:%S}  {each.id}  differs" for each in found.different]
    counted = f"{found.alike} decisions were derived again identically, {len(found.different)} were not"
    unknown = f"; of {found.unknown} it is not known what they were made from" if found.unknown else ""
    return [*lines, f"{counted}{unknown}."], not found.different


async def dead_letter_list(name: ServiceName, data: Path | None) -> list[str]:
    """A line for each event that a service gave up, newest first."""
    async with opened(name, data) as database:
        letters = await DeadLetters(database).latest()
    return [_line(letter) for letter in letters] or ["There are none."]


async def dead_letter_show(name: ServiceName, event_id: UUID, data: Path | None) -> str:
    """One event that a service gave up, whole. Raises NotFound."""
    async with opened(name, data) as database:
        shown = await DeadLetters(database).show(event_id)
    if not shown:
        raise NotFound("not-found", f"{name} has given up no event {event_id}. See: waymark dead-letters list {name}")
    return "\n\n".join(
        f"{_line(one.letter)}\n{one.event or f'not one of our events, {one.body_bytes} bytes'}" for one in shown
    )


async def dead_letter_replay(name: ServiceName, event_id: UUID | None, data: Path | None) -> int:
    """Have one event, or all, handled again; how many."""
    async with opened(name, data) as database:
        return await DeadLetters(database).replay(event_id)


async def explain(reference: str, data: Path | None) -> Story:
    """Why a referral is where it is. Raises NotFound."""
    async with opened(ServiceName.ROUTER, data) as database:
        return await router.explain(database, reference)


async def keep_bounce(mail: bytes, data: Path | None) -> bool:
    """Keep what a mail reports of a message of ours; False for any other mail."""
    async with opened(ServiceName.NOTIFIER, data) as database:
        return await notifier.keep_bounce(database, mail)


async def reseal(keys: Path, data: Path | None) -> int:
    """Seal everything intake stores under the active key of `keys`; how many referrals were sealed anew."""
    async with opened(ServiceName.INTAKE, data) as database:
        return await intake.reseal(database, keys)


def _line(letter: DeadLetter) -> str:
    times = f"{letter.first_at:%Y-%m-%d %H:%M:%S}..{letter.last_at:%H:%M:%S}"
    return f"{letter.id}  {letter.type}  {letter.consumer}  tries {letter.attempts}  {times}  {letter.error}"
