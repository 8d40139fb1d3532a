"""A whole running system, either way: one process with files, or three with real servers around them."""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from deploy.native.ports import find_free
from shared.clock import new_id
from shared.vault import Vault
from tests.system.broker import Broker
from tests.system.databases import SERVICES, Databases, copies
from tests.system.post import LocalMailbox, MailServer, Post, RealPost
from tests.system.processes import Process, run

# The tests are one caller and send more than one may in a minute.
UNLIMITED = {"WAYMARK_REQUESTS_PER_MINUTE": "1000000"}


class World(Protocol):
    """What a test needs to know of a system."""

    @property
    def post(self) -> Post:
        """What it has sent."""

    @property
    def processes(self) -> Sequence[Process]:
        """Its processes."""

    def url(self, service: str) -> str:
        """Where one service answers."""

    def rows(self, service: str, query: str) -> Sequence[tuple[object, ...]]:
        """What a query of the service's database finds."""


class Timed(World, Protocol):
    """A system with a mail server, of which a test can let the time pass."""

    @property
    def mail(self) -> MailServer:
        """What takes its e-mails."""

    async def let_ring(self, assignment_id: str, kind: str) -> None:
        """Make it time for one clock of an assignment ("respond" or "first_contact") to ring."""

    async def bounce(self, mail: bytes) -> None:
        """Have the mail server give back a mail that could not be delivered."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """`waymark up` on a folder of its own."""

    process: Process
    data: Path

    @property
    def post(self) -> Post:
        """Its local mailbox."""
        return LocalMailbox(self.data / "notifier.db")

    @property
    def processes(self) -> Sequence[Process]:
        """The one process."""
        return (self.process,)

    def url(self, service: str) -> str:
        """All three answer at one place."""
        assert service in SERVICES
        return self.process.url

    def rows(self, service: str, query: str) -> Sequence[tuple[object, ...]]:
        """Read beside the process."""
        return sqlite_rows(self.data / f"{service}.db", query)

    def execute(self, service: str, statement: str) -> None:
        """Change something behind the service's back, while it does not run."""
        with closing(sqlite3.connect(self.data / f"{service}.db")) as connection, connection:
            connection.execute(statement)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Three processes around PostgreSQL, Kafka, Redis and a mail server."""

    services: dict[str, Process]
    databases: Databases
    broker: Broker
    mail: MailServer
    folder: Path

    @property
    def post(self) -> RealPost:
        """What the mail server took, and the texts."""
        return RealPost(self.mail, self.folder / "texts.jsonl")

    @property
    def processes(self) -> Sequence[Process]:
        """The three processes."""
        return tuple(self.services.values())

    def url(self, service: str) -> str:
        """Each answers at its own."""
        return self.services[service].url

    def rows(self, service: str, query: str) -> Sequence[tuple[object, ...]]:
        """Read as superuser."""
        return self.databases.rows(service, query)

    @property
    def redis_url(self) -> str:
        """Where its limits are counted."""
        return self.services["intake"].environment["WAYMARK_REDIS_URL"]

    async def let_ring(self, assignment_id: str, kind: str) -> None:
        """Time is the database's own, so the clock is put back as an operator would; it is looked at every 5 s."""
        which = f"assignment_id = '{assignment_id}' AND kind = '{kind}'"
        self.databases.execute("router", f"UPDATE clock SET due_at = clock_timestamp() WHERE {which}")

    async def bounce(self, mail: bytes) -> None:
        """By the mail server's pipe."""
        self.command("bounce", given=mail)

    def command(self, *arguments: str, given: bytes = b"") -> str:
        """What an operator's command prints here, `given` at its standard input."""
        return run(arguments, self.folder, self.services["intake"].environment, given)


def sqlite_rows(database: Path, query: str) -> Sequence[tuple[object, ...]]:
    """Read beside whoever writes."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def embedded_in(folder: Path, *options: str) -> Embedded:
    """One that is not started yet; its data are kept in `folder`/data. `options` are the command's own."""
    port = find_free(set())
    data = folder / "data"
    arguments = ("up", "--port", str(port), "--data", str(data), *options)
    return Embedded(Process("waymark", arguments, port, folder, UNLIMITED), data)


@asynccontextmanager
async def deployed(
    template: Databases, kafka_url: str, redis_url: str, folder: Path, more: Mapping[str, str] | None = None
) -> AsyncIterator[Deployment]:
    """A system on copies of `template`, in a Kafka that holds nothing of an earlier one. `more` are further settings
    by the names of their variables."""
    mail, broker = MailServer(), Broker(kafka_url)
    Vault.create_file(folder / "keys.json")
    servers = {"WAYMARK_KAFKA_URL": kafka_url, "WAYMARK_REDIS_URL": redis_url, **(more or {})}
    with mail.running(), copies(template) as databases:
        services = _services(folder, databases, mail, servers)
        system = Deployment(services, databases, broker, mail, folder)
        system.command("topics")
        await broker.forget()
        try:
            for process in system.processes:
                process.start()
            for process in system.processes:
                await process.wait_until_ready()
            yield system
        finally:
            for process in system.processes:
                process.end()


def _services(folder: Path, databases: Databases, mail: MailServer, servers: Mapping[str, str]) -> dict[str, Process]:
    ports: dict[str, int] = {}
    for each in SERVICES:
        ports[each] = find_free(set(ports.values()))
    environment = {
        **servers,
        "WAYMARK_CONTACTS_TOKEN": new_id().hex,
        "WAYMARK_INTAKE_URL": f"http://127.0.0.1:{ports['intake']}",
        "WAYMARK_INTAKE_PLAINTEXT_HOSTS": "127.0.0.1",
        **databases.environment(),
        **UNLIMITED,
        "WAYMARK_KEYS_FILE": str(folder / "keys.json"),
        "WAYMARK_LINK_KEYS": token_hex(32),
        # The link in a notice leads to a page of the router's.
        "WAYMARK_PUBLIC_URL": f"http://127.0.0.1:{ports['router']}",
        "WAYMARK_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        "WAYMARK_SMTP_PLAINTEXT_HOSTS": "127.0.0.1",
        "WAYMARK_TEXTS_FILE": str(folder / "texts.jsonl"),
    }
    return {
        each: Process(each, ("serve", each, "--port", str(port)), port, folder, environment)
        for each, port in ports.items()
    }
