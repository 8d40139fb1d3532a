"""All three services in one process: SQLite files, no broker, and messages in a local mailbox instead of the post."""

import asyncio
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from typing import TextIO

import httpx
from fastapi import FastAPI
from rich.console import Console

from services.intake import main as intake
from services.intake.postcodes import load_first_postcodes
from services.intake.settings import IntakeSettings
from services.notifier import main as notifier
from services.notifier.settings import NotifierSettings
from services.router import main as router
from services.router.feed import build_feed
from services.router.settings import FeedSettings, RouterSettings
from shared.app import application
from shared.clock import Clock, NewId, new_id, utc_now
from shared.document_set import read_folder
from shared.embedded import Embedded
from shared.links import create_key_file
from shared.log import set_up_logging
from shared.migrations import upgrade
from shared.reference import SPACE, reference_of
from shared.service import Service
from shared.settings import read_settings
from shared.vault import Vault
from waymark import home
from waymark.contacts import OwnContacts
from waymark.demo import Demo, read_samples
from waymark.names import ServiceName
from waymark.rules import READERS
from waymark.serving import HttpServer
from waymark.urls import embedded_url

HOST = "127.0.0.1"
LOG_FILE = "waymark.log"
CHANCE = SystemRandom()
KEYS, LINK_KEYS = "keys.json", "link-keys"
# Settings of the notifier: nothing leaves the machine.
MAILBOX: Mapping[str, object] = {"delivery": "mailbox"}
USUAL: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """The three services of one data folder, and the application that serves them."""

    services: Sequence[Service]
    app: FastAPI


def prepare(data: Path) -> None:
    """Make the folder, its key files and its databases where they are missing, and bring the schemas up to date."""
    data.mkdir(parents=True, exist_ok=True)
    if not (data / KEYS).exists():
        Vault.create_file(data / KEYS)
    if not (data / LINK_KEYS).exists():
        create_key_file(data / LINK_KEYS)
    for name in ServiceName:
        upgrade(name, embedded_url(data, name))


def build(
    data: Path,
    *,
    public_url: str,
    now: Clock = utc_now,
    fresh_id: NewId = new_id,
    chance: Random = CHANCE,
    post: Mapping[str, object] = MAILBOX,
    of_intake: Mapping[str, object] = USUAL,
) -> Sequence[Service]:
    """Build the services on the databases in `data`. `post` are the notifier's settings that say how messages leave,
    `of_intake` settings of intake that are not the usual ones."""
    for_intake, for_router, for_notifier = _settings(data, public_url, post, of_intake)
    taking = intake.build(
        for_intake, now=now, new_id=fresh_id, draw_reference=lambda: reference_of(chance.randrange(SPACE))
    )
    contacts = OwnContacts(intake.contacts(taking, for_intake, now=now))
    return (
        taking,
        router.build(for_router, now=now, new_id=fresh_id, readers=READERS),
        notifier.build(for_notifier, now=now, new_id=fresh_id, contacts=contacts),
    )


def assemble(data: Path, *, public_url: str) -> Process:
    """Build the services on the databases in `data`, joined by a transport that needs no broker."""
    services = build(data, public_url=public_url)
    app = application(services, Embedded(), public_url=public_url, new_id=new_id)
    app.include_router(home.routes())
    return Process(services, app)


def _settings(
    data: Path, public_url: str, post: Mapping[str, object], of_intake: Mapping[str, object]
) -> tuple[IntakeSettings, RouterSettings, NotifierSettings]:
    common = {"public_url": public_url, "kafka_url": None}
    linking = common | {"link_keys": (data / LINK_KEYS).read_text("utf-8")}

    def database(name: ServiceName) -> dict[str, str]:
        return {f"{name}_database_url": embedded_url(data, name)}

    return (
        read_settings(IntakeSettings, keys_file=data / KEYS, **database(ServiceName.INTAKE), **common, **of_intake),
        read_settings(RouterSettings, **database(ServiceName.ROUTER), **linking),
        read_settings(NotifierSettings, **post, **database(ServiceName.NOTIFIER), **linking),
    )


async def load(services: Sequence[Service], directory: Path) -> None:
    """Put the county's files in force in all three services, unless people publish versions of the rules there."""
    taking, routing, notifying = (service.database for service in services)
    if (await router.load_documents(routing, read_folder(directory), router.FOLDER)).in_force:
        await intake.load_directory(taking, directory)
        await notifier.load_directory(notifying, directory)
    await load_first_postcodes(services[0].database, directory)


async def up(*, data: Path, port: int, demo: bool, directory: Path, feed_port: int | None = None) -> None:
    """Serve until Ctrl-C. With `demo`, submit the county's sample referrals unless this folder has had them; with
    `feed_port`, serve the public directory there."""
    # A pipe has no width of its own; a table of 80 columns would say little.
    console = Console(width=None if sys.stdout.isatty() else 140)
    await asyncio.to_thread(prepare, data)
    url = f"http://{HOST}:{port}"
    set_up_logging(stream=open_log(data / LOG_FILE))
    process = assemble(data, public_url=url)
    await load(process.services, directory)
    async with AsyncExitStack() as stack:
        # First, so that signals reach the server that is waited for.
        if feed_port is not None:
            await stack.enter_async_context(HttpServer(_feed(data, feed_port), HOST, feed_port))
        server = await stack.enter_async_context(HttpServer(process.app, HOST, port))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))

        async def introduce() -> None:
            if demo:
                await _demonstrate(client, data, directory, console)
            example = await home.example(client)
            console.print(home.where_to_look(url, data / LOG_FILE, example), highlight=False)

        await _unless_stopped(server, introduce())
        await server.until_stopped()
    console.print(f"Stopped. The data stays in {data}.", highlight=False)


def _feed(data: Path, port: int) -> FastAPI:
    """The public feed of a data folder."""
    url = embedded_url(data, ServiceName.ROUTER)
    settings = read_settings(FeedSettings, router_database_url=url, feed_url=f"http://{HOST}:{port}")
    return build_feed(settings, now=utc_now, new_id=new_id)


async def _unless_stopped(server: HttpServer, work: Coroutine[None, None, None]) -> None:
    """Do `work`, but leave it at once on Ctrl-C."""
    doing, stopped = asyncio.ensure_future(work), asyncio.ensure_future(server.until_stopped())
    try:
        await asyncio.wait((doing, stopped), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            await doing
    finally:
        for task in (doing, stopped):
            task.cancel()
        await asyncio.gather(doing, stopped, return_exceptions=True)


def open_log(file: Path) -> TextIO:
    """The log file, to be written line by line while the process lives."""
    return file.open("a", encoding="utf-8", buffering=1)


async def _demonstrate(client: httpx.AsyncClient, data: Path, directory: Path, console: Console) -> None:
    done = data / "demo-done"
    if done.exists():
        console.print("The sample referrals were submitted at an earlier start.")
        return
    samples = await asyncio.to_thread(read_samples, directory / "demo.jsonl")
    await Demo(client, console).run(samples)
    done.touch()
