"""A partner without an account: all that is asked of it is done by the links in its e-mails, one press counts once."""

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import pytest

from tests.eventually import eventually
from tests.system.caller import Json
from tests.system.journeys.story import DOORSTEP, Story
from tests.system.people import a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)

PRESSES = 50


async def link_in(told: Story, reference: str, page: str) -> str:
    """The path of the one link to `page` in the e-mails about a referral, once it has come."""

    async def paths() -> set[str]:
        letters = [letter for letter in told.world.post.letters() if reference in letter.subject]
        found = {link for letter in letters for link in re.findall(rf"http\S+/{page}/[\w.-]+", letter.plain)}
        return {urlsplit(link).path for link in found}

    [path] = await eventually(paths, bool)
    return path


async def look(told: Story, path: str) -> str:
    shown = await told.caller.router.get(path)
    assert shown.status_code == 200, shown.text
    return shown.text


async def press(told: Story, path: str, form: Mapping[str, str]) -> httpx.Response:
    return await told.caller.router.post(path, data=dict(form))


async def tell(told: Story, path: str, form: Mapping[str, str]) -> None:
    """Send a form of the page as it stands."""
    [version] = set(re.findall(r'name="version" value="(\d+)"', await look(told, path)))
    assert (await press(told, path, {**form, "version": version})).status_code == 303


async def moves(told: Story, offer: Json) -> list[str]:
    return [move["to"] for move in (await told.history(offer))["moves"]]


async def test_by_the_links_in_its_e_mails_alone_a_partner_does_all_that_is_asked(told: Story) -> None:
    reference = await told.refer(a_referral(171))
    offer = await told.offer(reference, DOORSTEP)
    answer = await link_in(told, reference, "r")
    assert f'Can you help with referral <span class="mono">{reference}</span>?' in await look(told, answer)
    assert (await press(told, answer, {"answer": "accept"})).status_code == 303
    # The page that came then is lost; the e-mail leads back to it.
    progress = await link_in(told, reference, "progress")
    await tell(told, progress, {"tell": "contact", "contact": "no_answer"})
    await tell(told, progress, {"tell": "contact", "contact": "reached"})
    await tell(told, progress, {"tell": "complete", "need-1": "met"})
    await told.status(reference, "completed")
    assert await moves(told, offer) == ["offered", "accepted", "accepted", "contacted", "done"]
    for path in (answer, progress):
        shown = await look(told, path)
        assert "is done" in shown
        assert "<button" not in shown
    told.check_post(reference, await told.messages(reference))


async def test_of_fifty_answers_at_the_same_moment_one_counts(told: Story) -> None:
    reference = await told.refer(a_referral(172))
    offer = await told.offer(reference, DOORSTEP)
    path = await link_in(told, reference, "r")
    forms: list[dict[str, str]] = [{"answer": "accept"}, {"answer": "decline", "reason": "not_eligible"}]
    answered = await asyncio.gather(*(press(told, path, forms[number % 2]) for number in range(PRESSES)))
    statuses = [each.status_code for each in answered]
    assert (statuses.count(303), statuses.count(409)) == (PRESSES // 2, PRESSES // 2)
    assert len(await moves(told, offer)) == 2
