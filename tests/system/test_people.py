"""The resident and the referrer hear of each step once, each way to run, and nobody is told who must not be."""

from collections.abc import AsyncIterator

import httpx
import pytest

from shared.clock import new_id
from tests.eventually import eventually
from tests.system.caller import Caller, Json, calling
from tests.system.people import a_person, a_referral
from tests.system.world import Deployment, World

EMAIL = "resident.nine@riley.example"
NURSE_MOBILE = "07700 900911"
WITHIN_S = 30.0
# By the last words of its first sentence.
STEPS = {
    "We have your request.": "received",
    "A person in our team is looking at your request": "looked_at",
    "Someone has taken on your request": "taken_on",
    "The work on your request": "done",
    "has been stopped.": "cancelled",
}


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    async with calling(world) as client:
        yield client


def asked(number: int, **changed: object) -> dict[str, object]:
    """A referral by a nurse, of which resident and nurse want to hear."""
    return a_referral(number) | {
        "person": a_person(number) | {"email": EMAIL},
        "referrer_kind": "professional",
        "referrer": {"name": "Bo Marsh", "organisation": "Surgery", "phone": NURSE_MOBILE},
        "updates": {"resident": True, "referrer": True},
        **changed,
    }


def steps_of(world: World, reference: str) -> list[str]:
    """What the e-mails to people said of a referral, in order."""
    letters = [each for each in world.post.letters() if each.subject == f"Your request {reference}"]
    return [next(step for words, step in STEPS.items() if words in letter.plain) for letter in letters]


def texts_of(world: World, reference: str) -> list[str]:
    return [each.text for each in world.post.texts() if "your request" in each.text and reference in each.text]


async def answer(caller: Caller, reference: str, move: str, **body: object) -> None:
    """The service that holds its one assignment answers."""
    (offer,) = await caller.offers(reference)
    sent = await caller.router.post(
        f"/api/v1/assignments/{offer['id']}/{move}",
        json={"by": "dva-desk-1", **body},
        headers={"Idempotency-Key": str(new_id())},
    )
    assert sent.status_code == 200, sent.text


async def people_told(caller: Caller, reference: str) -> list[tuple[str, str]]:
    timeline: list[Json] = (await caller.see(reference))["timeline"]
    return [(each["details"]["who"], each["details"]["step"]) for each in timeline if each["kind"] == "person_told"]


async def until_told(caller: Caller, reference: str, count: int) -> list[tuple[str, str]]:
    """Who was told of which step, once `count` were."""
    return await eventually(lambda: people_told(caller, reference), lambda told: len(told) >= count, within_s=WITHIN_S)


async def test_resident_and_referrer_hear_of_each_step_once(world: World, caller: Caller) -> None:
    receipt = await caller.submit(asked(9))
    reference = receipt["reference"]
    assert receipt["updates"] == [{"who": "resident", "by": "email"}, {"who": "referrer", "by": "sms"}]
    await caller.settled(reference)
    await until_told(caller, reference, 2)
    await answer(caller, reference, "accept")
    await until_told(caller, reference, 4)
    await answer(caller, reference, "complete", outcomes={"food.shopping": "met"})
    told = await until_told(caller, reference, 6)
    assert sorted(told) == sorted((who, step) for who in ("resident", "referrer") for step in
                                  ("received", "taken_on", "done"))  # fmt: skip
    assert steps_of(world, reference) == ["received", "taken_on", "done"]
    assert len(texts_of(world, reference)) == 3
    listed = (await notifications(world, reference)).json()["notifications"]
    assert {each["to"] for each in listed if each["assignment_id"] is None} == {
        "the resident by e-mail",
        "the referrer by text",
    }
    disclosed = [each for each in (await caller.see(reference))["timeline"] if each["kind"] == "contact_disclosed"]
    assert len(disclosed) == 6


async def test_whoever_rehearses_keeps_no_address(world: World, caller: Caller) -> None:
    reference = (await caller.submit(asked(10)))["reference"]
    await until_told(caller, reference, 2)
    (letter,) = [each for each in world.post.letters() if each.subject == f"Your request {reference}"]
    real_mail = isinstance(world, Deployment)
    assert letter.to == (EMAIL if real_mail else f"resident of {reference}")
    (text,) = [each for each in world.post.texts() if reference in each.text and "request" in each.text]
    assert text.to == f"referrer of {reference}"


async def test_where_contact_must_be_safe_nothing_goes_to_the_resident(world: World, caller: Caller) -> None:
    body = asked(11, flags=["domestic_abuse"], updates={"resident": True, "referrer": False})
    receipt = await caller.submit(body)
    await caller.settled(receipt["reference"])
    assert receipt["updates"] == []
    assert steps_of(world, receipt["reference"]) == []


async def test_a_cancellation_is_the_last_that_is_told_and_after_a_death_the_resident_hears_nothing(
    world: World, caller: Caller
) -> None:
    moved, died = [(await caller.submit(asked(number)))["reference"] for number in (12, 13)]
    for reference, reason in ((moved, "moved_away"), (died, "died")):
        await until_told(caller, reference, 2)
        await caller.cancel(reference, reason)
    assert ("resident", "cancelled") in await until_told(caller, moved, 4)
    assert await until_told(caller, died, 3)
    assert steps_of(world, moved)[-1] == "cancelled"
    assert "cancelled" not in steps_of(world, died)
    assert "has been stopped" in texts_of(world, died)[-1]


async def test_the_way_by_which_the_notifier_asks_is_shut_to_others(world: World, caller: Caller) -> None:
    receipt = await caller.submit(asked(14))
    await until_told(caller, receipt["reference"], 2)
    listed = (await notifications(world, receipt["reference"])).json()["notifications"]
    (update,) = [each["id"] for each in listed if each["to"] == "the resident by e-mail"]
    for headers in ({}, {"Authorization": "Bearer guessed"}):
        refused = await caller.intake.post(f"/internal/v1/updates/{update}/contact", headers=headers)
        assert refused.status_code == 401
        assert EMAIL not in refused.text


async def notifications(world: World, reference: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=world.url("notifier"), timeout=20) as client:
        return await client.get("/api/v1/notifications", params={"referral": reference})
