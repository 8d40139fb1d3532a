"""What the link of an offer's e-mail shows and does: the page, the answer, and what is left when it cannot be used."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from httpx import Response
from sqlalchemy import select

from services.router.domain.county import County
from shared.clock import new_id
from shared.events import AssignmentMoved
from shared.links import Link, LinkSigner
from tests.links import SIGNER
from tests.router.builders import NOON, a_cancellation, a_submission
from tests.router.conftest import World
from tests.router.html import Page
from tests.router.test_answering import BY, NEED, answer, offered, read, told
from tests.router.test_api import ASSIGNMENTS, assert_problem, assignments
from tests.router.test_reopening import a_reopening

Assignment = Mapping[str, Any]  # JSON
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ACCEPT, DECLINE = {"answer": "accept"}, {"answer": "decline", "reason": "not_eligible"}
OTHERWISE = {"answer": "decline", "reason": "other"}
LASTS = timedelta(days=3)
HELP_PHONE = "0808 157 0199"


def link_of(assignment: Assignment, **changed: Any) -> Link:  # of the type of each field
    """The link of the e-mail that told of an assignment, for three days."""
    made = Link("answer", UUID(assignment["id"]), assignment["service_id"], message_of(assignment), NOON + LASTS)
    return replace(made, **changed)


def message_of(assignment: Assignment, contact: str = "one") -> UUID:
    return uuid5(UUID(assignment["id"]), contact)


def path_of(assignment: Assignment, **changed: Any) -> str:  # as above
    return f"/r/{SIGNER.sign(link_of(assignment, **changed))}"


async def look(world: World, path: str) -> tuple[int, Page]:
    return page_in(await world.client.get(path))


def page_in(answered: Response) -> tuple[int, Page]:
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    return answered.status_code, Page.read(answered.text)


async def send(world: World, path: str, form: Mapping[str, str]) -> Response:
    return await world.client.post(path, data=dict(form))


async def everything(world: World) -> list[object]:
    """Every row of the router's database."""
    async with world.database.engine.connect() as connection:
        tables = world.database.metadata.sorted_tables
        return [[tuple(row) for row in await connection.execute(select(table))] for table in tables]


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


async def test_the_link_of_an_offer_that_was_handed_back_says_so_and_leads_nowhere(world: World) -> None:
    assignment = await offered(world)
    await answer(world, assignment, "accept", {})
    await answer(world, assignment, "hand-back", {"reason": "no_capacity"})
    for path in (path_of(assignment), path_of(assignment, purpose="progress").replace("/r/", "/progress/")):
        status, page = await look(world, path)
        assert (status, page.texts["h1"]) == (200, [f"Referral {assignment['reference']} is handed back"])
        assert page.texts["p"][:3] == [
            "Your organisation handed it back at midday on 6 May 2020.",
            "We take it from here.",
            "You do not need to do anything more for it.",
        ]
        assert "button" not in page.texts
        assert not [address for address in page.addresses if "/progress/" in address]
        before = await everything(world)
        assert (await send(world, path, DECLINE)).status_code == 409
        assert await everything(world) == before


async def test_once_a_referral_is_opened_again_the_links_of_its_end_lead_on_to_the_newer_message(world: World) -> None:
    event = a_submission(NEED)
    await world.hear(event)
    [first] = await assignments(world.client, referral=event.reference)
    await answer(world, first, "accept", {})
    await answer(world, first, "complete", {"outcomes": dict.fromkeys(first["needs"], "met")})
    world.clock.move(60)
    await world.hear(a_reopening(event))
    [again] = [each for each in await assignments(world.client, referral=event.reference) if each["id"] != first["id"]]
    assert again["service_id"] == first["service_id"]
    for path in (path_of(first), path_of(first, purpose="progress").replace("/r/", "/progress/")):
        status, page = await look(world, path)
        assert (status, page.texts["h1"]) == (200, [f"Referral {event.reference} is done"])
        assert page.texts["p"][1] == (
            "We have asked you about it again since. For that, use our newer message, or phone us."
        )
        assert "button" not in page.texts
    assert (await send(world, path_of(first), DECLINE)).status_code == 409
    assert (await look(world, path_of(again)))[1].texts["button"][0] == "Accept"
    assert (await read(world, again))["state"] == "offered"


