"""What operators do besides serving: schema, topics, directory, postcodes, dead letters."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import MetaData

from services.intake import main as intake
from services.intake import postcodes
from services.intake.store.tables import metadata as intake_metadata
from services.notifier import main as notifier
from services.notifier.store.tables import metadata as notifier_metadata
from services.router import main as router
from services.router.store.tables import metadata as router_metadata
from services.router.use_cases.explaining import Story
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.dead_letters import DeadLetter, DeadLetters
from shared.errors import NotFound, Refused
from shared.kafka import create_topics
from shared.migrations import upgrade
from shared.settings import CommonSettings, read_settings
from waymark.checking import checked
from waymark.names import ServiceName
from waymark.urls import database_url

METADATA: Mapping[ServiceName, MetaData] = {
    ServiceName.INTAKE: intake_metadata,
    ServiceName.ROUTER: router_metadata,
    ServiceName.NOTIFIER: notifier_metadata,
}
LOADERS: Mapping[ServiceName, Callable[[Database, Path], Awaitable[str]]] = {
    ServiceName.INTAKE: intake.load_directory,
    ServiceName.ROUTER: router.load_directory,
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


async def load_directory(directory: Path) -> list[str]:
    """Put a county's folder in force in all three services; a line for each warning and each service. Raises Refused,
    naming file and place, and then nothing has changed."""
    lines = checked(directory)
    for name, load in LOADERS.items():
        async with open_database(name) as database:
            lines.append(f"{name}: {await load(database, directory)} in force")
    async with open_database(ServiceName.INTAKE) as database:
        loaded = await postcodes.load_first_postcodes(database, directory)
    return [*lines, f"intake: {loaded} unit postcodes"]


async def load_postcodes(file: Path, size: int, name: str | None, *, fewer: bool) -> str:
    """Replace intake's unit postcodes by those of a file of `size` bytes, with a bar on a terminal; a sentence with how
    many there are now."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(file.name, total=size)
        async with open_database(ServiceName.INTAKE) as database:
            count = await postcodes.load_postcodes(
                database, file, name=name, fewer=fewer, seen=lambda read: progress.update(task, completed=read)
            )
    return f"{count:,} unit postcodes loaded"


async def rederive(days: int, most: int, data: Path | None) -> tuple[list[str], bool]:
    """A line for each decision of the last days that does not come out as it was kept, and one that counts; whether
    all did."""
    async with open_database(ServiceName.ROUTER, data) as database:
        found = await router.rederive(database, days, most)
    lines = [f"{each.reference}  {each.decided_at:%Y-%m-%d %H:%M:%S}  {each.id}  differs" for each in found.different]
    counted = f"{found.alike} decisions were derived again identically, {len(found.different)} were not"
    unknown = f"; of {found.unknown} it is not known what they were made from" if found.unknown else ""
    return [*lines, f"{counted}{unknown}."], not found.different


async def dead_letter_list(name: ServiceName, data: Path | None) -> list[str]:
    """A line for each event that a service gave up, newest first."""
    async with open_database(name, data) as database:
        letters = await DeadLetters(database).latest()
    return [_line(letter) for letter in letters] or ["There are none."]


async def dead_letter_show(name: ServiceName, event_id: UUID, data: Path | None) -> str:
    """One event that a service gave up, whole. Raises NotFound."""
    async with open_database(name, data) as database:
        shown = await DeadLetters(database).show(event_id)
    if not shown:
        raise NotFound("not-found", f"{name} has given up no event {event_id}. See: waymark dead-letters list {name}")
    return "\n\n".join(
        f"{_line(one.letter)}\n{one.event or f'not one of our events, {one.body_bytes} bytes'}" for one in shown
    )


async def dead_letter_replay(name: ServiceName, event_id: UUID | None, data: Path | None) -> int:
    """Have one event, or all, handled again; how many."""
    async with open_database(name, data) as database:
        return await DeadLetters(database).replay(event_id)


async def explain(reference: str, data: Path | None) -> Story:
    """Why a referral is where it is. Raises NotFound."""
    async with open_database(ServiceName.ROUTER, data) as database:
        return await router.explain(database, reference)


async def keep_bounce(mail: bytes, data: Path | None) -> bool:
    """Keep what a mail reports of a message of ours; False for any other mail."""
    async with open_database(ServiceName.NOTIFIER, data) as database:
        return await notifier.keep_bounce(database, mail)


async def reseal(keys: Path, data: Path | None) -> int:
    """Seal everything intake stores under the active key of `keys`; how many referrals were sealed anew."""
    async with open_database(ServiceName.INTAKE, data) as database:
        return await intake.reseal(database, keys)


@asynccontextmanager
async def open_database(name: ServiceName, data: Path | None = None) -> AsyncIterator[Database]:
    """A service's database, by the WAYMARK_ settings or in an embedded system's folder; closed when left."""
    database = Database(name, database_url(name, data), METADATA[name], now=utc_now, new_id=new_id, pool_size=2)
    try:
        yield database
    finally:
        await database.close()


def _line(letter: DeadLetter) -> str:
    times = f"{letter.first_at:%Y-%m-%d %H:%M:%S}..{letter.last_at:%H:%M:%S}"
    return f"{letter.id}  {letter.type}  {letter.consumer}  tries {letter.attempts}  {times}  {letter.error}"
