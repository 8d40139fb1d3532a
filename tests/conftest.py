"""Real servers for the tests that need them, and the rule that in continuous integration none may be skipped."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from shared.clock import new_id
from tests.servers import Servers, choose_servers

HERE = Path(__file__).parent
PROCESSES = frozenset({"system", "architecture", "browser", "deploy", "cli"})
WHOLE = frozenset({"world", "client", "chassis"})
REAL = frozenset({"servers", "postgres_url", "kafka_url", "redis_url", "postgresql_database", "browser"})


class SideBySide(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Files one by one on whichever worker is free; those that start programs one after the other, on the same."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "processes" if PROCESSES.intersection(Path(file).parts) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SideBySide | None:
    """With `--dist loadfile` as above, else as xdist does."""
    return SideBySide(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is `real` when a fixture of its own asks for a server or a browser; see pyproject.toml for the marks."""
    for item in items:
        if PROCESSES.intersection(item.path.relative_to(HERE).parts):
            item.add_marker(pytest.mark.processes)
        if WHOLE.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.whole)
        if REAL.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With WAYMARK_TEST_ALL set, a test that was skipped is a test that failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter else 0
    if skipped and os.environ.get("WAYMARK_TEST_ALL"):  # noqa: TID251 - how a test run is set up
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Kafka, PostgreSQL and Redis, each started when it is first asked for."""
    folder: Path = tmp_path_factory.mktemp("servers")
    chosen = choose_servers(folder / "stack")
    yield chosen
    chosen.stop()


@pytest.fixture(scope="session")
def postgres_url(servers: Servers) -> str:
    """A PostgreSQL server, as its superuser."""
    return servers.url("postgres")


@pytest.fixture(scope="session")
def kafka_url(servers: Servers) -> str:
    """A genuine Kafka, host:port."""
    return servers.url("kafka")


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """A genuine Redis."""
    return servers.url("redis")


@pytest.fixture
async def postgresql_database(postgres_url: str) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    name = f"test_{new_id().hex}"
    server = create_async_engine(postgres_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    async with server.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path}/service.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url
