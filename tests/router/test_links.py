"""What the link of an offer's e-mail shows and does: the page, the answer, and what is left when it cannot be used."""

import asyncio

import pytest

from services.router.domain.county import County
from shared.events import AssignmentMoved
from tests.router.builders import a_submission
from tests.router.conftest import World
from tests.router.html import Page
from tests.router.linking import (
    ACCEPT,
    DECLINE,
    HELP_PHONE,
    LASTS,
    Assignment,
    everything,
    look,
    message_of,
    page_in,
    path_of,
    send,
)
from tests.router.test_answering import answer, offered, read, told
from tests.router.test_api import assignments

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OTHERWISE = {"answer": "decline", "reason": "other"}


async def moves_of(world: World, assignment: Assignment) -> list[tuple[str, str, str | None]]:
    moves = (await read(world, dict(assignment)))["moves"]
    return [(move["to"], move["by"], move["reason"]) for move in moves[1:]]


# -- looking -----------------------------------------------------------------------------------------------------------


async def test_the_page_says_what_is_asked_where_how_soon_and_by_when_and_chooses_nothing(
    world: World, county: County
) -> None:
    assignment = await offered(world)
    answered = await world.client.get(path_of(assignment))
    status, page = page_in(answered)
    assert status == 200
    assert page.texts["title"] == [f"Can you help with referral {assignment['reference']}? – Waymark"]
    assert page.facts == {
        "For": f"{assignment['service_name']}, {assignment['organization_name']}",
        "Help needed": "Wellbeing",
        "District": "Chesterfield",
        "How soon": "Routine",
    }
    assert page.texts["p"][0] == "Reply by midday on Saturday 9 May."
    assert page.texts["button"] == ["Accept", "I cannot help"]
    assert page.texts["label"] == [reason.label for reason in county.rules.answers.decline.values()]
    assert "checked" not in answered.text
    assert HELP_PHONE in page.texts["main"][0]
    assert "The line is open 8am to 8pm Monday to Friday" in page.texts["main"][0]


async def test_looking_a_hundred_times_changes_nothing_however_it_is_done(world: World) -> None:
    assignment = await offered(world)
    path, before = path_of(assignment), await everything(world)
    for number in range(100):
        method = ("GET", "HEAD")[number % 2]
        answered = await world.client.request(method, path, headers={"Sec-Purpose": "prefetch", "Purpose": "prefetch"})
        assert answered.status_code == 200
    assert await everything(world) == before


async def test_the_page_is_kept_by_nobody_and_tells_no_other_site_where_it_is(world: World) -> None:
    assignment = await offered(world)
    for answered in (
        await world.client.get(path_of(assignment)),
        await world.client.get("/r/nonsense"),
        await send(world, path_of(assignment), ACCEPT),
    ):
        assert answered.headers["cache-control"] == "no-store"
        assert answered.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answered.headers["x-robots-tag"]
        assert "script-src" not in answered.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("need", "hidden", "shown"),
    [
        ("safe.self_neglect", "neglect", "Safeguarding"),
        ("mind.crisis", "crisis", "Wellbeing"),
        ("health.gp_access", "GP", "Health"),
    ],
)
async def test_no_need_is_named_that_says_something_of_health_or_abuse(
    world: World, county: County, need: str, hidden: str, shown: str
) -> None:
    need = need if need in county.needs else next(code for code in county.needs if code.startswith(need.split(".")[0]))
    event = a_submission(need)
    await world.hear(event)
    listed = await assignments(world.client, referral=event.reference)
    assignment = next(each for each in listed if need in each["needs"])
    for path in (path_of(assignment), f"/assignments/{assignment['id']}"):
        answered = await world.client.get(path)
        assert shown in page_in(answered)[1].facts["Help needed"]
        assert county.needs[need].label not in answered.text
        assert need not in answered.text


async def test_where_contact_must_be_safe_the_reference_is_all_that_is_told(world: World, county: County) -> None:
    event = a_submission("safe.domestic_abuse")
    await world.hear(event)
    assignment = next(each for each in await assignments(world.client, referral=event.reference))
    assert assignment["safe_contact_only"]
    for path in (path_of(assignment), f"/assignments/{assignment['id']}"):
        answered = await world.client.get(path)
        page = page_in(answered)[1]
        assert event.reference in page.texts["h1"][0]
        assert "dd" not in page.texts
        for untold in (assignment["service_name"], assignment["organization_name"], "Safeguarding", "Chesterfield"):
            assert untold not in answered.text


# -- answering ---------------------------------------------------------------------------------------------------------


async def test_to_accept_is_one_press_and_is_kept_with_whose_link_it_was(world: World) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    world.clock.move(60)
    answered = await send(world, path, ACCEPT)
    assert (answered.status_code, answered.headers["location"].partition("/progress/")[0]) == (303, "")
    assert await moves_of(world, assignment) == [("accepted", f"link-{message_of(assignment)}", None)]
    status, page = await look(world, path)
    assert (status, page.texts["h1"]) == (200, [f"Referral {assignment['reference']} is accepted"])
    assert page.texts["p"][0] == "With this link you accepted it at 12:01pm on 6 May 2020."
    assert answered.headers["location"] in page.addresses
    assert "button" not in page.texts


