"""A partner without an account: the e-mail that was sent, the link in it, and all else by the pages behind it."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.system.journeys.story import DOORSTEP, NETWORK, Seen, Story
from tests.system.people import a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)
MAIL_OF = {DOORSTEP: "referrals+dva-doorstep@dva.example", NETWORK: "referrals+dva-network@dva.example"}


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """What a partner opens links with."""
    async with httpx.AsyncClient(follow_redirects=True, timeout=20) as client:
        yield client


def link_in_the_mail(told: Story, reference: str, service: str) -> str:
    """The one link in the latest e-mail to a service about a referral."""
    letters = [letter for letter in told.world.post.letters() if reference in letter.subject]
    letter = [each for each in letters if each.to == MAIL_OF[service]][-1]
    (link,) = set(re.findall(r"http://\S+/r/\S+", letter.plain))
    return str(link)


async def tell(browser: httpx.AsyncClient, page: httpx.Response, **said: str) -> httpx.Response:
    """The page after a form of `page` was filled in and sent."""
    (version,) = set(re.findall(r'name="version" value="(\d+)"', page.text))
    answer = await browser.post(str(page.url), data={"version": version, **said})
    assert answer.status_code == 200, answer.text
    return answer


async def test_by_links_alone_one_partner_declines_and_the_next_accepts_and_completes(
    told: Story, browser: httpx.AsyncClient
) -> None:
    reference = await told.refer(a_referral(161))
    await told.offer(reference, DOORSTEP)
    first = link_in_the_mail(told, reference, DOORSTEP)
    # Programs that look at mail open links: that answers nothing.
    for _ in range(2):
        looked = await browser.get(first)
        assert (looked.status_code, "Food shopping" in looked.text) == (200, True)
    declined = await browser.post(first, data={"answer": "decline", "reason": "not_eligible"})
    assert "is declined" in declined.text
    changed_mind = await browser.post(first, data={"answer": "accept"})
    assert (changed_mind.status_code, "is declined" in changed_mind.text) == (409, True)

    await told.offer(reference, NETWORK)
    work = await browser.post(link_in_the_mail(told, reference, NETWORK), data={"answer": "accept"})
    assert "Contact the person" in work.text
    for attempt in ("no_answer", "reached"):
        work = await tell(browser, work, tell="contact", contact=attempt)
    done = await tell(browser, work, **{"tell": "complete", "need-1": "met"})
    assert "is done" in done.text
    await told.becomes(
        reference,
        Seen(
            status="completed",
            needs={"food.shopping": "done"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"declined {DOORSTEP} (not_eligible)",
                "decided",
                f"offered {NETWORK}",
                f"accepted {NETWORK}",
                f"contact_tried {NETWORK} (no_answer)",
                f"contacted {NETWORK} (reached)",
                f"done {NETWORK}",
            ],
            moves={
                DOORSTEP: ["router: offered", "partner: declined (not_eligible)"],
                NETWORK: [
                    "router: offered",
                    "partner: accepted",
                    "partner: accepted (no_answer)",
                    "partner: contacted (reached)",
                    "partner: done",
                ],
            },
            clocks={
                DOORSTEP: "respond stopped, first_contact stopped",
                NETWORK: "respond stopped, first_contact stopped, review stopped",
            },
            messages=[
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{NETWORK}: confirmation email sent",
                f"{NETWORK}: offer email sent",
                f"{NETWORK}: offer webhook sent",
            ],
            hooks=[f"{DOORSTEP}: assignment.offered", f"{NETWORK}: assignment.offered"],
        ),
    )


async def test_the_link_of_who_was_silent_says_that_it_has_gone_to_others(
    told: Story, browser: httpx.AsyncClient
) -> None:
    reference = await told.refer(a_referral(162))
    offer = await told.offer(reference, DOORSTEP)
    await told.let_ring(offer, "respond", "warned")
    await told.all_sent(reference, "reminder")
    reminder = link_in_the_mail(told, reference, DOORSTEP)
    await told.let_ring(offer, "respond", "breached")
    await told.offer(reference, NETWORK)
    too_late = await browser.post(reminder, data={"answer": "accept"})
    assert too_late.status_code in (409, 410)
    assert "has gone to others" in too_late.text
    await told.ends(reference, f"expired {DOORSTEP} (no_answer)", "decided", f"offered {NETWORK}")
