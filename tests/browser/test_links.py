"""What a partner's officer sees who opens the link in our e-mail: in time, too late, on a desk and on a phone."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest
import pytest_asyncio
from playwright.async_api import ViewportSize

from shared.clock import utc_now
from shared.links import LinkSigner
from tests.browser.conftest import Watched
from tests.system.caller import Caller, calling
from tests.system.people import a_referral
from tests.system.world import Embedded

pytestmark = pytest.mark.asyncio(loop_scope="session")
NUMBERS = count(500)
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 320, "height": 640}
LINK = re.compile(r"http://\S+(/r/\S+)")


@dataclass
class Partner:
    """A partner's officer with a browser, and the e-mails they get."""

    watched: Watched
    system: Embedded
    caller: Caller

    async def is_written_to(self) -> str:
        """The path of the link in the e-mail of a new offer."""
        receipt = await self.caller.submit(a_referral(next(NUMBERS)))
        await self.caller.settled(receipt["reference"])
        letters = await asyncio.to_thread(self.system.post.letters)
        [letter] = [letter for letter in letters if receipt["reference"] in letter.subject]
        [path] = LINK.findall(letter.plain)
        return str(path)

    async def open(self, path: str) -> int:
        answer = await self.watched.page.goto(f"{self.watched.site}{path}", wait_until="networkidle")
        assert answer is not None
        return answer.status

    async def press(self, name: str) -> None:
        async with self.watched.page.expect_navigation():
            await self.watched.page.get_by_role("button", name=name).click()

    async def reads(self) -> str:
        return await self.watched.page.locator("main").inner_text()

    async def is_shown_all_of_it(self) -> None:
        """Nothing scrolls sideways, wide or narrow, and each control is large enough for a thumb."""
        page = self.watched.page
        for viewport in (DESK, PHONE):
            await page.set_viewport_size(viewport)
            assert not await page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        controls = "[...document.querySelectorAll('button, input:not([type=hidden])')]"
        assert await page.evaluate(f"{controls}.filter(e => Math.min(e.offsetWidth, e.offsetHeight) < 24).length") == 0


@pytest_asyncio.fixture(loop_scope="session")
async def partner(watched: Watched, demonstration: Embedded) -> AsyncIterator[Partner]:
    async with calling(demonstration) as caller:
        yield Partner(watched, demonstration, caller)


async def test_an_offer_is_accepted_with_one_press_and_then_says_what_to_do(partner: Partner) -> None:
    path = await partner.is_written_to()
    assert await partner.open(path) == 200
    assert await partner.watched.page.locator("h1").count() == 1
    assert "Food shopping" in await partner.reads()
    await partner.is_shown_all_of_it()
    await partner.press("Accept")
    read = await partner.reads()
    assert "is accepted" in read
    assert "What to do now" in read
    await partner.is_shown_all_of_it()
    await partner.watched.page.reload()
    assert "is accepted" in await partner.reads()
    assert partner.watched.complaints == []


async def test_the_page_that_comes_then_is_enough_to_tell_of_the_work_to_its_end(partner: Partner) -> None:
    path = await partner.is_written_to()
    await partner.open(path)
    await partner.press("Accept")
    page = partner.watched.page
    bookmark = page.url
    await page.get_by_label("No answer").check()
    await partner.press("Tell us of this attempt")
    assert "No answer, at" in await partner.reads()
    assert page.url == bookmark
    await partner.press("Complete the referral")
    assert (await page.title()).startswith("Error: ")
    await partner.is_shown_all_of_it()
    await page.get_by_role("link", name="Select how it ended: Food shopping").click()
    assert await page.evaluate("document.activeElement.id") == "need-1"
    await page.get_by_role("group", name="Food shopping").get_by_role("radio").first.check()
    await partner.press("Complete the referral")
    assert "is done" in await partner.reads()
    await partner.open(path)
    assert "is done" in await partner.reads()


async def test_who_cannot_help_is_asked_why_and_told_what_is_missing(partner: Partner) -> None:
    path = await partner.is_written_to()
    await partner.open(path)
    page = partner.watched.page
    assert await page.locator("input:checked").count() == 0
    await partner.press("I cannot help")
    assert (await page.title()).startswith("Error: ")
    assert await page.evaluate("document.activeElement.className") == "error-summary"
    await partner.is_shown_all_of_it()
    await page.get_by_role("link", name="Select why you cannot help").click()
    assert await page.evaluate("document.activeElement.id") == "reason"
    await page.get_by_label("Out of area").check()
    await partner.press("I cannot help")
    read = await partner.reads()
    assert "is declined" in read
    assert "because: Out of area" in read
    await partner.is_shown_all_of_it()


async def test_an_offer_can_be_declined_with_the_keyboard_alone(partner: Partner) -> None:
    await partner.open(await partner.is_written_to())
    keyboard = partner.watched.page.keyboard
    await partner.watched.page.get_by_role("button", name="Accept").focus()
    for key in ("Tab", "Space", "ArrowDown", "Tab"):
        await keyboard.press(key)
    async with partner.watched.page.expect_navigation():
        await keyboard.press("Enter")
    assert "because: Only a waiting list" in await partner.reads()


async def test_without_scripts_the_same_can_be_done(partner: Partner) -> None:
    path = await partner.is_written_to()
    browser = partner.watched.page.context.browser
    assert browser is not None
    bare = await browser.new_context(java_script_enabled=False)
    page = await bare.new_page()
    await page.goto(f"{partner.watched.site}{path}")
    await page.get_by_role("button", name="Accept").click()
    await page.get_by_role("heading", name="is accepted").wait_for()
    await bare.close()


async def test_a_second_officer_is_told_that_it_is_decided(partner: Partner) -> None:
    path = await partner.is_written_to()
    await partner.open(path)
    async with partner.watched.page.context.expect_page() as opened:
        await partner.watched.page.evaluate("location => window.open(location, '_blank', 'noopener')", path)
    colleague = await opened.value
    await colleague.get_by_role("button", name="Accept").click()
    await colleague.get_by_role("heading", name="is accepted").wait_for()
    await partner.watched.page.get_by_label("Not eligible").check()
    await partner.press("I cannot help")
    assert "is accepted" in await partner.reads()
    await colleague.close()


async def test_an_expired_link_says_whom_to_ring(partner: Partner) -> None:
    token = (await partner.is_written_to()).rpartition("/")[2]
    signer = LinkSigner((partner.system.data / "link-keys").read_text())
    late = replace(signer.read(token, "answer"), expires_at=utc_now() - timedelta(minutes=1))
    assert await partner.open(f"/r/{signer.sign(late)}") == 410
    read = await partner.reads()
    assert "still waits for your answer" in read
    assert "0808 157 0199" in read
    await partner.is_shown_all_of_it()


async def test_a_link_that_was_cut_off_says_what_to_do(partner: Partner) -> None:
    path = await partner.is_written_to()
    assert await partner.open(path[:-7]) == 404
    assert "copy the whole of it" in await partner.reads()
    await partner.is_shown_all_of_it()
