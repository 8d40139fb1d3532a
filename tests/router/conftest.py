"""The router with databases of both kinds, and as a web application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from services.router.configuration import load_county
from services.router.domain.county import County
from services.router.main import build, counties, load_directory
from services.router.ports import Transaction
from services.router.settings import RouterSettings
from services.router.store.tables import metadata
from services.router.store.transaction import RouterTransaction
from shared.app import application
from shared.clock import Clock, new_id
from shared.db import Database
from shared.document_set import Documents
from shared.documents import save_documents
from shared.embedded import Embedded
from shared.envelope import Origin, Record, headers_for
from shared.events import AnyEvent
from shared.inbox import Inbox
from shared.migrations import upgrade
from shared.service import Service
from tests.links import LINK_KEYS
from tests.router.builders import NOON
from tests.router.fakes import FakeTransaction
from tests.router.rules.builders import COUNTY_DIRECTORY
from waymark.rules import READERS

OpenDatabase = Callable[..., Awaitable[Database]]
Begin = Callable[[], AbstractAsyncContextManager[Transaction]]
PUBLIC_URL = "http://waymark.example"
ORIGIN = Origin("heard-by-the-router")


@dataclass
class Hands:
    """A clock that moves when it is told to."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class World:
    """A whole router: its service, its web application in the chassis, and what it hears."""

    service: Service
    app: FastAPI
    client: AsyncClient
    clock: Hands
    inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.service.database, self.service.subscriptions)

    @property
    def database(self) -> Database:
        return self.service.database

    async def hear(self, event: AnyEvent) -> None:
        """Handle `event` as if a transport had brought it."""
        await self.inbox.process(a_record(event))

    async def load(self, documents: Documents) -> None:
        """Put other documents in force."""
        async with self.database.begin(ORIGIN) as tx:
            await save_documents(tx, documents)


def a_record(event: AnyEvent) -> Record:
    event_id = new_id()
    headers = headers_for(event, event_id, "/waymark/intake", NOON, ORIGIN)
    return Record(event.topic, event.key, event_id, event.model_dump_json(), headers)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture(scope="session")
def county() -> County:
    return load_county(COUNTY_DIRECTORY)


@pytest.fixture
async def open_database(clock: Hands) -> AsyncIterator[OpenDatabase]:
    """Opens a database by its URL, with the router's tables, and closes it after the test."""
    opened: list[Database] = []

    async def open_one(url: str, *, now: Clock = clock) -> Database:
        await asyncio.to_thread(upgrade, "router", url)
        opened.append(Database("router", url, metadata, now=now, new_id=new_id))
        return opened[-1]

    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture
async def world(sqlite_database: str, clock: Hands) -> AsyncIterator[World]:
    """A router with the county's directory on a database of its own; its background work stands still."""
    await asyncio.to_thread(upgrade, "router", sqlite_database)
    service = build(
        RouterSettings(router_database_url=sqlite_database, link_keys=LINK_KEYS, rules_patience_s=60),
        now=clock,
        new_id=new_id,
        readers=READERS,
    )
    app = application([service], Embedded(), public_url=PUBLIC_URL, new_id=new_id)
    await load_directory(service.database, COUNTY_DIRECTORY)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://router") as client:
        yield World(service, app, client, clock)
    await service.database.close()


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty database, of each kind in turn; None for the store in memory."""
    if request.param == "fake":
        return None
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture
async def begin(store_url: str | None, open_database: OpenDatabase, clock: Hands) -> Begin:
    """Opens a transaction on an empty store of each kind in turn."""
    if store_url is None:
        fake = FakeTransaction(None)
        fake.clocks.now = fake.referrals.now = fake.rule_sets.now = clock

        @asynccontextmanager
        async def begin_fake() -> AsyncIterator[Transaction]:
            yield fake

        return begin_fake
    database = await open_database(store_url)
    in_force = counties()

    @asynccontextmanager
    async def begin_real() -> AsyncIterator[Transaction]:
        async with database.begin(Origin("test-request")) as transaction:
            yield RouterTransaction(transaction, in_force)

    return begin_real
