"""Needs that were taken on go further: to another service and back, and after the end to be looked at again."""

import pytest

from tests.eventually import eventually
from tests.system.journeys.story import DOORSTEP, NATIONAL, NETWORK, Seen, Story
from tests.system.people import a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)

SHOPPING, DOG = "food.shopping", "practical.dog_walking"


async def test_what_is_passed_on_comes_back_when_it_is_declined_and_ends_where_it_was_last(told: Story) -> None:
    reference = await told.refer(a_referral(151, needs=[SHOPPING, DOG]))
    parent = await told.answer(await told.offer(reference, DOORSTEP), "accept")
    child = await told.answer(parent, "pass-on", service=NETWORK, reason="closer_to_home", needs=[SHOPPING])
    assert (child["parent_id"], child["service_id"], child["needs"]) == (parent["id"], NETWORK, [SHOPPING])
    await told.answer(await told.offer(reference, NETWORK), "decline", reason="not_eligible")
    asked_twice = await told.try_to(parent, "pass-on", service=NETWORK, reason="closer_to_home", needs=[SHOPPING])
    assert (asked_twice.status_code, asked_twice.json()["why"]) == (422, "declined")
    await told.answer(parent, "pass-on", service=NATIONAL, reason="closer_to_home", needs=[SHOPPING])
    second = await told.answer(await told.offer(reference, NATIONAL), "accept")
    await told.answer(parent, "contact", outcome="reached")
    early = await told.try_to(parent, "complete", outcomes={DOG: "met"})
    assert (early.status_code, early.json()["code"]) == (409, "children_open")
    await told.answer(second, "contact", outcome="reached")
    await told.answer(second, "complete", outcomes={SHOPPING: "no_service"})
    await told.answer(parent, "complete", outcomes={DOG: "met"})
    await told.becomes(
        reference,
        Seen(
            status="completed",
            needs={SHOPPING: "failed", DOG: "done"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"accepted {DOORSTEP}",
                f"passed_on {DOORSTEP} (closer_to_home)",
                f"offered {NETWORK}",
                f"declined {NETWORK} (not_eligible)",
                f"returned {DOORSTEP} (returned)",
                f"passed_on {DOORSTEP} (closer_to_home)",
                f"offered {NATIONAL}",
                f"accepted {NATIONAL}",
                f"contacted {DOORSTEP} (reached)",
                f"contacted {NATIONAL} (reached)",
                f"done {NATIONAL}",
                f"done {DOORSTEP}",
            ],
            moves={
                DOORSTEP: [
                    "router: offered",
                    "partner: accepted",
                    "partner: accepted (closer_to_home)",
                    "router: accepted (returned)",
                    "partner: accepted (closer_to_home)",
                    "partner: contacted (reached)",
                    "partner: done",
                ],
                NETWORK: ["router: offered", "partner: declined (not_eligible)"],
                NATIONAL: ["router: offered", "partner: accepted", "partner: contacted (reached)", "partner: done"],
            },
            clocks={
                DOORSTEP: "respond stopped, first_contact stopped, review stopped",
                NETWORK: "respond stopped, first_contact stopped",
                NATIONAL: "respond stopped, first_contact stopped, review stopped",
            },
            messages=[
                f"{DOORSTEP}: confirmation email sent",
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{DOORSTEP}: returned email sent",
                f"{NETWORK}: offer email sent",
                f"{NETWORK}: offer webhook sent",
                f"{NATIONAL}: confirmation email sent",
                f"{NATIONAL}: offer email sent",
            ],
            hooks=[f"{DOORSTEP}: assignment.offered", f"{NETWORK}: assignment.offered"],
        ),
    )


async def test_when_it_is_stopped_parent_and_child_are_both_told(told: Story) -> None:
    reference = await told.refer(a_referral(152, needs=[SHOPPING, DOG]))
    parent = await told.answer(await told.offer(reference, DOORSTEP), "accept")
    await told.answer(parent, "pass-on", service=NETWORK, reason="no_capacity", needs=[DOG])
    await told.offer(reference, NETWORK)
    await told.caller.cancel(reference, "resident_withdrew")
    for service in (DOORSTEP, NETWORK):
        await told.offer(reference, service, "recalled")

    async def withdrawn() -> list[str]:
        messages = (await told.seen(reference)).messages
        return [each for each in messages if ": recall " in each]

    recalls = [f"{DOORSTEP}: recall {way} sent" for way in ("email", "sms", "webhook")]
    recalls += [f"{NETWORK}: recall {way} sent" for way in ("email", "webhook")]
    await eventually(withdrawn, lambda found: found == recalls)
    told.check_post(reference, await told.messages(reference))


async def test_a_finished_referral_is_opened_again_and_who_said_no_is_not_asked_again(told: Story) -> None:
    reference = await told.refer(a_referral(153))
    await told.answer(await told.offer(reference, DOORSTEP), "decline", reason="waitlist_offered")
    first = await told.answer(await told.offer(reference, NETWORK), "accept")
    assert (await told.caller.try_to_reopen(reference, "not_met")).status_code == 409
    await told.answer(first, "complete", outcomes={SHOPPING: "met"})
    await told.status(reference, "completed")
    reopened = await told.caller.try_to_reopen(reference, "not_met")
    assert (reopened.status_code, reopened.json()["status"]) == (200, "routing")
    second = await told.offer(reference, NETWORK)
    assert second["id"] != first["id"]
    await told.answer(second, "decline", reason="waitlist_offered")
    await told.offer(reference, NATIONAL)
    await told.ends(
        reference,
        f"done {NETWORK}",
        "reopened (not_met)",
        "decided",
        f"offered {NETWORK}",
        f"declined {NETWORK} (waitlist_offered)",
        "decided",
        f"offered {NATIONAL}",
    )
    told.check_post(reference, await told.messages(reference))
