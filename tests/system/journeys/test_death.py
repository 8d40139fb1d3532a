"""One of two partners reports that the resident has died: the other is recalled, and nobody writes to the dead."""

import pytest

from tests.eventually import eventually
from tests.system.journeys.story import DOORSTEP, Story
from tests.system.people import a_person, a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)
PEER = "svc-mh-peer"
EMAIL = "resident.ten@riley.example"


async def test_a_death_that_one_partner_reports_recalls_the_other_and_the_resident_hears_nothing_more(
    told: Story,
) -> None:
    reference = await told.refer(
        a_referral(
            171,
            person=a_person(171) | {"email": EMAIL},
            needs=["food.shopping", "mind.low_mood"],
            referrer_kind="professional",
            referrer={"name": "Bo Marsh", "organisation": "Surgery", "phone": "07700 900912"},
            updates={"resident": True, "referrer": True},
        )
    )
    await told.offer(reference, PEER)
    accepted = await told.answer(await told.offer(reference, DOORSTEP), "accept")

    async def resident_told() -> list[str]:
        timeline = (await told.caller.see(reference))["timeline"]
        about = [each["details"] for each in timeline if each["kind"] == "person_told"]
        return [f"{each['who']}: {each['step']}" for each in about]

    await eventually(resident_told, lambda found: "resident: taken_on" in found and "referrer: taken_on" in found)
    await told.answer(accepted, "complete", outcomes={"food.shopping": "died"})

    recalled = await told.offer(reference, PEER, "recalled")
    await told.all_sent(reference, "recall")
    assert {clock["state"] for clock in (await told.history(recalled))["clocks"]} == {"stopped"}
    assert (await told.try_to(recalled, "decline", reason="other")).status_code == 409
    after = await eventually(resident_told, lambda found: "referrer: cancelled" in found)
    assert sorted(after) == sorted(
        ["resident: received", "resident: taken_on", "referrer: received", "referrer: taken_on", "referrer: cancelled"]
    )
    letters = [each for each in told.world.post.letters() if each.subject == f"Your request {reference}"]
    assert len(letters) == 2
    referral = await told.caller.see(reference)
    assert (referral["status"], referral["cancel_reason"]) == ("cancelled", "died")
    assert {need["state"] for need in referral["needs"]} == {"cancelled"}
    steps = [each["kind"] for each in referral["timeline"]]
    assert steps.index("done") < steps.index("cancelled") < steps.index("recalled")
    assert len(await told.caller.offers(reference)) == 2
