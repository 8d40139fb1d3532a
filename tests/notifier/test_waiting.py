"""Messages that go later than they could: at the end of quiet hours, and when a number may get a text again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from services.notifier.domain.guard import ANY_MAX, IDENTICAL_MAX, PERIOD, TextSent, text_waits_until
from services.notifier.domain.notification import Channel, Notification, State
from services.notifier.upkeep import EndQuiet, Figures
from services.notifier.use_cases.waiting import ReleaseQuiet
from shared.clock import utc_now
from shared.document_set import Documents
from shared.events import NotificationSent
from shared.wording import LONDON
from tests.notifier.heard import offered, recalled
from tests.notifier.holding import drain
from tests.notifier.test_holds import an_id
from tests.notifier.world import (
    MOBILE,
    NOON,
    ScriptedSender,
    World,
    a_notification,
    an_offer,
)

DAYS = timedelta(days=20)


def all_day() -> dict[str, object]:
    """Quiet hours that run now and tomorrow, whenever this is."""
    today = utc_now().astimezone(LONDON).date()
    days = [(today + timedelta(days=ahead)).isoformat() for ahead in (-1, 0, 1)]
    return {"default": {"begins": "00:00", "ends": "00:00", "days_off": True}, "bank_holidays": days}


async def messages(world: World) -> Sequence[tuple[str, State, str | None, int]]:
    return sorted(
        (stored.offer.priority, stored.state, stored.reason, stored.attempts) for stored in await world.stored()
    )


async def test_what_can_wait_waits_and_what_is_urgent_goes(world: World, documents: Documents) -> None:
    await world.arrange(documents, all_day())
    await world.hear(*(offered(name=priority, priority=priority, due_in=DAYS) for priority in ("P1", "P2", "P3", "P4")))
    sender = ScriptedSender()
    await drain(world, sender)
    assert await messages(world) == [
        ("P1", State.SENT, None, 1),
        ("P2", State.SENT, None, 1),
        ("P3", State.QUEUED, "quiet_hours", 0),
        ("P4", State.QUEUED, "quiet_hours", 0),
    ]
    assert len(sender.taken) == 2


async def test_what_waits_for_the_end_of_quiet_hours_is_neither_unsent_nor_tried(
    world: World, documents: Documents
) -> None:
    await world.arrange(documents, all_day())
    await world.hear(offered(due_in=DAYS))
    await drain(world, ScriptedSender())
    [(_, attempts)] = await world.stored_with_attempts()
    assert len(attempts) == 0
    await Figures(world.transactions).run_once()
    async with world.begin() as tx:
        assert await tx.attention.unsent() == {}


async def test_at_the_end_of_quiet_hours_the_nearest_deadline_goes_first_and_all_within_ten_minutes(
    world: World, documents: Documents
) -> None:
    await world.arrange(documents, all_day())
    days = (12, 9, 15, 11, 14)
    await world.hear(*(offered(name=f"in {day}", due_in=timedelta(days=day)) for day in days))
    sender = ScriptedSender()
    await drain(world, sender)
    await world.make_due()
    await drain(world, sender)
    assert sender.taken == []
    await world.arrange(documents, {})
    assert not await EndQuiet(world.transactions).run_once()
    released = sorted(await world.stored(), key=lambda stored: stored.try_at)
    deadlines = [stored.offer.reply_by for stored in released]
    assert deadlines == sorted(deadlines)
    assert {stored.reason for stored in released} == {"released"}
    assert released[-1].try_at - released[0].try_at == timedelta(seconds=20)
    await world.make_due()
    await drain(world, sender)
    assert {type(event) for event in await world.published()} == {NotificationSent}
    assert len(sender.taken) == 5


async def test_two_thousand_at_once_are_spread_over_ten_minutes(world: World) -> None:
    async with world.begin() as tx:
        planned_at = await tx.present()
        for number in range(400):
            offer = an_offer(assignment_id=an_id(number), reply_by=planned_at + timedelta(minutes=number % 97))
            held = replace(a_notification(offer=offer, planned_at=planned_at), reason="quiet_hours", id=an_id(number))
            await tx.notifications.add(held)
    async with world.begin() as tx:
        assert await ReleaseQuiet()(tx) == 400
    released = sorted(await world.stored(), key=lambda stored: stored.try_at)
    assert released[-1].try_at - released[0].try_at < timedelta(minutes=10)
    assert released[-1].try_at - released[0].try_at > timedelta(minutes=9)


async def test_what_waits_for_morning_ends_with_its_offer(world: World, documents: Documents) -> None:
    await world.arrange(documents, all_day())
    await world.hear(offered(due_in=DAYS))
    await drain(world, ScriptedSender())
    await world.hear(recalled())
    assert [(state, reason) for _, state, reason, _ in await messages(world)] == [(State.SKIPPED, "recalled")]


def a_text(priority: str = "P3") -> Notification:
    return a_notification(offer=an_offer(priority=priority), channel=Channel.SMS, address=MOBILE)


def texts(count: int, reference: str = "another") -> list[TextSent]:
    return [TextSent("offer.text", reference, NOON - timedelta(minutes=count - place)) for place in range(count)]


@pytest.mark.parametrize(
    ("before", "priority", "until"),
    [
        (texts(IDENTICAL_MAX - 1, "7K3M-2QX"), "P3", None),
        (texts(IDENTICAL_MAX, "7K3M-2QX"), "P3", NOON - timedelta(minutes=IDENTICAL_MAX) + PERIOD),
        (texts(IDENTICAL_MAX, "7K3M-2QX"), "P1", None),
        (texts(2 * IDENTICAL_MAX, "7K3M-2QX"), "P1", NOON - timedelta(minutes=2 * IDENTICAL_MAX) + PERIOD),
        (texts(ANY_MAX - 1), "P3", None),
        (texts(ANY_MAX), "P3", NOON - timedelta(minutes=ANY_MAX) + PERIOD),
        (texts(ANY_MAX), "P2", None),
    ],
)
def test_a_number_gets_ten_texts_alike_and_fifty_any_in_an_hour_and_urgent_ones_may_use_what_is_spare(
    before: Sequence[TextSent], priority: str, until: object
) -> None:
    assert text_waits_until(a_text(priority), before, NOON) == until


async def test_texts_that_are_too_many_for_a_number_wait(world: World) -> None:
    await world.hear(*(offered(name=f"offer {number}", channels=("sms",), due_in=DAYS) for number in range(24)))
    text = ScriptedSender()
    worker = world.worker(ScriptedSender(), text)
    while await worker.run_once():
        pass
    assert len(text.taken) == IDENTICAL_MAX
    waiting = [stored for stored in await world.stored() if stored.state is State.QUEUED]
    assert {stored.reason for stored in waiting} == {"number_limit"}
    assert min(stored.try_at for stored in waiting) > utc_now() + timedelta(minutes=50)
    # To another number more may go.
    async with world.begin() as tx:
        other = a_notification(offer=an_offer(assignment_id=an_id(1)), channel=Channel.SMS, address="07700 900002")
        await tx.notifications.add(other)
    await worker.run_once()
    assert text.taken[-1].to == "07700 900002"
