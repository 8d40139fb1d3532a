"""A partner says nothing: one reminder, to its office too, then others are asked and all are told that it has gone."""

import pytest

from tests.system.journeys.story import DESK, DOORSTEP, NETWORK, Seen, Story
from tests.system.people import a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)


async def test_silence_brings_one_reminder_and_then_somebody_else(told: Story) -> None:
    reference = await told.refer(a_referral(111))
    offer = await told.offer(reference, DOORSTEP)
    await told.let_ring(offer, "respond", "warned")
    await told.all_sent(reference, "reminder")
    assert [move["to"] for move in (await told.history(offer))["moves"]] == ["offered"]
    await told.let_ring(offer, "respond", "breached")
    await told.offer(reference, NETWORK)
    late = await told.try_to(offer, "accept")
    assert (late.status_code, late.json()["state"], late.json()["allowed"]) == (409, "expired", [])
    await told.becomes(
        reference,
        Seen(
            status="assigned",
            needs={"food.shopping": "assigned"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"reminded {DOORSTEP}",
                f"expired {DOORSTEP} (no_answer)",
                "decided",
                f"offered {NETWORK}",
            ],
            moves={
                DOORSTEP: ["router: offered", "clock: expired (no_answer)"],
                NETWORK: ["router: offered"],
            },
            clocks={
                DOORSTEP: "respond breached, first_contact stopped",
                NETWORK: "respond running, first_contact running",
            },
            messages=[
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{DOORSTEP}: recall email sent",
                f"{DOORSTEP}: recall email sent",
                f"{DOORSTEP}: recall sms sent",
                f"{DOORSTEP}: recall webhook sent",
                f"{DOORSTEP}: reminder email sent",
                f"{DOORSTEP}: reminder email sent",
                f"{DOORSTEP}: reminder sms sent",
                f"{NETWORK}: offer email sent",
                f"{NETWORK}: offer webhook sent",
            ],
            hooks=[
                f"{DOORSTEP}: assignment.offered",
                f"{DOORSTEP}: assignment.recalled",
                f"{NETWORK}: assignment.offered",
            ],
        ),
    )


async def test_who_answers_the_reminder_keeps_it_and_what_is_late_is_told(told: Story) -> None:
    reference = await told.refer(a_referral(112))
    offer = await told.offer(reference, DOORSTEP)
    await told.let_ring(offer, "respond", "warned")
    await told.all_sent(reference, "reminder")
    await told.answer(offer, "accept")
    await told.let_ring(offer, "first_contact", "breached")
    await told.becomes(
        reference,
        Seen(
            status="in_progress",
            needs={"food.shopping": "in_progress"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"reminded {DOORSTEP}",
                f"accepted {DOORSTEP}",
                f"overdue {DOORSTEP}",
            ],
            moves={DOORSTEP: ["router: offered", "partner: accepted"]},
            clocks={DOORSTEP: "respond stopped, first_contact breached, review running"},
            messages=[
                f"{DESK}: late_contact email sent",
                f"{DESK}: late_contact sms sent",
                f"{DOORSTEP}: confirmation email sent",
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{DOORSTEP}: reminder email sent",
                f"{DOORSTEP}: reminder email sent",
                f"{DOORSTEP}: reminder sms sent",
            ],
            hooks=[f"{DOORSTEP}: assignment.offered"],
        ),
    )


async def test_at_the_triage_desk_nothing_expires_but_its_silence_is_told(told: Story) -> None:
    reference = await told.refer(a_referral(113))
    await told.answer(await told.offer(reference, DOORSTEP), "decline", reason="already_known")
    desk = await told.offer(reference, DESK)
    await told.let_ring(desk, "respond", "warned")
    await told.let_ring(desk, "respond", "breached")
    await told.ends(reference, f"offered {DESK}", f"reminded {DESK}", f"overdue {DESK}")
    seen = await told.seen(reference)
    assert (seen.status, seen.moves[DESK]) == ("on_hold", ["router: offered"])
