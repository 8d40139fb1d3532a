"""Every decision of a referral is shown with why it was made, so that what did not come back stays explained."""

from datetime import timedelta

from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.load import Load
from services.router.facts import domain_facts
from shared.clock import new_id
from tests.router.builders import CREATIVE, HELPLINE, LEAD, NOON, a_reference, a_submission, facts_of
from tests.router.conftest import Begin, World
from tests.router.test_answering import answer
from tests.router.test_api import DECISIONS, assignments
from tests.router.test_pages import page_of

NEED = "mind.creative_wellbeing"


async def declined(world: World) -> str:
    """The reference of a referral of two needs, of which one was declined."""
    event = a_submission(NEED, "mind.crisis")
    await world.hear(event)
    listed = await assignments(world.client, referral=event.reference)
    [creative] = [each for each in listed if each["service_id"] == CREATIVE]
    world.clock.move(600)
    await answer(world, creative, "decline", {"reason": "not_eligible"})
    return event.reference


async def test_all_decisions_are_told_newest_first_each_with_why_it_was_made(world: World) -> None:
    told = (await world.client.get(f"{DECISIONS}/{await declined(world)}")).json()
    again, first = told["decisions"]
    assert (again["cause"], first["cause"]) == ("declined", "submitted")
    assert again["cause_words"].endswith(" said no: Not eligible.")
    assert first["cause_words"] == "The referral was received."
    assert {need["need"] for need in again["decision"]["needs"]} == {NEED}
    assert {each["service_id"] for each in first["decision"]["assignments"]} == {CREATIVE, HELPLINE}
    assert again["decided_at"] > first["decided_at"]


async def test_what_is_told_beside_the_list_is_the_newest_decision(world: World) -> None:
    told = (await world.client.get(f"{DECISIONS}/{await declined(world)}")).json()
    newest = told["decisions"][0]
    assert {key: told[key] for key in newest} == newest
    assert [each["service_id"] for each in told["decision"]["assignments"]] == [LEAD]
    assert "helpline" in told["rules"]["R15"]


async def test_the_page_shows_every_decision_and_what_all_their_rules_say(world: World) -> None:
    page = await page_of(world, f"/decisions/{await declined(world)}")
    assert page.texts["h2"] == [
        "Placed again",
        "First decision",
        "Why not another service?",
        "What these rules say",
    ]
    assert len(page.texts["h3"]) == 3
    assert any(name.startswith("R15") for name in page.facts)
    assert any(row and row[2] == "had this need before and could not take it" for row in page.rows)


async def test_every_decision_is_kept_with_its_cause(begin: Begin, county: County) -> None:
    reference, referral, facts = a_reference(), new_id(), facts_of(NEED)
    made = decide(domain_facts(facts), county, Load())
    back = Cause(Trigger.HANDED_BACK, "Somebody gave it back." + " It was long." * 40)
    async with begin() as tx:
        await tx.decisions.add(new_id(), referral, reference, facts, made, NOON)
        await tx.decisions.add(new_id(), referral, reference, facts, made, NOON + timedelta(hours=1), cause=back)
        await tx.decisions.add(new_id(), new_id(), a_reference(), facts, made, NOON)
    async with begin() as tx:
        kept = await tx.decisions.all(reference)
        assert await tx.decisions.latest(reference) == kept[0]
        assert await tx.decisions.all(a_reference()) == []
    assert [each.cause for each in kept] == ["handed_back", "submitted"]
    assert kept[0].cause_words.startswith("Somebody gave it back.")