async def test_who_else_answered_is_told(world: World) -> None:
    assignment = await offered(world)
    await answer(world, assignment, "accept", {"role": "staff"})
    page = (await look(world, path_of(assignment)))[1]
    assert page.texts["p"][0].startswith("With our staff, you accepted it at midday on 6 May 2020")
    other = await offered(world)
    await send(world, path_of(other, notification_id=message_of(other, "two")), ACCEPT)
    page = (await look(world, path_of(other)))[1]
    assert page.texts["p"][0].startswith("Your organisation accepted it")


async def test_an_offer_that_was_taken_back_says_so_and_cannot_be_answered(world: World) -> None:
    event = a_submission("mind.creative_wellbeing")
    await world.hear(event)
    [assignment] = await assignments(world.client, referral=event.reference)
    await world.hear(a_cancellation(event))
    answered = await send(world, path_of(assignment), ACCEPT)
    assert answered.status_code == 409
    page = (await look(world, path_of(assignment)))[1]
    assert page.texts["h1"] == [f"Referral {event.reference} is taken back"]
    assert HELP_PHONE in page.texts["main"][0]


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


async def test_a_link_is_wrong_where_it_was_changed_or_is_for_something_else(world: World) -> None:
    assignment, other = await offered(world), await offered(world)
    token = SIGNER.sign(link_of(assignment))
    foreign = LinkSigner("f" * 32).sign(link_of(assignment))
    wrong = [
        "nonsense", token[:-1], token.replace(assignment["id"].replace("-", ""), other["id"].replace("-", "")), foreign,
        path_of(assignment, service_id=other["service_id"] + "x")[3:], path_of(assignment, assignment_id=new_id())[3:],
        path_of(assignment, purpose="progress")[3:],
    ]  # fmt: skip
    for each in wrong:
        for answered in (await world.client.get(f"/r/{each}"), await send(world, f"/r/{each}", ACCEPT)):
            status, page = page_in(answered)
            assert (status, page.texts["h1"]) == (404, ["This link does not work"])
            assert assignment["reference"] not in answered.text
            assert HELP_PHONE in answered.text
    assert {each["state"] for each in await assignments(world.client)} == {"offered"}


async def test_the_link_of_an_offer_to_somebody_else_does_not_answer_the_next(world: World) -> None:
    first = await offered(world)
    await send(world, path_of(first), DECLINE)
    listed = await assignments(world.client, referral=first["reference"])
    [second] = [each for each in listed if each["state"] == "offered"]
    assert (await send(world, path_of(first), ACCEPT)).status_code == 409
    assert (await send(world, path_of(second, service_id=first["service_id"]), ACCEPT)).status_code == 404
    assert (await read(world, second))["state"] == "offered"


async def test_a_link_that_has_expired_says_until_when_it_could_be_used(world: World) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    world.clock.move(LASTS.total_seconds() - 1)
    assert (await look(world, path))[0] == 200
    world.clock.move(1)
    for answered in (await world.client.get(path), await send(world, path, ACCEPT)):
        status, page = page_in(answered)
        assert (status, page.texts["h1"]) == (
            410, [f"Referral {assignment['reference']} still waits for your answer"],
        )  # fmt: skip
        assert page.texts["p"][0] == "This link could be used until midday on 9 May 2020."
    assert (await read(world, assignment))["state"] == "offered"


async def test_a_link_that_has_expired_tells_what_was_decided(world: World) -> None:
    assignment = await offered(world)
    path = path_of(assignment)
    await send(world, path, ACCEPT)
    world.clock.move(LASTS.total_seconds())
    status, page = await look(world, path)
    assert (status, page.texts["h1"]) == (410, [f"Referral {assignment['reference']} is accepted"])
    assert not any("/progress/" in address for address in page.addresses)
    again = await send(world, path, ACCEPT)
    assert (again.status_code, again.headers["location"]) == (303, path)


