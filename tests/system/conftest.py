"""Whole systems for the tests here, and the last lines of their logs when one of these fails."""

from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from tests.system.county import county_in
from tests.system.databases import Databases, template
from tests.system.world import Deployment, Embedded, World, deployed, embedded_in

WORLDS = pytest.StashKey[Sequence[World]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the end of each process's log."""
    report = yield
    if report.failed:
        report.sections += [
            (f"log of {process.name}", process.tail())
            for world in item.config.stash.get(WORLDS, ())
            for process in world.processes
        ]
    return report


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county, open at every hour."""
    return county_in(tmp_path_factory.mktemp("county") / "derbyshire")


@pytest.fixture(scope="session")
def template_databases(
    postgres_url: str, county: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Databases with schema and county, to be copied."""
    with template(postgres_url, tmp_path_factory.mktemp("template"), county) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployment(
    request: pytest.FixtureRequest,
    template_databases: Databases,
    kafka_url: str,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Deployment]:
    """Three services on real servers, for the tests of one module."""
    async with deployed(template_databases, kafka_url, redis_url, tmp_path_factory.mktemp("deployment")) as system:
        request.config.stash[WORLDS] = (system,)
        yield system
        request.config.stash[WORLDS] = ()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def embedded(
    request: pytest.FixtureRequest, county: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Embedded]:
    """Everything in one process, for the tests of one module."""
    system = embedded_in(tmp_path_factory.mktemp("embedded"), "--directory", str(county))
    request.config.stash[WORLDS] = (system,)
    try:
        system.process.start()
        await system.process.wait_until_ready()
        yield system
    finally:
        system.process.end()
        request.config.stash[WORLDS] = ()


@pytest.fixture
def unstarted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Embedded]:
    """Everything in one process that the test itself starts; ended however the test went."""
    system = embedded_in(tmp_path)
    request.config.stash[WORLDS] = (system,)
    yield system
    system.process.end()
    request.config.stash[WORLDS] = ()


@pytest.fixture(scope="module", params=["embedded", pytest.param("deployment", marks=pytest.mark.real)])
def world(request: pytest.FixtureRequest) -> World:
    """A running system, each way in turn."""
    system: World = request.getfixturevalue(request.param)
    return system
