"""A link that cannot be used says what was decided and whom to ring; one that was revoked says no more."""

import re
from datetime import timedelta

import pytest
import structlog

from services.router.domain.county import County
from shared.clock import new_id
from shared.links import LinkSigner
from tests.links import SIGNER
from tests.router.builders import NOON, a_cancellation, a_submission
from tests.router.conftest import World
from tests.router.linking import (
    ACCEPT,
    DECLINE,
    HELP_PHONE,
    LASTS,
    everything,
    link_of,
    look,
    message_of,
    page_in,
    path_of,
    revoke,
    send,
)
from tests.router.test_answering import BY, NEED, answer, offered, read
from tests.router.test_api import ASSIGNMENTS, assert_problem, assignments
from tests.router.test_reopening import a_reopening


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


@pytest.fixture
def plain_log() -> None:
    """The log as it is before a program sets it up, whatever ran before."""
    structlog.reset_defaults()


@pytest.mark.usefixtures("plain_log")
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