async def test_an_offer_that_nobody_answered_has_gone_to_others(world: World, county: County) -> None:
    assignment = await offered(world)
    path = path_of(assignment, expires_at=NOON + timedelta(days=60))
    world.clock.move(timedelta(days=30).total_seconds())
    ring = world.service.loops[0].work
    while await ring.run_once():
        world.clock.move(timedelta(days=5).total_seconds())
    assert (await read(world, assignment))["state"] == "expired"
    page = (await look(world, path))[1]
    assert page.texts["h1"] == [f"Referral {assignment['reference']} has gone to others"]


# -- revoking ----------------------------------------------------------------------------------------------------------


async def revoke(world: World, assignment: Assignment, **body: object) -> Response:
    headers = {"Idempotency-Key": str(new_id())}
    whole = BY | {"role": "staff", "reason": "wrong_recipient"} | body
    return await world.client.post(f"{ASSIGNMENTS}/{assignment['id']}/links/revoke", json=whole, headers=headers)


async def test_one_contacts_link_can_be_revoked_without_the_others(world: World) -> None:
    assignment = await offered(world)
    one, two = (message_of(assignment, contact) for contact in ("one", "two"))
    revoked = await revoke(world, assignment, notification_id=str(one))
    assert (revoked.status_code, revoked.json()) == (
        200,
        {
            "assignment_id": assignment["id"],
            "notification_id": str(one),
            "reason": "wrong_recipient",
            "actor": "staff",
            "by": "desk-2",
            "revoked_at": "2020-05-06T11:00:00Z",
        },
    )
    for answered in (await world.client.get(path_of(assignment)), await send(world, path_of(assignment), ACCEPT)):
        status, page = page_in(answered)
        assert status == 410
        assert page.texts["p"][0] == "We switched this link off at midday on 6 May 2020."
        assert "Chesterfield" not in answered.text
    assert (await send(world, path_of(assignment, notification_id=two), ACCEPT)).status_code == 303


async def test_all_links_of_an_assignment_can_be_revoked_and_the_partner_can_still_be_rung(world: World) -> None:
    assignment, other = await offered(world), await offered(world)
    assert (await revoke(world, assignment)).json()["notification_id"] is None
    for contact in ("one", "two"):
        path = path_of(assignment, notification_id=message_of(assignment, contact))
        assert (await send(world, path, ACCEPT)).status_code == 410
    assert (await look(world, path_of(other)))[0] == 200
    assert (await answer(world, dict(assignment), "accept", {"role": "staff"})).status_code == 200
    assert re.search("We switched this link off", (await world.client.get(path_of(assignment))).text)


async def test_a_revocation_without_an_assignment_a_reason_or_a_key_is_refused(world: World) -> None:
    assignment = await offered(world)
    assert_problem(await revoke(world, {"id": str(new_id())}), 404, "not_found")
    assert_problem(await revoke(world, assignment, reason="tired"), 422, "validation_failed")
    assert_problem(await revoke(world, assignment, by="Maureen O'Hara"), 422, "validation_failed")
    keyless = await world.client.post(f"{ASSIGNMENTS}/{assignment['id']}/links/revoke", json=BY)
    assert_problem(keyless, 422, "validation_failed")
    assert (await look(world, path_of(assignment)))[0] == 200


# -- what is told elsewhere --------------------------------------------------------------------------------------------


async def test_neither_the_log_nor_the_metrics_nor_the_database_hold_a_token(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assignment = await offered(world)
    token = SIGNER.sign(link_of(assignment))
    for path in (f"/r/{token}", f"/r/{token}x", f"/r/{token}/more"):
        await world.client.get(path)
        await world.client.head(path)
        await world.client.put(path)
        await send(world, path, {"answer": "decline"})
        await send(world, path, ACCEPT)
    logged = "".join(capsys.readouterr())
    measured = (await world.client.get("/metrics")).text
    signature = token.rpartition(".")[2]
    assert "path=/r/{token}" in re.sub("\x1b[^m]*m", "", logged)
    assert 'path="/r/{token}"' in measured
    for kept in (logged, measured, repr(await everything(world))):
        assert signature not in kept
