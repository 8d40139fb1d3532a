"""The native stack against the clients that the services use, and against the accidents that stacks have."""

import asyncio
import json
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis

from deploy import native
from deploy.native.cli import main
from deploy.native.process import runs
from tests.eventually import eventually

pytestmark = pytest.mark.real

ANY_PORT = {"kafka": 0, "postgres": 0, "redis": 0}
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("native") / "stack"
    native.up(path, ports=ANY_PORT, fast=True)
    yield path
    native.down(path, wipe=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A stack of its own with Redis alone, for what would disturb the others."""
    path = tmp_path / "stack"
    native.up(path, ["redis"], ANY_PORT)
    yield path
    native.down(path, wipe=True)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def kafka_admin(url: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def send(url: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=url, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def receive(url: str, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=url, group_id=f"readers of {topic}", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        value: bytes | None = (await consumer.getone()).value
        return value
    finally:
        await consumer.stop()


def pids(data: Path) -> dict[str, int | None]:
    return {health.service: health.pid for health in native.status(data)}


@pytest.mark.parametrize("service", ["intake", "router", "notifier"])
async def test_each_service_reaches_its_own_database_and_may_create_tables_there(data: Path, service: str) -> None:
    async with connected(native.urls(data).database(service)) as connection:
        await connection.execute("CREATE TABLE note (id int)")
        where = await connection.fetchval("SELECT current_user || ' in ' || current_database()")
    assert where == f"{service} in {service}"


@pytest.mark.parametrize("role", ["intake", "router", "notifier"])
async def test_no_role_can_connect_to_a_database_that_is_not_its_own(data: Path, role: str) -> None:
    own = native.urls(data).database(role)
    for other in {"intake", "router", "notifier", "postgres", "template1"} - {role}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connected(own.removesuffix(f"/{role}") + f"/{other}"):
                pass


async def test_a_password_is_asked_for(data: Path) -> None:
    own = native.urls(data).database("intake")
    with pytest.raises(asyncpg.InvalidPasswordError):
        async with connected(own.replace("intake:", "intake:not-", 1)):
            pass


async def test_redis_serves_who_knows_its_password(data: Path) -> None:
    async with Redis.from_url(native.urls(data).redis) as redis:
        assert await redis.set("greeting", "hello")
        assert await redis.get("greeting") == b"hello"


async def test_kafka_carries_a_record_and_makes_no_topic_unasked(data: Path) -> None:
    url = native.urls(data).kafka
    async with kafka_admin(url) as admin:
        await admin.create_topics([NewTopic("carried", 2, 1)])
        await admin.describe_topics(["never-created"])
        assert "never-created" not in await admin.list_topics()
    await send(url, "carried", b"a record")
    assert await receive(url, "carried") == b"a record"


async def test_restarting_kafka_keeps_topics_and_records(data: Path) -> None:
    url = native.urls(data).kafka
    async with kafka_admin(url) as admin:
        await admin.create_topics([NewTopic("kept", 3, 1)])
    await send(url, "kept", b"before the restart")

    assert native.restart(data, "kafka").kafka == url

    async with kafka_admin(url) as admin:
        [topic] = await admin.describe_topics(["kept"])
        assert len(topic["partitions"]) == 3
    assert await receive(url, "kept") == b"before the restart"


async def test_wiping_kafka_leaves_it_empty_on_the_same_port(data: Path) -> None:
    url = native.urls(data).kafka
    async with kafka_admin(url) as admin:
        await admin.create_topics([NewTopic("wiped", 1, 1)])

    assert native.wipe(data, "kafka").kafka == url

    async with kafka_admin(url) as admin:
        assert await admin.list_topics() == []


async def test_postgres_comes_back_from_a_kill_with_what_was_committed(data: Path) -> None:
    url = native.urls(data).database("router")
    async with connected(url) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        native.kill(data, "postgres")
        assert pids(data)["postgres"] is None

    native.restart(data, "postgres")

    async with connected(url) as connection:
        assert await connection.fetchval("SELECT answer FROM kept") == 42


def test_going_up_again_changes_nothing(data: Path) -> None:
    before, urls = pids(data), native.urls(data)
    assert native.up(data, ports=ANY_PORT, fast=True) == urls
    assert pids(data) == before


def test_status_succeeds_only_while_all_are_healthy(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--data", str(small), "--only", "redis"]) == 0
    assert main(["status", "--data", str(small)]) == 1
    native.kill(small, "redis")
    assert main(["status", "--data", str(small), "--only", "redis"]) == 1
    assert "redis: stopped" in capsys.readouterr().out


def test_up_prints_and_writes_the_variables_for_their_owner_alone(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "native.env"
    assert main(["up", "--data", str(small), "--only", "redis", "--env-file", str(file)]) == 0
    assert file.read_text() == capsys.readouterr().out == f"WAYMARK_REDIS_URL={native.urls(small).redis}\n"
    for private in (file, small / "stack.json"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_taken_port_is_named_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        data = tmp_path / "stack"
        assert main(["up", "--data", str(data), "--only", "redis", "--redis-port", str(port)]) == 1
    assert capsys.readouterr().err.startswith(f"Port {port} on 127.0.0.1 is in use by another program;")


def test_a_directory_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(native.NativeError, match="is not empty"):
        native.up(tmp_path, ["redis"], ANY_PORT)


def test_down_leaves_nothing_running_and_its_ports_free(tmp_path: Path) -> None:
    data = tmp_path / "stack"
    url = native.up(data, ["redis", "postgres"], ANY_PORT, fast=True).redis
    port = int(url.rpartition(":")[2].removesuffix("/0"))
    redis, postgres = pids(data)["redis"], pids(data)["postgres"]
    assert redis
    assert postgres
    assert runs(redis, "redis-server")
    assert runs(postgres, "postgres")

    native.down(data, wipe=True)

    assert not runs(redis, "redis-server")
    assert not runs(postgres, "postgres")
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert not data.exists()


def test_down_spares_a_process_that_was_given_a_dead_ones_number(small: Path) -> None:
    record = small / "redis" / "process.json"
    ours = record.read_text()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        record.write_text(json.dumps(json.loads(ours) | {"pid": bystander.pid}))
        native.down(small)
        assert bystander.poll() is None
        bystander.kill()
    record.write_text(ours)


async def test_servers_whose_start_was_cut_short_are_found_and_kept(tmp_path: Path) -> None:
    data = tmp_path / "stack"
    words = ["-m", "deploy.native", "up", "--data", str(data), "--only", "redis", "--redis-port", "0"]
    starting = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, stdout=subprocess.DEVNULL)
    first = await eventually(lambda: _redis_pid(data))
    starting.kill()
    await starting.wait()
    try:
        native.up(data, ["redis"], ANY_PORT)
        assert pids(data)["redis"] == first
    finally:
        native.down(data, wipe=True)


async def _redis_pid(data: Path) -> int | None:
    return pids(data)["redis"] if (data / "stack.json").exists() else None
