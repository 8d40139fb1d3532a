"""The pages of the embedded system, as a newcomer walks them."""

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")
WIDTHS = (1280, 320)


@pytest.mark.parametrize("path", ["/", "/mailbox", "/docs"])
async def test_a_page_loads_from_this_machine_alone_and_without_a_complaint(watched: Watched, path: str) -> None:
    await watched.open(path)
    assert await watched.page.title() != ""
    assert watched.complaints == []


async def test_from_the_home_page_one_gets_to_the_messages_and_into_one(watched: Watched) -> None:
    await watched.open("/")
    await watched.page.get_by_role("link", name="The e-mails and texts").click()
    await watched.page.wait_for_url("**/mailbox")
    assert await watched.page.locator("h1").inner_text() == "Mailbox"
    await watched.page.get_by_role("link", name="reply by").first.click()
    await watched.page.wait_for_url("**/mailbox/*")
    assert watched.complaints == []


async def test_from_an_email_one_gets_to_where_it_is_answered(watched: Watched) -> None:
    await watched.open("/mailbox")
    await watched.page.get_by_role("link", name=": referral").first.click()
    await watched.page.wait_for_url("**/mailbox/*")
    await watched.page.get_by_role("link", name="/r/").click()
    await watched.page.wait_for_url("**/r/*")
    assert await watched.page.get_by_role("button", name="Accept").count() == 1
    assert watched.complaints == []


async def test_the_link_in_a_message_leads_to_what_the_partner_was_asked(
    watched: Watched, assignments: list[dict[str, str]]
) -> None:
    asked = assignments[-1]
    await watched.open(f"/assignments/{asked['id']}")
    said = await watched.page.locator("main").inner_text()
    assert asked["reference"] in said
    assert asked["service_name"] in said
    assert watched.complaints == []


async def test_a_decision_names_the_services_looked_at_and_the_rules(
    watched: Watched, assignments: list[dict[str, str]]
) -> None:
    await watched.open(f"/decisions/{assignments[-1]['reference']}")
    said = await watched.page.locator("main").inner_text()
    assert "Why or why not" in said
    assert "What these rules say" in said
    assert watched.complaints == []


async def test_without_scripts_and_mouse_one_learns_why_not_another_service(
    browser: Browser, site: str, assignments: list[dict[str, str]]
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site}/decisions/{assignments[-1]['reference']}")
    await page.get_by_label("Service").focus()
    await page.keyboard.type("NHS 111")
    for _ in range(2):
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**why_not=svc-nhs111**")
    assert await page.get_by_role("heading", name=": NHS 111").count() > 0
    await context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["/", "/mailbox", "/decisions/{reference}", "/assignments/{id}"])
async def test_no_page_scrolls_sideways(
    watched: Watched, assignments: list[dict[str, str]], path: str, width: int
) -> None:
    await watched.page.set_viewport_size({"width": width, "height": 900})
    await watched.open(path.format(**assignments[-1]))
    too_wide = await watched.page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    assert not too_wide
