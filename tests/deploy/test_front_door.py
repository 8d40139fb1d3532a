"""The front door's own configuration, run by a genuine Caddy in front of three services that only say who they are."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from deploy.native.errors import NativeError
from deploy.native.ports import find_free
from deploy.native.process import run
from tests.eventually import eventually

pytestmark = pytest.mark.real

CADDYFILE = Path(__file__).parents[2] / "deploy" / "front-door" / "Caddyfile"
SERVICES = ("intake", "router", "notifier")


@pytest.fixture(scope="module")
def caddy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Caddy's program: the installed one, else Debian's, unpacked for this test alone."""
    installed = shutil.which("caddy")
    if installed:
        return installed
    folder = tmp_path_factory.mktemp("caddy")
    try:
        if os.geteuid() == 0:
            run(["/usr/bin/apt-get", "-q", "update"])
        run(["/usr/bin/apt-get", "-q", "download", "caddy"], cwd=folder)
        [package] = folder.glob("caddy_*.deb")
        run(["/usr/bin/dpkg", "-x", str(package), str(folder)])
    except (NativeError, FileNotFoundError) as problem:
        pytest.skip(f"Caddy is not installed and could not be unpacked: {problem}")
    return str(folder / "usr" / "bin" / "caddy")


@pytest.fixture
def ports() -> Mapping[str, int]:
    taken: set[int] = set()
    for _ in range(1 + len(SERVICES)):
        taken.add(find_free(taken))
    return dict(zip(("front door", *SERVICES), taken, strict=True))


@pytest.fixture
def patience() -> str:
    """How long the front door tries to reach a service."""
    return "2s"


@pytest.fixture
async def door(caddy: str, ports: Mapping[str, int], patience: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the front door. Only addresses differ from the real thing, and how long it waits for a service."""
    text = CADDYFILE.read_text().replace("lb_try_duration 5s", f"lb_try_duration {patience}")
    for service in SERVICES:
        text = text.replace(f"dynamic a {service} 8000", f"dynamic a 127.0.0.1 {ports[service]}")
    here = f"http://127.0.0.1:{ports['front door']}"
    settings = tmp_path / "Caddyfile"
    settings.write_text(text.replace("\n:8000 {\n", f"\n{here} {{\n\tbind 127.0.0.1\n"))
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(settings)]
    homes = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(*command, env=homes, stderr=subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=here, trust_env=False, timeout=60) as client:
            await eventually(lambda: opens(client))
            yield client
    finally:
        process.terminate()
        await process.wait()


async def opens(client: httpx.AsyncClient) -> bool:
    with suppress(httpx.ConnectError):
        return (await client.get("/livez")).status_code == 200
    return False


@asynccontextmanager
async def service(name: str, port: int) -> AsyncIterator[None]:
    """A service that answers every request with its name and what it was asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = f"{name}: {head.splitlines()[0].removesuffix(' HTTP/1.1')}".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield


@pytest.fixture
async def services(ports: Mapping[str, int]) -> AsyncIterator[None]:
    async with AsyncExitStack() as running:
        for name in SERVICES:
            await running.enter_async_context(service(name, ports[name]))
        yield


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/v1/referrals", "intake: GET /api/v1/referrals"),
        ("/api/v1/referrals/ABCD-EFGH", "intake: GET /api/v1/referrals/ABCD-EFGH"),
        ("/api/v1/decisions/ABCD-EFGH", "router: GET /api/v1/decisions/ABCD-EFGH"),
        ("/api/v1/assignments?state=offered", "router: GET /api/v1/assignments?state=offered"),
        ("/api/v1/notifications?referral=x", "notifier: GET /api/v1/notifications?referral=x"),
        ("/api/v1/directory/gaps", "router: GET /api/v1/directory/gaps"),
        ("/decisions/ABCD-EFGH", "router: GET /decisions/ABCD-EFGH"),
        ("/r/a.signed.token", "router: GET /r/a.signed.token"),
        ("/progress/a.signed.token", "router: GET /progress/a.signed.token"),
        ("/static/waymark.css", "router: GET /static/waymark.css"),
        ("/intake/openapi.json", "intake: GET /intake/openapi.json"),
        ("/router/readyz", "router: GET /readyz"),
        ("/notifier/asyncapi.json", "notifier: GET /asyncapi.json"),
    ],
)
async def test_a_request_reaches_the_service_it_is_for(door: httpx.AsyncClient, path: str, answer: str) -> None:
    assert (await door.get(path)).text == answer


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metrics",
        "/intake/metrics",
        "/router/api/v1/decisions",
        "/api/v1/referralsx",
        "/internal/v1/updates/018f0000-0000-7000-8000-000000000001/contact",
        "/intake/internal/v1/updates/018f0000-0000-7000-8000-000000000001/contact",
    ],
)
async def test_nothing_else_can_be_reached(door: httpx.AsyncClient, path: str) -> None:
    answer = await door.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


async def test_it_lives_while_no_service_does(door: httpx.AsyncClient) -> None:
    assert (await door.get("/livez")).status_code == 200


async def test_a_service_that_is_away_is_answered_for_with_when_to_come_again(door: httpx.AsyncClient) -> None:
    answer = await door.post("/api/v1/referrals", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("patience", ["60s"])
async def test_a_request_waits_for_a_service_that_restarts(door: httpx.AsyncClient, ports: Mapping[str, int]) -> None:
    asked = asyncio.create_task(door.post("/api/v1/referrals", json={}))
    assert (await door.get("/livez")).status_code == 200
    async with service("intake", ports["intake"]):
        assert (await asked).text == "intake: POST /api/v1/referrals"


@pytest.mark.usefixtures("services")
async def test_what_is_too_large_goes_no_further(door: httpx.AsyncClient) -> None:
    answer = await door.post("/api/v1/referrals", content=b"x" * 1_000_000)
    assert answer.status_code == 413
