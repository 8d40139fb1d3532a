"""The explanation of stored decisions, by data and on the page: first ones, later ones, and those of old rules."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from services.router.configuration.documents import PARTNERS
from services.router.store.tables import decision
from shared.documents import save_documents
from shared.envelope import Origin
from tests.router.builders import CREATIVE, LEAD, PEER, a_reference, a_submission, documents_with_places, facts_of
from tests.router.conftest import World
from tests.router.test_answering import answer
from tests.router.test_api import DECISIONS, assert_problem, assignments
from tests.router.test_confirming import confirm
from tests.router.test_history import NEED, declined
from tests.router.test_pages import page_of
from tests.router.test_pausing import SERVICES, post

Json = Mapping[str, Any]  # JSON


async def explained(world: World, reference: str, **asked: str) -> Json:
    told = await world.client.get(f"{DECISIONS}/{reference}/explanation", params=asked)
    assert told.status_code == 200, told.text
    answered: Json = told.json()
    return answered


async def routed(world: World, *needs: str, age: int | None = 45) -> str:
    event = a_submission(facts=facts_of(*needs, age=age))
    await world.hear(event)
    return event.reference


async def test_a_decision_is_told_in_a_sentence_with_its_rules_and_everyone_looked_at(world: World) -> None:
    reference = await routed(world, "food.shopping")
    told = await explained(world, reference)
    [newest] = told["decisions"]
    assert (told["reference"], newest["cause"], told["why_not"]) == (reference, "submitted", [])
    explanation = newest["explanation"]
    [need] = explanation["needs"]
    assert need["sentence"].startswith("Food shopping (can pay) → Volunteer doorstep help")
    [track] = need["searches"][0]["tracks"]
    assert (track["listed"], track["eligible"], track["taken"]) == (3, 3, "svc-dva-doorstep")
    assert {row["title"] for row in explanation["fired"]} == {"Everyday help"}
    assert explanation["cannot_tell"][0]["checks"] == [
        {"holds": None, "asks": "food left is below 2 days", "given": "unknown"}
    ]
    assert (explanation["before"], explanation["exact"]) == ("", True)


async def test_why_not_is_answered_for_each_need_or_for_one(world: World) -> None:
    reference = await routed(world, NEED, "social.peer_support")
    both = (await explained(world, reference, why_not=PEER))["why_not"]
    assert {each["need"]: each["because"] for each in both} == {NEED: "other_need", "social.peer_support": "has_it"}
    [one] = (await explained(world, reference, why_not=LEAD, need=NEED))["why_not"]
    assert one["because"] == "earlier_track"
    assert one["rows"][0]["rules"] == ["R42"]
    [creative] = [
        each for each in await assignments(world.client, referral=reference) if each["service_id"] == CREATIVE
    ]
    told = f"{creative['service_name']} ({creative['organization_name']}) had no place left that day"
    assert one["would_have"] == [told]


async def test_of_what_was_placed_again_it_tells_what_came_before_and_who_is_not_asked_again(world: World) -> None:
    told = await explained(world, await declined(world), why_not=CREATIVE)
    again, first = (each["explanation"] for each in told["decisions"])
    assert " said no: Not eligible. Not asked again: " in again["before"]
    assert first["before"] == ""
    [why, crisis] = told["why_not"]
    assert (why["need"], why["because"]) == (NEED, "passed_over")
    assert why["sentence"].endswith("had this need before and could not take it.")
    assert why["would_have"] == ["it had not had this need before"]
    assert crisis["because"] == "other_need"


async def test_needs_that_a_service_passed_on_are_told_with_its_own_reason(world: World) -> None:
    reference = await routed(world, NEED)
    [asked] = await assignments(world.client, referral=reference)
    await answer(world, asked, "accept", {})
    done = await answer(world, asked, "pass-on", {"service": LEAD, "reason": "other"})
    assert done.status_code == 200, done.text
    told = await explained(world, reference, why_not=LEAD)
    [passed_on], [why] = told["passed_on"], told["why_not"]
    assert passed_on["sentence"].startswith(f"{asked['service_name']} chose Referral desk")
    assert why["because"] == "passed_on"
    assert why["sentence"].startswith(passed_on["sentence"])
    page = await page_of(world, f"/decisions/{reference}")
    assert "Passed on since" in page.texts["h2"]


async def reason_for(world: World, service_id: str) -> str:
    """Why this service was not asked for a need that is its own."""
    told = await explained(world, await routed(world, NEED))
    tracks = told["decisions"][0]["explanation"]["needs"][0]["searches"][0]["tracks"]
    [reason] = [each["reason"] for track in tracks for each in track["services"] if each["service_id"] == service_id]
    return str(reason)


async def test_a_service_that_pauses_is_not_said_to_be_full_nor_the_other_way_round(world: World) -> None:
    await confirm(world, places=1)
    await routed(world, NEED)
    assert await reason_for(world, CREATIVE) == "is full today: 0 of 1 places left"
    await post(world, f"{SERVICES}/{CREATIVE}/pause", reason="partner_closed")
    assert await reason_for(world, CREATIVE) == "takes nothing at present: it pauses, or said that it is full"


async def test_a_decision_is_explained_by_the_directory_that_it_was_made_by(world: World) -> None:
    reference = await routed(world, "food.shopping", age=76)
    before = await explained(world, reference, why_not=LEAD)
    documents = documents_with_places({})
    documents[PARTNERS] = documents[PARTNERS].replace("id: svc-dva-doorstep\n", "id: svc-another\n")
    async with world.database.begin(Origin("test-request")) as transaction:
        await save_documents(transaction, documents)
    assert await explained(world, reference, why_not=LEAD) == before


async def test_without_what_it_stood_on_it_is_explained_without_numbers_and_promises_nothing(world: World) -> None:
    reference = await declined(world)
    async with world.database.begin(Origin("test-request")) as transaction:
        await transaction.connection.execute(update(decision).values(basis=None))
    told = await explained(world, reference, why_not=CREATIVE, need=NEED)
    assert [each["explanation"]["exact"] for each in told["decisions"]] == [False, False]
    [why] = told["why_not"]
    assert why["sentence"].endswith("could not take this need before.")
    assert why["would_have"] == []


async def test_of_rules_that_are_not_kept_only_what_was_stored_is_shown(world: World) -> None:
    reference = await routed(world, NEED)
    async with world.database.begin(Origin("test-request")) as transaction:
        await transaction.connection.execute(update(decision).values(rule_set="0" * 64))
    told = await explained(world, reference)
    assert told["decisions"][0]["explanation"] is None
    page = await page_of(world, f"/decisions/{reference}")
    assert page.texts["p"][0].startswith("Outcome: routed. Sent to ")
    assert "cannot be explained further" in page.texts["main"][0]


async def test_what_is_not_there_cannot_be_asked_of(world: World) -> None:
    client, path = world.client, f"{DECISIONS}/{await routed(world, NEED)}/explanation"
    assert_problem(await client.get(f"{DECISIONS}/{a_reference()}/explanation"), 404, "not_found")
    assert_problem(await client.get(path, params={"why_not": "svc-nobody"}), 404, "not_found")
    assert_problem(await client.get(path, params={"why_not": LEAD, "need": "food.bank"}), 404, "not_found")
    assert (await client.get(path, params={"why_not": "no such service"})).status_code == 422


async def test_the_page_says_why_not_with_the_rule_that_decided_and_keeps_what_was_asked(world: World) -> None:
    reference = await routed(world, "food.shopping")
    blank = await page_of(world, f"/decisions/{reference}")
    assert blank.texts["option"][0] == "Choose a service"
    html = (await world.client.get(f"/decisions/{reference}?why_not=svc-cru-shopping&need=food.shopping")).text
    page = await page_of(world, f"/decisions/{reference}?why_not=svc-cru-shopping&need=food.shopping")
    said = page.texts["main"][0]
    assert "Everyday help decided; Direct CRU assistance, chiefly to shielded people is tried only where" in said
    assert "does not hold: shielding is verified (given: none)" in said
    assert "It would have got it if: shielded was ticked" in said
    assert '<option value="svc-cru-shopping" selected>' in html
    assert '<option value="food.shopping" selected>' in html


async def test_every_mark_for_the_eye_is_said_too(world: World) -> None:
    page = await page_of(world, f"/decisions/{await routed(world, 'food.shopping')}")
    marks = [span for span in page.texts["span"] if span in ("✓", "✗", "?")]
    spoken = [span for span in page.texts["span"] if span in ("holds:", "does not hold:", "nobody can tell:")]
    assert len(marks) == len(spoken) > 0
