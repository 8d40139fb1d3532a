"""The router's pages: why a referral went where it went, and what a partner was asked."""

import re

import pytest
from httpx import AsyncClient

from services.router.configuration.documents import PARTNERS, TAXONOMY
from shared.clock import new_id
from shared.documents import save_documents
from shared.envelope import Origin
from shared.events import OpenMatch, ReferralSubmitted
from tests.router.builders import CREATIVE, a_cancellation, a_reference, a_submission, documents_with_places, facts_of
from tests.router.conftest import World
from tests.router.html import Page
from tests.router.rules.builders import WEDNESDAY_MORNING

DESK = "Referral desk, befriending and local network"
# Contacts of partners and of anyone else are for the notifier, except the desk's one number.
PRIVATE = re.compile(r"@|postcode|@example|07700 9", re.IGNORECASE)


@pytest.fixture
def client(world: World) -> AsyncClient:
    return world.client


async def decided(world: World, *needs: str, flags: tuple[str, ...] = ()) -> tuple[ReferralSubmitted, Page]:
    event = a_submission(*needs, flags=flags)
    await world.hear(event)
    return event, await page_of(world, f"/decisions/{event.reference}")


async def page_of(world: World, path: str) -> Page:
    answer = await world.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert not PRIVATE.search(answer.text)
    page = Page.read(answer.text)
    assert all(address.startswith(("/", "#", "tel:")) for address in page.addresses)
    return page


async def assignment_page_of(world: World, event: ReferralSubmitted) -> Page:
    [listed] = (await world.client.get("/api/v1/assignments", params={"referral": event.reference})).json()
    return await page_of(world, f"/assignments/{listed['id']}")


async def test_a_decision_says_who_was_told_and_each_service_that_was_looked_at(world: World) -> None:
    event, page = await decided(world, "social.befriending")
    assert page.texts["title"] == [f"Decision {event.reference} – Waymark"]
    assert page.texts["h1"] == [f"Why {event.reference} went where it went"]
    assert DESK in page.texts["p"][0]
    assert page.facts["Decided"] == "midday on 6 May 2020"
    assert page.facts["Place"] == "Chesterfield (from the unit)"
    assert page.rows[1][2] == "the first that can take it"
    assert page.rows[2][2] == f"comes after {DESK}: its rank is 90, that one's 50"
    assert page.rows[1][1].startswith(DESK)
    assert any(name.startswith("R48") for name in page.facts)
    assert f"/api/v1/decisions/{event.reference}" in page.addresses


async def test_a_decision_shows_what_the_caller_could_still_be_asked(world: World) -> None:
    _, page = await decided(world, "food.shopping")
    [question] = [text for text in page.texts["li"] if "food in the house?" in text]
    assert question.endswith("It could matter to R50.")
    assert any(name.startswith("R50") for name in page.facts)


async def test_a_service_that_was_passed_over_is_shown_with_the_reason(world: World) -> None:
    async with world.database.begin(Origin("test-request")) as transaction:
        await save_documents(transaction, documents_with_places({CREATIVE: 0}))
    _, page = await decided(world, "mind.creative_wellbeing")
    assert page.row_of("is full today")[1] != page.row_of("the first that can take it")[1]
    assert page.facts["Flags"] == "capacity fallback"


async def test_a_risk_names_its_rule_where_no_service_was_looked_for(world: World) -> None:
    _, page = await decided(world, "mind.crisis")
    assert page.rows == []
    assert "R15" in page.facts["Because of"]
    assert page.facts["Priority"].startswith("P2")


async def test_a_need_that_is_in_hand_already_went_to_nobody_new(world: World) -> None:
    match = OpenMatch(
        reference=a_reference(), needs=("food.bank",), priority="P3", received_at=WEDNESDAY_MORNING.replace(day=4)
    )
    event = a_submission(facts=facts_of("food.bank", open_matches=(match,)))
    await world.hear(event)
    page = await page_of(world, f"/decisions/{event.reference}")
    assert page.texts["p"][0] == f"In hand already: cannot afford food with open referral {match.reference}."
    assert page.facts["In hand already"] == "nobody new"


async def test_an_assignment_says_what_is_asked_by_when_and_whom_to_ring(world: World) -> None:
    event, _ = await decided(world, "mind.creative_wellbeing")
    page = await assignment_page_of(world, event)
    assert page.texts["title"] == [f"Referral {event.reference} – Waymark"]
    assert page.texts["p"][0].startswith("Reply by ")
    assert page.facts.keys() == {"For", "Help needed", "District", "How soon"}
    assert page.facts["District"] == "Chesterfield"
    assert page.facts["How soon"] == "Routine"
    assert f"0808 157 0199 and give the reference {event.reference}" in page.texts["main"][0]
    assert "form" not in page.texts


async def test_an_assignment_that_was_taken_back_says_so(world: World) -> None:
    event, _ = await decided(world, "mind.creative_wellbeing")
    await world.hear(a_cancellation(event))
    page = await assignment_page_of(world, event)
    assert page.texts["p"][0] == "This request was taken back. There is nothing more to do."


async def test_an_assignment_whose_time_is_over_asks_for_an_answer_now(world: World) -> None:
    event, _ = await decided(world, "mind.creative_wellbeing")
    world.clock.move(30 * 24 * 3_600)
    page = await assignment_page_of(world, event)
    assert page.texts["p"][0].startswith("Reply now: it was due by ")


async def test_pages_of_what_has_left_the_directory_since_can_still_be_read(world: World) -> None:
    event, before = await decided(world, "mind.creative_wellbeing")
    documents = documents_with_places({})
    documents[TAXONOMY] = documents[TAXONOMY].replace("code: mind.creative_wellbeing", "code: mind.something_else")
    documents[PARTNERS] = documents[PARTNERS].replace("mind.creative_wellbeing", "mind.something_else")
    documents[PARTNERS] = documents[PARTNERS].replace(f"id: {CREATIVE}\n", "id: svc-renamed\n")
    async with world.database.begin(Origin("test-request")) as transaction:
        await save_documents(transaction, documents)
    assignment = await assignment_page_of(world, event)
    assert assignment.facts["Help needed"] == "Help"
    after = await page_of(world, f"/decisions/{event.reference}")
    assert after.rows == before.rows


async def test_a_page_of_nothing_is_a_problem(client: AsyncClient) -> None:
    for path in (f"/decisions/{a_reference()}", "/decisions/nonsense", f"/assignments/{new_id()}"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_page_may_load_and_run_nothing_but_our_own_style(world: World) -> None:
    event, _ = await decided(world, "mind.creative_wellbeing")
    answer = await world.client.get(f"/decisions/{event.reference}")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert "script-src" not in policy
    assert "<script" not in answer.text
    assert "style=" not in answer.text
