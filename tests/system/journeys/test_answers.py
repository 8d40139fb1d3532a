"""Partners say no or give back: the next is asked, nobody twice, and in the end a person decides."""

import pytest

from tests.system.journeys.story import DESK, DOORSTEP, NATIONAL, NETWORK, Seen, Story
from tests.system.people import a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)


async def test_who_says_no_is_never_asked_again_and_after_three_a_person_decides(told: Story) -> None:
    reference = await told.refer(a_referral(101))
    asked = (DOORSTEP, NETWORK, NATIONAL)
    for service, reason in zip(asked, ("not_eligible", "wrong_service", "waitlist_offered"), strict=True):
        offer = await told.offer(reference, service)
        declined = await told.answer(offer, "decline", reason=reason)
        assert (declined["state"], declined["version"]) == ("declined", offer["version"] + 1)
        again = await told.try_to(offer, "accept")
        assert (again.status_code, again.json()["state"], again.json()["allowed"]) == (409, "declined", [])
    desk = await told.offer(reference, DESK)
    third = "Community Response and Check-in and Chat"
    said = f"{third} said no: Only a waiting list. 3 services could not take this. The person has waited since "
    assert (desk["reason"] or "").startswith(said)
    assert (await told.try_to(desk, "decline", reason="other")).status_code == 409
    await told.becomes(
        reference,
        Seen(
            status="on_hold",
            needs={"food.shopping": "assigned"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"declined {DOORSTEP} (not_eligible)",
                "decided",
                f"offered {NETWORK}",
                f"declined {NETWORK} (wrong_service)",
                "decided",
                f"offered {NATIONAL}",
                f"declined {NATIONAL} (waitlist_offered)",
                "decided",
                f"offered {DESK}",
            ],
            moves={
                DOORSTEP: ["router: offered", "partner: declined (not_eligible)"],
                NETWORK: ["router: offered", "partner: declined (wrong_service)"],
                NATIONAL: ["router: offered", "partner: declined (waitlist_offered)"],
                DESK: ["router: offered"],
            },
            clocks={
                **dict.fromkeys(asked, "respond stopped, first_contact stopped"),
                DESK: "respond running, first_contact running",
            },
            # Who has answered needs no word of what becomes of it.
            messages=[
                f"{DESK}: offer portal posted",
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{NETWORK}: offer email sent",
                f"{NETWORK}: offer webhook sent",
                f"{NATIONAL}: offer email sent",
            ],
            hooks=[f"{DOORSTEP}: assignment.offered", f"{NETWORK}: assignment.offered"],
        ),
    )


async def test_what_has_to_be_looked_at_by_a_person_goes_to_the_triage_desk_at_once(told: Story) -> None:
    reference = await told.refer(a_referral(102))
    await told.answer(await told.offer(reference, DOORSTEP), "decline", reason="unsafe_to_visit")
    desk = await told.offer(reference, DESK)
    assert desk["reason"] is not None
    assert "said no: Unsafe to visit. Somebody has to look at this before anyone else is asked." in desk["reason"]
    assert "The person has waited since" in desk["reason"]
    await told.becomes(
        reference,
        Seen(
            status="on_hold",
            needs={"food.shopping": "assigned"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"declined {DOORSTEP} (unsafe_to_visit)",
                "decided",
                f"offered {DESK}",
            ],
            moves={
                DOORSTEP: ["router: offered", "partner: declined (unsafe_to_visit)"],
                DESK: ["router: offered"],
            },
            clocks={DOORSTEP: "respond stopped, first_contact stopped", DESK: "respond running, first_contact running"},
            messages=[
                f"{DESK}: offer portal posted",
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
            ],
            hooks=[f"{DOORSTEP}: assignment.offered"],
        ),
    )


async def test_what_is_given_back_is_placed_again_with_somebody_else(told: Story) -> None:
    reference = await told.refer(a_referral(103))
    offer = await told.offer(reference, DOORSTEP)
    assert (await told.try_to(offer, "hand-back", reason="no_capacity")).status_code == 409
    await told.answer(offer, "accept")
    await told.answer(offer, "contact", outcome="reached")
    await told.answer(offer, "hand-back", reason="no_capacity")
    second = await told.offer(reference, NETWORK)
    await told.answer(second, "accept")
    await told.becomes(
        reference,
        Seen(
            status="in_progress",
            needs={"food.shopping": "in_progress"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"accepted {DOORSTEP}",
                f"contacted {DOORSTEP} (reached)",
                f"handed_back {DOORSTEP} (no_capacity)",
                "decided",
                f"offered {NETWORK}",
                f"accepted {NETWORK}",
            ],
            moves={
                DOORSTEP: [
                    "router: offered",
                    "partner: accepted",
                    "partner: contacted (reached)",
                    "partner: handed_back (no_capacity)",
                ],
                NETWORK: ["router: offered", "partner: accepted"],
            },
            clocks={
                DOORSTEP: "respond stopped, first_contact stopped, review stopped",
                NETWORK: "respond stopped, first_contact running",
            },
            messages=[
                f"{DOORSTEP}: confirmation email sent",
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{NETWORK}: confirmation email sent",
                f"{NETWORK}: offer email sent",
                f"{NETWORK}: offer webhook sent",
            ],
            hooks=[f"{DOORSTEP}: assignment.offered", f"{NETWORK}: assignment.offered"],
        ),
    )
