"""The application that the chassis makes of services: its documents, its documentation, its life."""

import asyncio
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.router.main import build
from services.router.settings import RouterSettings
from shared import asyncapi
from shared.app import application
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.embedded import Embedded
from shared.errors import Conflict
from shared.events import ReferralCancelled
from shared.migrations import upgrade
from shared.service import Loop, Service
from shared.transport import Subscription
from tests.eventually import eventually
from tests.links import LINK_KEYS
from tests.shared.chassis import PUBLIC_URL, Chassis, notes, running
from tests.shared.world import METADATA, Scribe, a_cancellation, effects, publish
from waymark.embedded import assemble, prepare

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
async def chassis(sqlite_database: str) -> AsyncIterator[Chassis]:
    async with notes(sqlite_database) as running:
        yield running


@pytest.fixture
async def openapi(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:  # JSON
    """What the three services together say of themselves."""
    await asyncio.to_thread(prepare, tmp_path)
    process = assemble(tmp_path, public_url="http://waymark.example")
    async with AsyncClient(transport=ASGITransport(app=process.app), base_url="http://test") as client:
        yield (await client.get("/openapi.json")).json()
    for service in process.services:
        await service.database.close()


class Loaded(HTMLParser):
    """Everything that a page loads or runs."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if name in ("href", "src") and value]


def operations(openapi: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:  # JSON
    return [
        (f"{method} {path}", described[method])
        for path, described in openapi["paths"].items()
        for method in METHODS
        if method in described
    ]


async def test_the_description_is_openapi_3_1_and_valid(openapi: dict[str, Any]) -> None:  # JSON
    assert openapi["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(openapi).iter_errors()] == []
    assert {path.split("/")[3] for path in openapi["paths"]} == {
        "referrals",
        "decisions",
        "assignments",
        "notifications",
        "services",
        "operations",
        "contacts",
        "capacity",
        "receipts",
        "rule-sets",
        "surges",
        "directory",
    }


async def test_every_error_is_described_as_a_problem_document(openapi: dict[str, Any]) -> None:  # JSON
    described = {
        (operation, status): response.get("content")
        for operation, description in operations(openapi)
        for status, response in description["responses"].items()
        if status >= "4"
    }
    assert described
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert {key: content for key, content in described.items() if content != problem} == {}
    assert {"Problem", "FieldProblem"} <= openapi["components"]["schemas"].keys()
    assert "HTTPValidationError" not in openapi["components"]["schemas"]


async def test_everything_that_may_be_done_is_described_and_sorted(openapi: dict[str, Any]) -> None:  # JSON
    for operation, description in operations(openapi):
        assert description.get("description"), operation
        assert description.get("tags"), operation


async def test_the_events_are_described_by_the_document_of_the_code(chassis: Chassis) -> None:
    answer = await chassis.client.get("/asyncapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.text == asyncapi.document()


async def test_the_documentation_loads_everything_from_this_very_host(chassis: Chassis) -> None:
    page = Loaded()
    answer = await chassis.client.get("/docs")
    page.feed(answer.text)
    assert len(page.addresses) >= 3
    for address in page.addresses:
        assert address.startswith("/")
        assert not address.startswith("//")
        assert (await chassis.client.get(address)).status_code == 200
    assert "https://" not in answer.text


async def test_there_is_no_second_documentation(chassis: Chassis) -> None:
    assert (await chassis.client.get("/redoc")).status_code == 404


async def test_measurements_are_told_in_the_words_of_prometheus(chassis: Chassis) -> None:
    answer = await chassis.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE waymark_http_seconds histogram" in answer.text


async def test_the_stylesheet_and_the_mark_are_served(chassis: Chassis) -> None:
    for name, kind in (("waymark.css", "text/css"), ("mark.svg", "image/svg+xml")):
        answer = await chassis.client.get(f"/static/{name}")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, kind)
    assert (await chassis.client.get("/static/../__init__.py")).status_code == 404


async def test_what_one_service_tells_another_hears_while_the_application_runs(tmp_path: Path) -> None:
    telling = await an_empty_database(f"sqlite+aiosqlite:///{tmp_path}/telling.db", "telling")
    hearing = await an_empty_database(f"sqlite+aiosqlite:///{tmp_path}/hearing.db", "hearing")
    ears = [Subscription(ReferralCancelled, Scribe())]
    async with running([Service("telling", telling), Service("hearing", hearing, subscriptions=ears)]):
        await publish(telling, a_cancellation(new_id(), "moved away"))
        assert await eventually(lambda: effects(hearing)) == ["moved away"]


async def test_background_work_runs_as_long_as_the_application(sqlite_database: str) -> None:
    steps = Steps()
    database = await an_empty_database(sqlite_database)
    async with running([Service("router", database, loops=[Loop("router.steps", steps, idle_s=0.01)])]):
        await eventually(steps.read, lambda taken: taken >= 2)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "router.steps"] == []


class Steps:
    """Background work that counts its steps."""

    def __init__(self) -> None:
        self.taken = 0

    async def run_once(self) -> bool:
        """See Work."""
        self.taken += 1
        return False

    async def read(self) -> int:
        """How many steps were taken."""
        return self.taken


async def an_empty_database(url: str, name: str = "router") -> Database:
    database = Database(name, url, METADATA, now=utc_now, new_id=new_id)
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    return database


async def test_a_second_process_on_the_same_file_does_not_start(sqlite_database: str) -> None:
    await asyncio.to_thread(upgrade, "router", sqlite_database)
    first, second = (
        build(RouterSettings(router_database_url=sqlite_database, link_keys=LINK_KEYS), now=utc_now, new_id=new_id)
        for _ in range(2)
    )
    async with running([first]):
        with pytest.raises(Conflict, match="Another Waymark process is using the data"):
            async with running([second]):
                pytest.fail("both run")
    third = build(RouterSettings(router_database_url=sqlite_database, link_keys=LINK_KEYS), now=utc_now, new_id=new_id)
    async with running([third]) as chassis:
        assert (await chassis.client.get("/readyz")).status_code == 200


async def test_behind_a_front_door_the_documentation_stands_under_the_services_own_path() -> None:
    app = application((), Embedded(), public_url=PUBLIC_URL, new_id=new_id, behind="/intake")
    async with AsyncClient(transport=ASGITransport(app=app), base_url=PUBLIC_URL) as client:
        page = Loaded()
        page.feed((await client.get("/intake/docs")).text)
        assert page.addresses
        for address in page.addresses:
            assert address.startswith("/intake/")
            assert (await client.get(address)).status_code == 200
