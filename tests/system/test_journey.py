"""One referral from the telephone to the partner's inbox, each way to run."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest
import yaml

from shared.clock import new_id
from shared.wording import short_reply_by_words
from tests.eventually import eventually
from tests.system.caller import Caller, Json, calling
from tests.system.county import COUNTY
from tests.system.people import a_person, a_referral
from tests.system.post import Letter, Text
from tests.system.world import Deployment, Embedded, World

DOORSTEP = "svc-dva-doorstep"


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    async with calling(world) as client:
        yield client


def contact_of(service: str) -> dict[str, str]:
    """How the county's directory says a service is reached."""
    directory = yaml.safe_load((COUNTY / "partners.yaml").read_text(encoding="utf-8"))
    (found,) = [each for org in directory["organizations"] for each in org["services"] if each["id"] == service]
    contact: dict[str, str] = found["contact"]
    return contact


def letters_about(world: World, reference: str) -> list[Letter]:
    return [letter for letter in world.post.letters() if reference in letter.subject]


def texts_about(world: World, reference: str) -> list[Text]:
    return [text for text in world.post.texts() if reference in text.text]


async def test_a_referral_reaches_the_right_partner_by_e_mail_and_text(world: World, caller: Caller) -> None:
    receipt = await caller.submit(a_referral(1))
    referral = await caller.settled(receipt["reference"])
    assert (referral["status"], referral["outcome"], referral["priority"]) == ("assigned", "routed", "P2")
    assert referral["district_name"] == "Chesterfield"
    (offer,) = referral["assignments"]
    assert (offer["service"], offer["needs"]) == (DOORSTEP, ["food.shopping"])
    told = {notice["channel"]: (notice["purpose"], notice["state"]) for notice in offer["notifications"]}
    assert told == {"email": ("offer", "sent"), "sms": ("offer", "sent")}
    kinds = [entry["kind"] for entry in referral["timeline"]]
    assert kinds[0] == "submitted"
    # Where the ways out say so, the arrival of each message follows.
    assert sorted(kind for kind in kinds[1:] if kind != "delivered") == ["decided", "offered", "told", "told"]

    (letter,) = letters_about(world, referral["reference"])
    assert letter.to == contact_of(DOORSTEP)["email"]
    (text,) = texts_about(world, referral["reference"])
    assert text.to == contact_of(DOORSTEP)["sms"]
    (assignment,) = await caller.offers(receipt["reference"])
    assert_words(world, referral, (letter, text), answer_by(assignment))


def answer_by(assignment: Json) -> datetime:
    """When a same-day offer ends that nobody answers: after the reminder the same wait again, at most half of
    what is left to the deadline (R60 within R53)."""
    (reminder,) = [clock["due_at"] for clock in assignment["clocks"] if clock["kind"] == "respond"]
    reminded_at, due_at = datetime.fromisoformat(reminder), datetime.fromisoformat(assignment["due_at"])
    return reminded_at + min(timedelta(hours=2), (due_at - reminded_at) / 2)


def assert_words(world: World, referral: Json, sent: tuple[Letter, Text], reply_by: datetime) -> None:
    """Subject, both parts and the text say how soon, for what, by when, and where to answer."""
    (offer,), (letter, text) = referral["assignments"], sent
    by = short_reply_by_words(reply_by, datetime.fromisoformat(offer["offered_at"]))
    page = f"{world.url('router')}/assignments/{offer['id']}"
    (link,) = re.findall(rf"\n({world.url('router')}/r/\S+)\n", letter.plain)
    assert letter.subject.startswith(f"Same day: referral {referral['reference']}, reply {by}")
    assert f"Reply {by}" in letter.plain
    assert "District: Chesterfield" in letter.plain
    assert f'href="{link}"' in letter.html
    assert by in letter.html
    assert f"Reply {by}. {page}" in text.text
    assert len(text.text) <= 160


async def test_by_the_link_in_a_notice_a_partner_accepts(world: World, caller: Caller) -> None:
    receipt = await caller.submit(a_referral(2))
    referral = await caller.settled(receipt["reference"])
    (letter,) = letters_about(world, referral["reference"])
    (link,) = set(re.findall(r"http://\S+", letter.plain))
    async with httpx.AsyncClient() as browser:
        page = await browser.get(link)
        assert (page.status_code, referral["reference"] in page.text) == (200, True)
        answered = await browser.post(link, data={"answer": "accept"}, follow_redirects=True)
        assert (answered.status_code, "is accepted" in answered.text) == (200, True)
        (offer,) = (
            await browser.get(f"{world.url('router')}/api/v1/assignments?referral={referral['reference']}")
        ).json()
    assert offer["state"] == "accepted"
    token = link.rpartition("/")[2]
    assert [process.name for process in world.processes if token in process.log.read_text()] == []


async def test_each_service_is_told_by_its_own_channels(world: World, caller: Caller) -> None:
    receipt = await caller.submit(a_referral(3, needs=["food.shopping", "mind.low_mood"]))
    referral = await caller.settled(receipt["reference"])
    told = {
        offer["service"]: sorted(notice["channel"] for notice in offer["notifications"])
        for offer in referral["assignments"]
    }
    assert told == {DOORSTEP: ["email", "sms"], "svc-mh-peer": ["email"]}
    by_address = {letter.to: letter.plain for letter in letters_about(world, referral["reference"])}
    assert by_address.keys() == {contact_of(service)["email"] for service in told}
    assert len(texts_about(world, referral["reference"])) == 1


