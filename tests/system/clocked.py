"""A whole system in the test's own process, by a clock that the test moves: SQLite files, but real ways out."""

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from deploy.native.ports import find_free
from services.notifier.main import keep_bounce
from shared.app import application
from shared.clock import new_id
from shared.embedded import Embedded
from shared.service import Service
from tests.system.databases import SERVICES
from tests.system.post import MailServer, RealPost
from tests.system.processes import HOST, Process
from tests.system.world import sqlite_rows
from waymark import embedded
from waymark.serving import HttpServer
from waymark.simulate.hands import Hands

CHASE = "router.chase"
TEXTS = "texts.jsonl"


@dataclass(frozen=True, slots=True)
class Clocked:
    """Time stands still until a test moves `clock`; what then rings, rings at once."""

    services: Sequence[Service]
    clock: Hands
    mail: MailServer
    data: Path
    port: int
    processes: Sequence[Process] = ()

    @property
    def post(self) -> RealPost:
        """What the mail server took, and the texts."""
        return RealPost(self.mail, self.data / TEXTS)

    def url(self, service: str) -> str:
        """All three answer at one place."""
        assert service in SERVICES
        return f"http://{HOST}:{self.port}"

    def rows(self, service: str, query: str) -> Sequence[tuple[object, ...]]:
        """Read beside the system."""
        return sqlite_rows(self.data / f"{service}.db", query)

    async def let_ring(self, assignment_id: str, kind: str) -> None:
        """Let time pass until this clock rings, and whatever else rings before it."""
        async with httpx.AsyncClient(base_url=self.url("router")) as router:
            offer = (await router.get(f"/api/v1/assignments/{assignment_id}")).json()
        [due_at] = [datetime.fromisoformat(each["due_at"]) for each in offer["clocks"] if each["kind"] == kind]
        await self.move_to(due_at)

    async def bounce(self, mail: bytes) -> None:
        """As the mail server's pipe does."""
        [database] = [service.database for service in self.services if service.name == "notifier"]
        assert await keep_bounce(database, mail)

    async def move_to(self, at: datetime) -> None:
        """Let time pass, and do what the clocks call for by then without waiting for the next look at them."""
        self.clock.move_to(at)
        [chase] = [loop.work for service in self.services for loop in service.loops if loop.name == CHASE]
        while await chase.run_once():
            pass


async def prepare(data: Path, county: Path, at: datetime) -> None:
    """Make a data folder with schema and, in force since `at`, the county, of which each system gets a copy."""
    embedded.prepare(data)
    services = embedded.build(data, public_url=f"http://{HOST}", now=Hands(at))
    await embedded.load(services, county)
    for service in services:
        await service.database.close()


@asynccontextmanager
async def clocked(prepared: Path, folder: Path, clock: Hands, notifier: Mapping[str, object]) -> AsyncIterator[Clocked]:
    """A system on a copy of `prepared` by `clock`; `notifier` are settings with which webhooks leave."""
    mail, data, port = MailServer(), folder / "data", find_free(set())
    shutil.copytree(prepared, data)
    with mail.running():
        post = {
            "delivery": "live",
            "smtp_url": f"smtp://{HOST}:{mail.port}",
            "smtp_plaintext_hosts": HOST,
            "texts_file": data / TEXTS,
            **notifier,
        }
        url = f"http://{HOST}:{port}"
        services = embedded.build(data, public_url=url, now=clock, post=post)
        app = application(services, Embedded(), public_url=url, new_id=new_id)
        async with HttpServer(app, HOST, port):
            yield Clocked(services, clock, mail, data, port)
