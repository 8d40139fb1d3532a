"""An urgent call at night, in the evening or on a bank holiday: who gets it, and that nothing is put off in silence."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.system.caller import Json
from tests.system.journeys.story import DESK, DOORSTEP, NATIONAL, NETWORK, Story
from tests.system.people import a_referral
from waymark.simulate.hands import Hands

# In London it is an hour later.
WEDNESDAY_NIGHT = datetime(2020, 4, 15, 22, 0, tzinfo=UTC)
WEDNESDAY_EVENING = datetime(2020, 4, 15, 16, 30, tzinfo=UTC)
EASTER_NIGHT = datetime(2020, 4, 12, 22, 0, tzinfo=UTC)  # before a Monday that is a bank holiday
IN_BOLSOVER = "DE55 4YE"
LOCAL = "svc-bo-doorstep"
OFFICE = "office@dva.example"
NO_HEATING = {"needs": ["money.energy"], "flags": ["no_heating", "lives_alone"], "food_days_left": None}


def at(told: str) -> datetime:
    return datetime.fromisoformat(told)


async def urgent(story: Story, number: int, **changed: object) -> tuple[str, Json]:
    """The reference of a same-day referral, and what the caller sees of it once it is settled."""
    reference = await story.refer(a_referral(number, **changed))
    referral = await story.caller.settled(reference)
    assert referral["priority"] == "P2"
    return reference, referral


async def test_at_eleven_at_night_a_partner_is_told_at_once_and_has_to_answer_while_there_is_time_before_noon(
    told_by_clock: Story, clock: Hands
) -> None:
    clock.at = WEDNESDAY_NIGHT
    reference, referral = await urgent(told_by_clock, 141)
    assert "out_of_hours" in referral["flags"]
    offer = await told_by_clock.offer(reference, DOORSTEP)
    assert at(offer["due_at"]) == datetime(2020, 4, 16, 11, 0, tzinfo=UTC)
    assert at(offer["notified_at"]) == WEDNESDAY_NIGHT
    [letter] = told_by_clock.world.post.letters()
    [text] = told_by_clock.world.post.texts()
    assert letter.subject.startswith(f"Same day: referral {reference}, reply by 11:15am tomorrow, Thursday 16 April")
    assert "Reply by 11:15am tomorrow." in text.text


async def test_who_is_silent_loses_it_while_there_is_time_before_noon_to_ask_somebody_else(
    told_by_clock: Story, clock: Hands
) -> None:
    clock.at = WEDNESDAY_NIGHT
    reference, _ = await urgent(told_by_clock, 142)
    offer = await told_by_clock.offer(reference, DOORSTEP)
    await told_by_clock.let_ring(offer, "respond", "warned")
    # It opened at nine: half of the three hours has passed, then three quarters.
    assert at(offer["due_at"]) - clock.at == timedelta(minutes=90)
    await told_by_clock.let_ring(offer, "respond", "breached")
    assert at(offer["due_at"]) - clock.at == timedelta(minutes=45)
    second = await told_by_clock.offer(reference, NETWORK)
    assert at(second["due_at"]).date() == clock.at.date()
    await told_by_clock.ends(
        reference,
        f"offered {DOORSTEP}",
        f"reminded {DOORSTEP}",
        f"expired {DOORSTEP} (no_answer)",
        "decided",
        f"offered {NETWORK}",
    )


async def test_who_is_silent_on_an_urgent_offer_is_reminded_together_with_the_office_of_its_organisation(
    told_by_clock: Story, clock: Hands
) -> None:
    clock.at = WEDNESDAY_NIGHT
    reference, _ = await urgent(told_by_clock, 146)
    offer = await told_by_clock.offer(reference, DOORSTEP)
    await told_by_clock.let_ring(offer, "respond", "warned")
    await told_by_clock.all_sent(reference, "reminder")
    letters = [letter for letter in told_by_clock.world.post.letters() if letter.subject.startswith("Reminder")]
    assert sorted(letter.to for letter in letters) == [OFFICE, "referrals+dva-doorstep@dva.example"]


@pytest.mark.parametrize(
    ("number", "received_at", "postcode", "passed_over"),
    [
        (143, WEDNESDAY_EVENING, "S40 1US", DOORSTEP),
        (144, EASTER_NIGHT, IN_BOLSOVER, LOCAL),
    ],
)
async def test_where_the_nearest_partner_opens_too_late_somebody_who_is_open_in_time_is_asked(
    told_by_clock: Story, clock: Hands, number: int, received_at: datetime, postcode: str, passed_over: str
) -> None:
    clock.at = received_at
    reference, referral = await urgent(told_by_clock, number, postcode=postcode)
    assert "unreachable_fallback" in referral["flags"]
    await told_by_clock.offer(reference, NATIONAL)
    decision = (await told_by_clock.caller.router.get(f"/api/v1/decisions/{reference}")).json()["decision"]
    [need] = decision["needs"]
    [first, *_] = [track for search in need["searches"] for track in search["tracks"]]
    assert {"service_id": passed_over, "verdict": "closed"} in first["candidates"]


async def test_where_nobody_opens_in_time_it_lies_with_the_triage_desk_at_once(
    told_by_clock: Story, clock: Hands
) -> None:
    clock.at = EASTER_NIGHT
    reference, referral = await urgent(told_by_clock, 145, postcode=IN_BOLSOVER, **NO_HEATING)
    assert (referral["status"], referral["outcome"]) == ("on_hold", "triage_desk")
    assert {"out_of_hours", "unreachable_fallback"} <= set(referral["flags"])
    desk = await told_by_clock.offer(reference, DESK)
    assert at(desk["notified_at"]) == EASTER_NIGHT
    assert at(desk["due_at"]) == datetime(2020, 4, 13, 11, 0, tzinfo=UTC)
    await told_by_clock.let_ring(desk, "respond", "warned")
    await told_by_clock.let_ring(desk, "respond", "breached")
    assert clock.at < at(desk["due_at"])
    await told_by_clock.let_ring(desk, "first_contact", "breached")
    overdue = f"overdue {DESK}"
    await told_by_clock.ends(reference, f"offered {DESK}", f"reminded {DESK}", overdue, overdue)
