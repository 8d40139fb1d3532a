"""The router with databases of both kinds, and as a web application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from services.router.configuration import load_county
from services.router.domain.county import County
from services.router.main import build, load_directory
from services.router.settings import RouterSettings
from services.router.store.tables import metadata
from shared.app import application
from shared.clock import Clock, new_id
from shared.db import Database
from shared.embedded import Embedded
from shared.envelope import Origin, Record, headers_for
from shared.events import Event
from shared.inbox import Inbox
from shared.migrations import upgrade
from shared.service import Service
from tests.router.builders import NOON
from tests.router.rules.builders import COUNTY_DIRECTORY

OpenDatabase = Callable[..., Awaitable[Database]]
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

    async def hear(self, event: Event) -> None:
        """Handle `event` as if a transport had brought it."""
        await self.inbox.process(a_record(event))


def a_record(event: Event) -> Record:
    event_id = new_id()
    headers = headers_for(event, event_id, "/waymark/intake", NOON, ORIGIN)
    return Record(event.topic, str(event.referral_id), event_id, event.model_dump_json(), headers)


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
    service = build(RouterSettings(router_database_url=sqlite_database), now=clock, new_id=new_id)
    app = application([service], Embedded(), public_url=PUBLIC_URL, new_id=new_id)
    await load_directory(service.database, COUNTY_DIRECTORY)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://router") as client:
        yield World(service, app, client, clock)
    await service.database.close()
