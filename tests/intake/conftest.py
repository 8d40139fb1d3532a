"""Intake with databases of both kinds, and as a web application."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from services.intake.main import build, load_directory
from services.intake.postcodes import load_postcodes
from services.intake.settings import IntakeSettings
from services.intake.store.tables import metadata
from shared import problems
from shared.clock import Clock, new_id
from shared.db import Database
from shared.http import BodyLimit, Edge
from shared.inbox import Inbox
from shared.service import Service
from shared.vault import Vault
from tests.intake.builders import NOON

COUNTY = Path(__file__).parents[2] / "deploy" / "derbyshire"
OpenDatabase = Callable[..., Awaitable[Database]]


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
    """A whole intake: its service, its web application, and the parts a test may look into."""

    service: Service
    client: AsyncClient
    clock: Hands
    settings: IntakeSettings
    vault: Vault
    inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.service.database, self.service.subscriptions)

    @property
    def database(self) -> Database:
        return self.service.database


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def open_database(clock: Hands) -> AsyncIterator[OpenDatabase]:
    """Opens a database by its URL, with intake's tables, and closes it after the test."""
    opened: list[Database] = []

    async def open_one(url: str, *, now: Clock = clock) -> Database:
        database = Database("intake", url, metadata, now=now, new_id=new_id)
        opened.append(database)
        async with database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        return database

    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    Vault.create_file(path)
    return path


@pytest.fixture
def vault(keys_file: Path) -> Vault:
    return Vault.from_file(keys_file)


@pytest.fixture
def per_minute() -> int:
    """How many referrals one caller may send in a minute."""
    return 10_000


@pytest.fixture
def settings(database_url: str, keys_file: Path, per_minute: int) -> IntakeSettings:
    return IntakeSettings(
        intake_database_url=database_url, keys_file=keys_file, redis_url=None, requests_per_minute=per_minute
    )


@pytest.fixture
async def empty_world(settings: IntakeSettings, clock: Hands, vault: Vault) -> AsyncIterator[World]:
    """Intake before any directory was loaded."""
    service = build(settings, now=clock, new_id=new_id)
    async with service.database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    async with AsyncClient(transport=ASGITransport(_application(service, new_id)), base_url="http://intake") as client:
        yield World(service, client, clock, settings, vault)
    await service.database.close()


@pytest.fixture
async def world(empty_world: World) -> World:
    """Intake with the county's directory and its made-up postcodes."""
    await load_directory(empty_world.database, COUNTY)
    await load_postcodes(empty_world.database, COUNTY / "places" / "sample_units.csv")
    return empty_world


@pytest.fixture
def client(world: World) -> AsyncClient:
    return world.client


def _application(service: Service, ids: Callable[[], UUID]) -> FastAPI:
    """What the chassis puts around a service's routes, without transport and loops."""
    app = FastAPI()
    problems.install(app, "http://intake")
    for router in service.routers:
        app.include_router(router)
    app.add_middleware(BodyLimit)
    app.add_middleware(Edge, new_id=ids)
    return app
