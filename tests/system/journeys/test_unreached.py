"""A partner whom no message reaches: the next way, the next contact, a call, and then a person, before the deadline."""

from datetime import datetime

import pytest

from shared.clock import new_id
from tests.eventually import eventually
from tests.notifier.test_bounces import a_bounce
from tests.system.caller import Json
from tests.system.journeys.story import DESK, Story
from tests.system.people import a_referral
from tests.system.post import Letter

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)
# In Erewash nothing else of these tests is sent, so that suppressing its contacts disturbs nobody.
SERVICE, MAIL, OFFICE = "svc-er-network", "referrals+er-network@eva.example", "office@eva.example"
BEFRIENDING = {"postcode": "DE7 5UZ", "needs": ["social.befriending"], "flags": [], "food_days_left": None}


async def letter_to(told: Story, reference: str, address: str) -> Letter:
    """The letter about a referral to an address, once it has arrived."""

    async def look() -> list[Letter]:
        return [each for each in told.world.post.letters() if each.to == address and reference in each.subject]

    (letter,) = await eventually(look)
    return letter


async def call_about(told: Story, reference: str) -> Json:
    """The call that has to be made, once it has."""

    async def look() -> list[Json]:
        return [each for each in await told.messages(reference) if each["state"] == "awaiting_call"]

    (call,) = await eventually(look)
    return call


async def test_mail_that_comes_back_goes_to_the_office_then_somebody_rings_and_at_last_a_person_decides(
    told: Story,
) -> None:
    reference = await told.refer(a_referral(171, **BEFRIENDING))
    offer = await told.offer(reference, SERVICE)
    for address in (MAIL, OFFICE):
        letter = await letter_to(told, reference, address)
        await told.world.bounce(a_bounce(ours=letter.id))
    call = await call_about(told, reference)
    rung = await told.notifier.post(
        f"/api/v1/notifications/{call['id']}/called",
        json={"outcome": "wrong_number", "rung_by": "cru-duty-2"},
        headers={"Idempotency-Key": str(new_id())},
    )
    assert rung.status_code == 200, rung.text
    desk = await told.offer(reference, DESK)
    assert "could not be reached: every address of it is wrong or switched off." in desk["reason"]
    assert datetime.fromisoformat(desk["offered_at"]) < datetime.fromisoformat(offer["due_at"])
    seen = await told.seen(reference)
    assert seen.status == "on_hold"
    assert seen.moves[SERVICE] == ["router: offered", "router: expired (unreachable)"]
    assert seen.messages == [
        f"{DESK}: offer portal posted",
        f"{SERVICE}: offer email sent",
        f"{SERVICE}: offer email sent",
        f"{SERVICE}: offer phone failed",
    ]
    assert (await told.try_to(offer, "accept")).status_code == 409
    referral = await told.caller.see(reference)
    of_messages = [(entry["kind"], entry["details"].get("channel")) for entry in referral["timeline"]
                   if entry["actor"] == "notifier" and entry["details"]["service_id"] == SERVICE]  # fmt: skip
    assert of_messages == [
        ("told", "email"),
        ("bounced", "email"),
        ("told", "email"),
        ("bounced", "email"),
        ("call_awaited", "phone"),
        ("not_told", "phone"),
        ("not_reached", None),
    ]
    told.check_post(reference, await told.messages(reference))
