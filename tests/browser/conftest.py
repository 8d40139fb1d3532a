"""Chromium from the operating system, and an embedded system with sample referrals for it to look at."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, async_playwright

from deploy.native.programs import Programs
from tests.eventually import eventually
from tests.system.world import Embedded, embedded_in

OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> str:
    """Chromium's path; installed first where we may."""
    return Programs(install=True).path("chromium")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=list(OPTIONS))
        yield running
        await running.close()


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """`waymark up --demo`, started for all tests."""
    system = embedded_in(tmp_path_factory.mktemp("demo"), "--demo")
    system.process.start()
    yield system
    system.process.end()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(demonstration: Embedded) -> str:
    """Its address, once the sample referrals are routed."""
    await demonstration.process.wait_until_ready()
    done: Path = demonstration.data / "demo-done"

    async def is_done() -> bool:
        return await asyncio.to_thread(done.exists)

    await eventually(is_done, within_s=90)
    return demonstration.url("intake")


class Watched:
    """A page, and whatever the browser complained of while it was open."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._complain)
        page.on("request", self._notice)

    def _complain(self, request: Request) -> None:
        # What was still on its way when the page was left did not fail.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url}: {request.failure}")

    def _notice(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.site, "data:", "blob:")):
            self.complaints.append(f"foreign: {url}")

    async def open(self, path: str) -> None:
        """Go there and wait until nothing more is loaded."""
        answer = await self.page.goto(f"{self.site}{path}", wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, path


@pytest_asyncio.fixture(loop_scope="session")
async def watched(browser: Browser, site: str) -> AsyncIterator[Watched]:
    """A fresh page on the running site."""
    page = await browser.new_page()
    yield Watched(page, site)
    await page.close()


@pytest.fixture
def assignments(site: str) -> list[dict[str, str]]:
    """What partners were asked to do."""
    found: list[dict[str, str]] = httpx.get(f"{site}/api/v1/assignments").json()
    return found