async def test_a_second_call_for_the_same_person_sends_nobody_twice(world: World, caller: Caller) -> None:
    first = await caller.submit(a_referral(4))
    await caller.settled(first["reference"])
    second = await caller.submit(a_referral(4))
    referral = await caller.settled(second["reference"])
    assert referral["outcome"] == "duplicate"
    assert referral["duplicate_of"] == first["reference"]
    assert [need["state"] for need in referral["needs"]] == ["duplicate"]
    assert referral["assignments"] == []
    assert letters_about(world, second["reference"]) == []


async def test_a_second_call_for_another_need_sends_help_for_that_need_alone(world: World, caller: Caller) -> None:
    first = await caller.submit(a_referral(5))
    await caller.settled(first["reference"])
    second = await caller.submit(a_referral(5, needs=["food.shopping", "mind.low_mood"]))
    referral = await caller.settled(second["reference"])
    assert {need["code"]: need["state"] for need in referral["needs"]} == {
        "food.shopping": "duplicate",
        "mind.low_mood": "assigned",
    }
    assert len(letters_about(world, second["reference"])) == 1


async def test_cancelling_takes_the_offer_back_once_by_each_channel(world: World, caller: Caller) -> None:
    receipt = await caller.submit(a_referral(6))
    reference = (await caller.settled(receipt["reference"]))["reference"]
    assert (await caller.cancel(reference, "resident_withdrew"))["status"] == "cancelled"

    async def recalls() -> list[str]:
        referral = await caller.see(reference)
        told = [notice for offer in referral["assignments"] for notice in offer["notifications"]]
        return sorted(notice["channel"] for notice in told if notice["purpose"] == "recall")

    await eventually(recalls, lambda told: told == ["email", "sms"])
    referral = await caller.see(reference)
    assert [offer["state"] for offer in referral["assignments"]] == ["recalled"]
    offer, recall = letters_about(world, reference)
    assert recall.subject == f"Referral {reference} is withdrawn"
    assert recall.to == offer.to
    assert [text.text.partition(f"{reference} ")[2] for text in texts_about(world, reference)][1:] == [
        "is withdrawn. You do not need to do anything more for it."
    ]
    assert [each["state"] for each in await caller.offers(reference)] == ["recalled"]


async def test_the_same_request_sent_twice_is_one_referral(world: World, caller: Caller) -> None:
    key = str(new_id())
    first, second = await caller.send(a_referral(7), key=key), await caller.send(a_referral(7), key=key)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    referral = await caller.settled(first.json()["reference"])
    assert referral["outcome"] == "routed"
    assert len(letters_about(world, referral["reference"])) == 1


async def test_without_consent_nobody_is_told(world: World, caller: Caller) -> None:
    body = a_referral(8, consent={"status": "refused", "by": "self"}, needs=["mind.low_mood"], food_days_left=None)
    referral = await caller.settled((await caller.submit(body))["reference"])
    assert [need["state"] for need in referral["needs"]] == ["held"]
    assert referral["assignments"] == []
    assert letters_about(world, referral["reference"]) == []


async def test_too_little_to_act_on_is_refused_with_what_is_missing(caller: Caller) -> None:
    answer = await caller.send({"person": {"name": a_person(9)["name"]}})
    assert answer.status_code == 422
    assert answer.json()["missing"] == ["need", "contact"]


async def test_one_correlation_id_leads_from_the_request_to_the_sent_message(
    embedded: Embedded, deployment: Deployment
) -> None:
    worlds: tuple[World, ...] = (embedded, deployment)
    for world in worlds:
        correlation_id = f"call-{new_id()}"
        async with calling(world) as caller:
            receipt = await caller.submit(a_referral(10), correlation_id=correlation_id)
            await caller.settled(receipt["reference"])
        said = [line for process in world.processes for line in log_lines(world, process.name)]
        events = {line.split('"event": "')[1].split('"')[0] for line in said if correlation_id in line}
        assert {"referral.submitted", "request.finished", "notification.sent"} <= events


def log_lines(world: World, name: str) -> list[str]:
    """The structured lines of a process's log."""
    if isinstance(world, Embedded):
        file = world.data / "waymark.log"
    else:
        (file,) = [process.log for process in world.processes if process.name == name]
    return [line for line in file.read_text(encoding="utf-8").splitlines() if '"event": "' in line]


async def test_the_events_carry_the_correlation_id_and_what_caused_them(deployment: Deployment) -> None:
    correlation_id = f"call-{new_id()}"
    async with calling(deployment) as caller:
        receipt = await caller.submit(a_referral(11), correlation_id=correlation_id)
        await caller.settled(receipt["reference"])
    ours = [each for each in await deployment.broker.records() if each.header("ce_correlationid") == correlation_id]
    types = sorted(each.header("ce_type").split(".", 2)[2] for each in ours)
    assert types == [
        "assignment.offered.v1",
        "notification.sent.v1",
        "notification.sent.v1",
        "referral.decided.v1",
        "referral.submitted.v1",
    ]
    caused = {each.header("ce_id"): each.header("ce_causationid") for each in ours}
    (root,) = [event for event, cause in caused.items() if not cause]
    assert all(cause in caused for event, cause in caused.items() if event != root)
    assert {each.key for each in ours} == {receipt["id"].encode()}
    times = [datetime.fromisoformat(each.header("ce_time")) for each in ours]
    assert max(times) - min(times) < timedelta(minutes=5)