async def test_to_decline_takes_a_reason_and_others_are_asked(world: World) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    assert (await send(world, path, DECLINE)).status_code == 303
    assert await moves_of(world, assignment) == [("declined", f"link-{message_of(assignment)}", "not_eligible")]
    status, page = await look(world, path)
    assert (status, page.texts["h1"]) == (200, [f"Referral {assignment['reference']} is declined"])
    assert page.texts["p"][0] == (
        "With this link you said that you cannot help at midday on 6 May 2020, because: Not eligible."
    )
    listed = await assignments(world.client, referral=assignment["reference"])
    assert sorted(each["state"] for each in listed) == ["declined", "offered"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"answer": "decline"}, "reason"),
        ({"answer": "decline", "reason": "tired"}, "reason"),
        ({"answer": "perhaps"}, "answer"),
        ({"reason": "not_eligible"}, "answer"),
        ({}, "answer"),
    ],
)
async def test_what_is_missing_is_said_at_the_top_and_where_it_is_missing(
    world: World, form: dict[str, str], field: str
) -> None:
    assignment = await offered(world)
    answered = await send(world, path_of(assignment), form)
    status, page = page_in(answered)
    assert status == 422
    assert page.texts["title"][0].startswith("Error: ")
    assert page.texts["h2"][0] == "There is a problem"
    assert f"#{field}" in page.addresses
    assert f'id="{field}"' in answered.text
    [in_summary] = page.texts["li"]
    assert f"Error: {in_summary}" in page.texts["p"]
    assert (await read(world, assignment))["state"] == "offered"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"answer=accept&" + b"a=1&" * 300, b'{"answer": "accept"}'])
async def test_what_is_no_form_is_asked_again(world: World, body: bytes) -> None:
    assignment = await offered(world)
    answered = await world.client.post(path_of(assignment), content=body, headers=FORM)
    assert page_in(answered)[0] == 422
    assert (await read(world, assignment))["state"] == "offered"


@pytest.mark.parametrize("form", [ACCEPT, DECLINE])
async def test_the_same_answer_again_is_taken_as_the_one_there_is(world: World, form: dict[str, str]) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    for _ in range(3):
        assert (await send(world, path, form)).status_code == 303
    assert len(await moves_of(world, assignment)) == 1


@pytest.mark.parametrize(("first", "then"), [(ACCEPT, DECLINE), (DECLINE, ACCEPT), (DECLINE, OTHERWISE)])
async def test_another_answer_is_told_what_was_decided(
    world: World, first: dict[str, str], then: dict[str, str]
) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    await send(world, path, first)
    before = await everything(world)
    answered = await send(world, path, then)
    assert answered.status_code == 409
    assert Page.read(answered.text).texts == (await look(world, path))[1].texts
    assert await everything(world) == before


async def test_of_fifty_answers_at_once_one_counts(world: World) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    forms = [(ACCEPT, DECLINE)[number % 2] for number in range(50)]
    answered = await asyncio.gather(*(send(world, path, form) for form in forms))
    assert sorted({each.status_code for each in answered}) == [303, 409]
    assert len(await moves_of(world, assignment)) == 1
    assert len([event for event in await told(world) if isinstance(event, AssignmentMoved)]) == 1


async def test_once_accepted_the_link_says_after_its_time_where_to_tell_of_the_work(world: World) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    await send(world, path, ACCEPT)
    world.clock.move(LASTS.total_seconds())
    status, page = await look(world, path)
    assert (status, page.texts["h1"]) == (410, [f"Referral {assignment['reference']} is accepted"])
    assert "use the link in the e-mail that confirmed it to you" in page.texts["main"][0]
    assert HELP_PHONE in page.texts["main"][0]


async def test_who_else_answered_is_told(world: World) -> None:
    assignment = await offered(world)
    await answer(world, assignment, "accept", {"role": "staff"})
    page = (await look(world, path_of(assignment)))[1]
    assert page.texts["p"][0].startswith("With our staff, you accepted it at midday on 6 May 2020")
    other = await offered(world)
    await send(world, path_of(other, notification_id=message_of(other, "two")), ACCEPT)
    page = (await look(world, path_of(other)))[1]
    assert page.texts["p"][0].startswith("Your organisation accepted it")


async def test_the_triage_desk_may_accept_and_is_not_offered_to_decline(world: World) -> None:
    assignment = await offered(world, "info.unclassified")
    page = (await look(world, path_of(assignment)))[1]
    assert page.texts["button"] == ["Accept"]
    before = await everything(world)
    status, page = page_in(await send(world, path_of(assignment), DECLINE))
    assert (status, page.texts["button"]) == (409, ["Accept"])
    assert page.texts["li"] == ["This cannot be done as things stand. Check what you can do now, or phone us"]
    assert "#answer" in page.addresses
    assert await everything(world) == before
    assert (await send(world, path_of(assignment), ACCEPT)).status_code == 303


# -- links that cannot be used -----------------------------------------------------------------------------------------


# -- revoking ----------------------------------------------------------------------------------------------------------


# -- what is told elsewhere --------------------------------------------------------------------------------------------
