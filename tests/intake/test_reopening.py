"""A finished referral that is opened again, and needs that one service passed on to another."""

from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.progress import Progress
from services.intake.domain.reopening import REOPEN_REASONS
from shared.events import AssignmentOffered, NeedOutcome, NeedPlaced, ReferralReopened
from tests.intake.builders import a_decision, a_move, an_offer
from tests.intake.calling import REFERRALS, post, submitted, told
from tests.intake.conftest import World
from tests.intake.test_api import hear

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FOOD, DEBT = "food.shopping", "money.debt"


async def shown(world: World, progress: Progress) -> dict[str, Any]:  # JSON
    found: dict[str, Any] = (await world.client.get(f"{REFERRALS}/{progress.reference}")).json()
    return found


def outcome(need: str, met: bool) -> NeedOutcome:
    return NeedOutcome(need=need, outcome="met" if met else "could_not_contact", met=met)


async def finished(world: World, *, met: bool = True) -> Progress:
    """A referral of two needs, of which the second has failed."""
    progress = await submitted(world, needs=[FOOD, DEBT])
    offer = an_offer(progress, needs=(FOOD, DEBT))
    done = a_move(offer, "done", sequence=4, outcomes=(outcome(FOOD, met), outcome(DEBT, False)))
    await hear(world, a_decision(progress), offer, a_move(offer, "accepted"), done)
    return progress


async def reopen(world: World, progress: Progress, body: dict[str, object]) -> Any:  # a response
    return await post(world.client, body, f"{REFERRALS}/{progress.reference}/reopen")


@pytest.mark.parametrize("met", [True, False])
async def test_needs_that_ended_are_routing_again_and_the_router_is_told_which(world: World, met: bool) -> None:
    progress = await finished(world, met=met)
    assert (await shown(world, progress))["status"] == ("completed" if met else "failed")
    answer = await reopen(world, progress, {"reason": "not_met", "needs": [DEBT]})
    assert (answer.status_code, answer.json()["status"]) == (200, "routing")
    kind, event = (await told(world))[-1]
    assert kind == ReferralReopened.type
    assert (event["needs"], event["reason"], event["ask_everyone"], event["sequence"]) == ([DEBT], "not_met", False, 2)
    found = await shown(world, progress)
    assert {need["code"]: need["state"] for need in found["needs"]} == {
        FOOD: "done" if met else "failed",
        DEBT: "routing",
    }
    line = next(entry for entry in found["timeline"] if entry["kind"] == "reopened")
    assert (line["details"], line["after"]) == ({"reason": "not_met"}, "routing")


async def test_all_that_ended_is_opened_unless_needs_are_named(world: World) -> None:
    progress = await finished(world)
    await reopen(world, progress, {"reason": "circumstances_changed"})
    event = (await told(world))[-1][1]
    assert (event["needs"], event["ask_everyone"]) == ([FOOD, DEBT], True)


async def test_the_new_decision_and_its_offer_move_it_on_and_what_ended_before_does_not(world: World) -> None:
    progress = await finished(world)
    await reopen(world, progress, {"reason": "need_came_back", "needs": [FOOD]})
    again = NeedPlaced(code=FOOD, state="assigned", service_id="svc-shopping", priority="P2")
    offer = an_offer(progress, sequence=6)
    states = []
    for event in (
        a_decision(progress, again, sequence=5),
        offer,
        a_move(offer, "accepted", sequence=7),
        a_move(offer, "done", sequence=8, outcomes=(outcome(FOOD, True),)),
    ):
        await hear(world, event)
        found = await shown(world, progress)
        states.append((found["status"], found["needs"][0]["state"], found["needs"][1]["state"]))
    assert states == [
        ("assigned", "assigned", "failed"),
        ("assigned", "assigned", "failed"),
        ("in_progress", "in_progress", "failed"),
        ("completed", "done", "failed"),
    ]
    assert len(found["assignments"]) == 2


async def test_what_is_not_finished_or_was_cancelled_is_not_opened_again(world: World) -> None:
    progress = await submitted(world)
    early = (await reopen(world, progress, {"reason": "not_met"})).json()
    assert (early["code"], early["state"]) == ("illegal_transition", "submitted")
    await post(world.client, {"reason": "died"}, f"{REFERRALS}/{progress.reference}/cancel")
    answer = await reopen(world, progress, {"reason": "not_met"})
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["state"], problem["allowed"]) == ("cancelled", ["completed", "failed", "closed"])
    assert "refer the person anew" in problem["detail"]


