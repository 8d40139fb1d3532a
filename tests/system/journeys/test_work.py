"""A partner takes it on: attempts in vain, the resident reached, and an outcome for each need."""

import pytest

from tests.system.journeys.story import DOORSTEP, Seen, Story
from tests.system.people import a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)

NEEDS = ["food.shopping", "practical.dog_walking"]
TOLD = [
    f"{DOORSTEP}: confirmation email sent",
    f"{DOORSTEP}: offer email sent",
    f"{DOORSTEP}: offer sms sent",
    f"{DOORSTEP}: offer webhook sent",
]


@pytest.mark.parametrize(
    ("number", "dog", "status", "dog_state"),
    [(131, "no_service", "completed", "failed"), (132, "met_in_part", "completed", "done")],
)
async def test_the_referral_follows_the_work_from_the_first_attempt_to_the_outcome_of_each_need(
    told: Story, number: int, dog: str, status: str, dog_state: str
) -> None:
    reference = await told.refer(a_referral(number, needs=NEEDS))
    offer = await told.offer(reference, DOORSTEP)
    assert offer["needs"] == NEEDS
    await told.answer(offer, "open")
    await told.answer(offer, "accept")
    for attempt in ("no_answer", "voicemail"):
        assert (await told.answer(offer, "contact", outcome=attempt))["state"] == "accepted"
    incomplete = await told.try_to(offer, "complete", outcomes={"food.shopping": "met"})
    assert (incomplete.status_code, incomplete.json()["needs"]) == (422, NEEDS)
    assert (await told.answer(offer, "contact", outcome="reached"))["state"] == "contacted"
    outcomes = {"food.shopping": "met", "practical.dog_walking": dog}
    assert (await told.answer(offer, "complete", outcomes=outcomes))["outcomes"] == outcomes
    await told.becomes(
        reference,
        Seen(
            status=status,
            needs={"food.shopping": "done", "practical.dog_walking": dog_state},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"opened {DOORSTEP}",
                f"accepted {DOORSTEP}",
                f"contact_tried {DOORSTEP} (no_answer)",
                f"contact_tried {DOORSTEP} (voicemail)",
                f"contacted {DOORSTEP} (reached)",
                f"done {DOORSTEP}",
            ],
            moves={
                DOORSTEP: [
                    "router: offered",
                    "partner: opened",
                    "partner: accepted",
                    "partner: accepted (no_answer)",
                    "partner: accepted (voicemail)",
                    "partner: contacted (reached)",
                    "partner: done",
                ]
            },
            clocks={DOORSTEP: "respond stopped, first_contact stopped, review stopped"},
            messages=TOLD,
            hooks=[f"{DOORSTEP}: assignment.offered"],
        ),
    )
    referral = await told.caller.see(reference)
    assert [assignment["outcomes"] for assignment in referral["assignments"]] == [outcomes]
    assert (await told.caller.try_to_cancel(reference, "other")).status_code == 409


async def test_with_no_need_met_the_referral_has_failed(told: Story) -> None:
    reference = await told.refer(a_referral(133))
    offer = await told.offer(reference, DOORSTEP)
    await told.answer(offer, "accept")
    await told.answer(offer, "contact", outcome="wrong_number")
    await told.answer(offer, "complete", outcomes={"food.shopping": "could_not_contact"})
    await told.becomes(
        reference,
        Seen(
            status="failed",
            needs={"food.shopping": "failed"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"accepted {DOORSTEP}",
                f"contact_tried {DOORSTEP} (wrong_number)",
                f"done {DOORSTEP}",
            ],
            moves={
                DOORSTEP: [
                    "router: offered",
                    "partner: accepted",
                    "partner: accepted (wrong_number)",
                    "partner: done",
                ]
            },
            clocks={DOORSTEP: "respond stopped, first_contact stopped"},
            messages=TOLD,
            hooks=[f"{DOORSTEP}: assignment.offered"],
        ),
    )
