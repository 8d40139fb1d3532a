"""What a partner without an account tells of the work: by the link that it gets for accepting, and by no other."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from services.router.domain.county import County
from shared.links import Link
from tests.links import SIGNER
from tests.router.builders import NOON, a_cancellation, a_submission
from tests.router.conftest import World
from tests.router.linking import (
    ACCEPT,
    HELP_PHONE,
    Assignment,
    everything,
    look,
    message_of,
    page_in,
    path_of,
    revoke,
    send,
)
from tests.router.test_answering import NEED, answer, offered, read
from tests.router.test_api import assignments
from tests.router.test_links import moves_of

LASTS = timedelta(days=28)
REACHED = {"tell": "contact", "contact": "reached"}
BACK = {"tell": "hand_back", "hand_back": "no_capacity"}


async def accepted(world: World, *needs: str) -> tuple[dict[str, Any], str]:  # JSON
    """An assignment that was accepted by link, and the path of the page that comes then."""
    assignment = await offered(world, *needs)
    return assignment, await accept(world, assignment)


async def accept(world: World, assignment: Assignment) -> str:
    answered = await send(world, path_of(assignment), ACCEPT)
    assert answered.status_code == 303
    return str(answered.headers["location"])


async def tell(world: World, path: str, form: Mapping[str, str], *, version: int | None = None) -> Response:
    """Send a form as it stands on the page at present, or as it stood at another version."""
    if version is None:
        shown = re.search(r'name="version" value="(\d+)"', (await world.client.get(path)).text)
        version = int(shown[1]) if shown else 0
    return await send(world, path, {**form, "version": str(version)})


async def test_who_accepts_gets_a_link_of_its_own_for_the_work_that_lasts_four_weeks(world: World) -> None:
    world.clock.move(3600)
    assignment, path = await accepted(world)
    link = SIGNER.read(path.removeprefix("/progress/"), "progress")
    assert link == Link(
        "progress",
        UUID(assignment["id"]),
        assignment["service_id"],
        message_of(assignment),
        NOON + timedelta(hours=1) + LASTS,
    )
    world.clock.move(3600)
    assert await accept(world, assignment) == path


async def test_the_page_says_what_to_do_and_chooses_nothing(world: World, county: County) -> None:
    assignment, path = await accepted(world)
    answered = await world.client.get(path)
    status, page = page_in(answered)
    assert (status, page.texts["title"]) == (200, [f"Referral {assignment['reference']} is accepted – Waymark"])
    assert page.texts["h2"][0] == "What to do now"
    assert HELP_PHONE in page.texts["main"][0]
    codes = county.rules.answers
    labels = [each.label for kind in (codes.contact, codes.close, codes.hand_back) for each in kind.values()]
    assert page.texts["label"] == labels
    assert page.texts["legend"][1] == "Wellbeing: how did it end?"
    assert "checked" not in answered.text
    assert NEED not in answered.text
    assert answered.headers["cache-control"] == "no-store"
    assert "noindex" in answered.headers["x-robots-tag"]


async def test_looking_changes_nothing(world: World) -> None:
    _, path = await accepted(world)
    before = await everything(world)
    for number in range(100):
        assert (await world.client.request(("GET", "HEAD")[number % 2], path)).status_code == 200
    assert await everything(world) == before


async def test_the_work_is_told_of_from_the_first_attempt_to_its_end(world: World) -> None:
    assignment, path = await accepted(world, "food.shopping", "food.supermarket_slot")
    by = f"link-{message_of(assignment)}"
    assert (await tell(world, path, {"tell": "contact", "contact": "no_answer"})).headers["location"] == path
    world.clock.move(3600)
    assert (await tell(world, path, REACHED)).status_code == 303
    page = (await look(world, path))[1]
    assert page.texts["li"][-2:] == ["No answer, at midday on 6 May 2020", "Reached, at 1pm on 6 May 2020"]
    ended = {"tell": "complete"} | {f"need-{number + 1}": "met" for number in range(len(assignment["needs"]))}
    assert (await tell(world, path, ended)).status_code == 303
    assert await moves_of(world, assignment) == [
        ("accepted", by, None),
        ("accepted", by, "no_answer"),
        ("contacted", by, "reached"),
        ("done", by, None),
    ]
    assert (await read(world, assignment))["outcomes"] == dict.fromkeys(assignment["needs"], "met")
    status, page = await look(world, path)
    assert (status, page.texts["h1"]) == (200, [f"Referral {assignment['reference']} is done"])


async def test_what_cannot_go_on_is_handed_back_with_a_reason_and_others_are_asked(world: World) -> None:
    assignment, path = await accepted(world)
    assert (await tell(world, path, BACK)).status_code == 303
    page = (await look(world, path))[1]
    assert page.texts["h1"] == [f"Referral {assignment['reference']} is handed back"]
    listed = await assignments(world.client, referral=assignment["reference"])
    assert sorted(each["state"] for each in listed) == ["handed_back", "offered"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"tell": "contact"}, "contact"),
        ({"tell": "contact", "contact": "met"}, "contact"),
        ({"tell": "complete"}, "need-1"),
        ({"tell": "complete", "need-1": "reached"}, "need-1"),
        ({"tell": "hand_back"}, "hand_back"),
        ({"tell": "accept"}, "contact"),
        ({}, "contact"),
    ],
)
async def test_what_is_missing_is_said_at_the_top_and_where_it_is_missing(
    world: World, form: dict[str, str], field: str
) -> None:
    assignment, path = await accepted(world)
    answered = await tell(world, path, form)
    status, page = page_in(answered)
    assert status == 422
    assert page.texts["title"][0].startswith("Error: ")
    assert f"#{field}" in page.addresses
    assert f'id="{field}"' in answered.text
    assert f'id="{field}-error"' in answered.text
    assert (await read(world, assignment))["version"] == 2


async def test_what_was_chosen_stays_chosen_when_something_else_is_missing(world: World) -> None:
    event = a_submission("food.shopping", "food.supermarket_slot")
    await world.hear(event)
    [assignment] = await assignments(world.client, referral=event.reference)
    path = await accept(world, assignment)
    answered = await tell(world, path, {"tell": "complete", "need-2": "met"})
    assert answered.status_code == 422
    assert re.findall(r'name="([^"]+)" value="([^"]+)" checked', answered.text) == [("need-2", "met")]
    assert len(re.findall(r'class="error"', answered.text)) == 1


@pytest.mark.parametrize("form", [REACHED, BACK, {"tell": "complete", "need-1": "met"}])
async def test_a_form_that_is_sent_twice_counts_once(world: World, form: dict[str, str]) -> None:
    assignment, path = await accepted(world)
    answered = [await tell(world, path, form, version=2) for _ in range(2)]
    assert [each.status_code for each in answered] == [303, 303]
    assert (await read(world, assignment))["version"] == 3


async def test_of_fifty_forms_at_once_one_counts(world: World) -> None:
    assignment, path = await accepted(world)
    forms = [({"tell": "contact", "contact": code}) for code in ("reached", "no_answer") for _ in range(25)]
    answered = await asyncio.gather(*(tell(world, path, form, version=2) for form in forms))
    assert sorted({each.status_code for each in answered}) == [303, 409]
    assert (await read(world, assignment))["version"] == 3


@pytest.mark.parametrize("version", [0, 1, 3, 999_999_999])
async def test_a_form_of_another_version_is_shown_what_is_known_now(world: World, version: int) -> None:
    assignment, path = await accepted(world)
    answered = await tell(world, path, REACHED, version=version)
    status, page = page_in(answered)
    assert status == 409
    assert "#told" in page.addresses
    assert 'value="reached" checked' in answered.text
    assert (await read(world, assignment))["version"] == 2


async def test_what_is_ended_while_others_have_a_part_of_it_is_shown_the_page_as_it_stands(world: World) -> None:
    event = a_submission("food.shopping", "food.supermarket_slot")
    await world.hear(event)
    [assignment] = await assignments(world.client, referral=event.reference)
    path = await accept(world, assignment)
    passed: dict[str, object] = {
        "service": "svc-nhsvr-community",
        "reason": "closer_to_home",
        "needs": ["food.shopping"],
    }
    given = await answer(world, assignment, "pass-on", passed)
    assert given.status_code == 200, given.text
    ended = {"tell": "complete", "need-1": "met", "need-2": "met"}
    for version in (2, 3):
        before = await everything(world)
        status, page = page_in(await tell(world, path, ended, version=version))
        assert status == 409
        assert page.texts["h1"] == [f"Referral {event.reference} is accepted"]
        assert "#told" in page.addresses
        assert "Others still have a part of it." in page.texts["main"][0]
        assert await everything(world) == before


async def test_a_colleagues_word_is_not_taken_for_ones_own(world: World) -> None:
    assignment, path = await accepted(world)
    await answer(world, assignment, "contact", {"outcome": "reached"})
    assert (await tell(world, path, REACHED, version=2)).status_code == 409


async def test_the_link_ends_with_the_assignment_after_four_weeks_or_when_it_is_revoked(world: World) -> None:
    event = a_submission(NEED)
    await world.hear(event)
    [taken_back] = await assignments(world.client, referral=event.reference)
    gone = await accept(world, taken_back)
    await world.hear(a_cancellation(event))
    late, path_late = await accepted(world)
    revoked, path_revoked = await accepted(world)
    await revoke(world, revoked, notification_id=str(message_of(revoked)))
    assert (await look(world, gone))[1].texts["h1"] == [f"Referral {event.reference} is taken back"]
    assert (await tell(world, gone, REACHED)).status_code == 409
    assert (await tell(world, path_revoked, REACHED)).status_code == 410
    world.clock.move(LASTS.total_seconds() - 1)
    assert (await look(world, path_late))[0] == 200
    world.clock.move(1)
    assert (await tell(world, path_late, REACHED)).status_code == 410
    assert "To tell us more, phone us." in (await look(world, path_late))[1].texts["main"][0]
    assert [(await read(world, each))["version"] for each in (late, revoked)] == [2, 2]


async def test_no_other_link_opens_it(world: World) -> None:
    assignment, path = await accepted(world)
    token = path.removeprefix("/progress/")
    for wrong in (token[:-1], path_of(assignment)[3:], path_of(assignment, purpose="progress", service_id="svc-x")[3:]):
        assert (await world.client.get(f"/progress/{wrong}")).status_code == 404
        assert (await tell(world, f"/progress/{wrong}", REACHED, version=2)).status_code == 404
    assert (await world.client.get(f"/r/{token}")).status_code == 404
    unanswered = await offered(world)
    early = path_of(unanswered, purpose="progress").replace("/r/", "/progress/")
    assert page_in(await world.client.get(early))[1].texts["h1"] == [
        f"Referral {unanswered['reference']} still waits for your answer"
    ]
    assert (await read(world, assignment))["version"] == 2


async def test_where_contact_must_be_safe_needs_have_no_names(world: World) -> None:
    event = a_submission("safe.domestic_abuse")
    await world.hear(event)
    assignment = next(each for each in await assignments(world.client, referral=event.reference))
    answered = await world.client.get(await accept(world, assignment))
    assert page_in(answered)[1].texts["legend"][1] == "Help: how did it end?"
    for untold in (assignment["service_name"], "Safeguarding", "abuse", "Chesterfield"):
        assert untold not in answered.text