async def test_a_referral_that_is_opened_twice_is_opened_once(world: World) -> None:
    progress = await finished(world)
    path = f"{REFERRALS}/{progress.reference}/reopen"
    first = await post(world.client, {"reason": "not_met"}, path, key="one-and-the-same")
    again = await post(world.client, {"reason": "not_met"}, path, key="one-and-the-same")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await post(world.client, {"reason": "not_met"}, path)).status_code == 409
    assert [kind for kind, _ in await told(world)].count(ReferralReopened.type) == 1


async def test_only_needs_that_ended_can_be_opened(world: World) -> None:
    progress = await finished(world)
    answer = await reopen(world, progress, {"reason": "not_met", "needs": ["food.bank"]})
    assert (answer.status_code, answer.json()["code"], answer.json()["ended"]) == (422, "needs_not_ended", [FOOD, DEBT])


async def test_a_duplicate_that_is_none_can_be_opened(world: World) -> None:
    progress = await submitted(world)
    await hear(world, a_decision(progress, NeedPlaced(code=FOOD, state="duplicate"), outcome="duplicate"))
    assert (await shown(world, progress))["status"] == "closed"
    assert (await reopen(world, progress, {"reason": "not_a_duplicate"})).json()["status"] == "routing"


@pytest.mark.parametrize("body", [{}, {"reason": "because Maureen said so"}, {"reason": "not_met", "needs": []}])
async def test_a_reopening_needs_one_of_the_reasons(world: World, body: dict[str, object]) -> None:
    answer = await reopen(world, await finished(world), body)
    assert answer.status_code == 422
    assert "Maureen" not in answer.text


@pytest.mark.parametrize("reason", REOPEN_REASONS)
async def test_every_listed_reason_opens(world: World, reason: str) -> None:
    assert (await reopen(world, await finished(world), {"reason": reason})).status_code == 200


# -- needs that were passed on -----------------------------------------------------------------------------------------


async def passed_on(world: World) -> tuple[Progress, AssignmentOffered, AssignmentOffered]:
    """A referral of which one of two needs was passed on to another service."""
    progress = await submitted(world, needs=[FOOD, DEBT])
    parent = an_offer(progress, needs=(FOOD, DEBT))
    child = child_of(parent, an_offer(progress, needs=(DEBT,), service="svc-debt", sequence=5))
    moved = a_move(parent, "accepted", from_state="accepted", sequence=4, reason="needs_specialist")
    await hear(world, a_decision(progress), parent, a_move(parent, "accepted"))
    await hear(world, moved.model_copy(update={"move": "pass_on", "needs_moved": (DEBT,)}), child)
    return progress, parent, child


def child_of(parent: AssignmentOffered, offer: AssignmentOffered) -> AssignmentOffered:
    return offer.model_copy(update={"parent_id": parent.assignment_id})


async def test_a_need_that_was_passed_on_stands_as_the_child_has_it(world: World) -> None:
    progress, parent, child = await passed_on(world)
    found = await shown(world, progress)
    assert {need["code"]: (need["state"], need["service"]) for need in found["needs"]} == {
        FOOD: ("in_progress", "svc-shopping"),
        DEBT: ("assigned", "svc-debt"),
    }
    assert {UUID(each["id"]): each["parent_id"] for each in found["assignments"]} == {
        parent.assignment_id: None,
        child.assignment_id: str(parent.assignment_id),
    }
    line = next(entry for entry in found["timeline"] if entry["kind"] == "passed_on")
    assert (line["details"]["needs"], line["details"]["reason"]) == (DEBT, "needs_specialist")


async def test_news_of_the_parent_does_not_hide_how_the_child_stands(world: World) -> None:
    progress, parent, child = await passed_on(world)
    ended = a_move(parent, "done", sequence=6, outcomes=(outcome(FOOD, True),))
    await hear(world, a_move(child, "accepted", sequence=7), ended)
    found = await shown(world, progress)
    assert [need["state"] for need in found["needs"]] == ["done", "in_progress"]
    assert found["status"] == "in_progress"
    await hear(world, a_move(child, "done", sequence=8, outcomes=(outcome(DEBT, False),)))
    assert [need["state"] for need in (await shown(world, progress))["needs"]] == ["done", "failed"]


async def test_a_need_that_came_back_is_the_parents_again(world: World) -> None:
    progress, parent, child = await passed_on(world)
    back = a_move(parent, "accepted", from_state="accepted", sequence=7, reason="returned")
    await hear(world, a_move(child, "declined", sequence=6, reason="other"))
    await hear(world, back.model_copy(update={"move": "return", "needs_moved": (DEBT,)}))
    found = await shown(world, progress)
    assert {need["code"]: (need["state"], need["service"]) for need in found["needs"]} == {
        FOOD: ("in_progress", "svc-shopping"),
        DEBT: ("in_progress", "svc-shopping"),
    }
    assert found["timeline"][-1]["kind"] == "returned"
