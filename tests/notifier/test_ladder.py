"""From one way of telling a service to the next, and at last to a person."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid5

import pytest
from structlog.testing import capture_logs

from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.hold import Kind, Scope, a_hold
from services.notifier.domain.message import Proof
from services.notifier.domain.notification import CallOutcome, Channel, Notification, State
from services.notifier.store.tables import notification
from services.notifier.use_cases.calls import RecordCall
from shared.document_set import Documents
from shared.events import (
    Event,
    NotificationBounced,
    NotificationDelivered,
    NotificationExhausted,
    NotificationUnconfirmed,
)
from tests.notifier.heard import cancelled, moved, offered, recalled
from tests.notifier.world import (
    ASSIGNMENT,
    EMAIL,
    IDS,
    MOBILE,
    OFFICE,
    PHONE,
    WAY_NAMES,
    ScriptedSender,
    World,
    keep_directory,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OpenWorld = Callable[[], World]


def silent() -> ScriptedSender:
    """A provider that takes everything, says that receipts follow, and never sends one."""
    return ScriptedSender(proof=Proof.LATER)


def about(message: Notification, arrival: Arrival, *, name: str = "one") -> Report:
    return Report("notify", message.id, f"scripted:{name}", arrival.value, arrival)


async def rungs(world: World) -> list[tuple[Channel, str, State]]:
    stored = sorted(await world.stored(), key=lambda message: message.planned_at)
    return [(message.channel, message.address, message.state) for message in stored]


async def newest(world: World) -> Notification:
    return max(await world.stored(), key=lambda message: message.planned_at)


async def told(world: World, kind: type[Event]) -> list[Event]:
    return [event for event in await world.published() if isinstance(event, kind)]


async def step(world: World, sender: ScriptedSender, span: timedelta) -> None:
    """`span` goes by, the next way is taken if it is its turn, and what can be sent is sent."""
    await world.pass_time(span)
    await world.climb()
    await world.worker(sender, sender).run_once()


async def test_a_provider_that_never_says_anything_leads_through_every_way_to_a_person(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    for _ in range(4):
        await step(world, sender, HOUR)
    assert await rungs(world) == [
        (Channel.EMAIL, EMAIL, State.SENT),
        (Channel.SMS, MOBILE, State.SENT),
        (Channel.EMAIL, OFFICE, State.SENT),
        (Channel.PHONE, PHONE, State.AWAITING_CALL),
    ]
    assert len(await told(world, NotificationUnconfirmed)) == 4
    [exhausted] = await told(world, NotificationExhausted)
    assert isinstance(exhausted, NotificationExhausted)
    assert (exhausted.service_id, exhausted.failure) == ("svc-dva-doorstep", "ambiguous")
    assert not exhausted.contacts_unusable
    await step(world, sender, HOUR * 9)
    assert len(await told(world, NotificationExhausted)) == 1


async def test_nothing_happens_before_its_time(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    await step(world, sender, HOUR - MINUTE)
    assert len(await rungs(world)) == 1


async def test_a_hard_bounce_leads_on_at_once_and_the_address_is_used_no_more(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    await world.report(about(await newest(world), Arrival.BOUNCED_HARD))
    await step(world, ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT)]), timedelta())
    await step(world, sender, timedelta())
    await world.report(about(await newest(world), Arrival.BOUNCED_HARD))
    await step(world, sender, timedelta())
    call = await newest(world)
    async with world.begin() as tx:
        await RecordCall()(tx, call.id, "cru-duty-2", CallOutcome.WRONG_NUMBER)
    await step(world, sender, timedelta())
    assert [state for _, _, state in await rungs(world)] == [State.SENT, State.FAILED, State.SENT, State.FAILED]
    assert len(await told(world, NotificationBounced)) == 2
    [exhausted] = await told(world, NotificationExhausted)
    assert isinstance(exhausted, NotificationExhausted)
    assert exhausted.failure == "permanent_recipient"
    assert exhausted.contacts_unusable
    await world.hear(offered(name="another", channels=("email",)))
    await step(world, sender, timedelta())
    assert (await newest(world)).channel is Channel.SMS
    async with world.begin() as tx:
        assert {each.contact for each in await tx.suppressions.in_force(9)} == {
            "svc-dva-doorstep:email",
            "org-dva:office",
        }


async def test_where_contact_must_be_safe_a_wrong_number_says_nothing_of_the_contacts_that_were_not_used(
    world: World,
) -> None:
    await world.hear(offered(channels=("phone",), safe_contact_only=True))
    call = await world.only()
    async with world.begin() as tx:
        await RecordCall()(tx, call.id, "cru-duty-2", CallOutcome.WRONG_NUMBER)
    await world.climb()
    [exhausted] = await told(world, NotificationExhausted)
    assert isinstance(exhausted, NotificationExhausted)
    assert (exhausted.failure, exhausted.contacts_unusable) == ("permanent_recipient", False)


async def test_a_soft_bounce_is_tried_once_more_and_then_the_next_way_is_taken(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    await world.report(about(await newest(world), Arrival.BOUNCED_SOFT))
    await step(world, sender, HOUR)
    assert await rungs(world) == [(Channel.EMAIL, EMAIL, State.QUEUED)]
    await step(world, sender, HOUR)
    assert await rungs(world) == [(Channel.EMAIL, EMAIL, State.SENT)]
    await world.report(about(await newest(world), Arrival.BOUNCED_SOFT, name="two"))
    await step(world, sender, timedelta())
    assert [channel for channel, _, _ in await rungs(world)] == [Channel.EMAIL, Channel.SMS]


async def test_what_bounced_softly_and_arrived_after_all_is_not_sent_again(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    message = await newest(world)
    await world.report(about(message, Arrival.BOUNCED_SOFT))
    await world.report(about(message, Arrival.DELIVERED))
    await step(world, sender, 3 * HOUR)
    [stored] = await world.stored_with_attempts()
    assert (stored[0].state, stored[0].receipt, len(stored[1])) == (State.SENT, Arrival.DELIVERED, 1)


async def test_a_delivered_message_ends_the_climb(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    await world.report(about(await newest(world), Arrival.DELIVERED))
    await step(world, sender, 9 * HOUR)
    assert len(await rungs(world)) == 1
    assert len(await told(world, NotificationDelivered)) == 1


async def test_a_late_receipt_is_noted_and_undoes_nothing(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    first = await newest(world)
    await step(world, sender, HOUR)
    await world.report(about(first, Arrival.DELIVERED))
    await step(world, sender, 5 * HOUR)
    assert [state for _, _, state in await rungs(world)] == [State.SENT, State.SENT]
    assert await told(world, NotificationExhausted) == []


@pytest.mark.parametrize("heard", [moved("opened"), moved("accepted"), moved("declined"), recalled(), cancelled()])
async def test_an_answer_or_a_recall_ends_the_climb(world: World, heard: Event) -> None:
    sender = silent()
    await world.hear(offered(channels=("email",)))
    await step(world, sender, timedelta())
    await world.hear(heard)
    await step(world, sender, 9 * HOUR)
    # What was told is confirmed or taken back over the same channel; no other is used.
    assert {address for _, address, _ in await rungs(world)} == {EMAIL}
    assert await told(world, NotificationUnconfirmed) == []


async def test_a_clock_that_runs_out_while_nothing_runs_is_seen_to_afterwards_and_once(open_world: OpenWorld) -> None:
    sender = silent()
    first = open_world()
    await first.hear(offered(channels=("email",)))
    await step(first, sender, timedelta())
    await first.pass_time(HOUR)
    second, third = open_world(), open_world()
    await asyncio.gather(second.climb(), third.climb())
    await first.climb()
    assert [channel for channel, _, _ in await rungs(first)] == [Channel.EMAIL, Channel.SMS]
    assert len(await told(first, NotificationUnconfirmed)) == 1


async def test_over_a_way_without_receipts_what_is_due_today_goes_on_but_never_counts_as_lost(world: World) -> None:
    sender = ScriptedSender()
    await world.hear(offered(channels=("email", "sms"), priority="P2"))
    await step(world, sender, timedelta())
    for _ in range(6):
        await step(world, sender, 15 * MINUTE)
    assert [channel for channel, _, _ in sorted(await rungs(world))] == ["email", "email", "phone", "sms"]
    assert await told(world, NotificationExhausted) == []


async def test_over_a_way_without_receipts_what_is_routine_waits_for_its_reminder(world: World) -> None:
    sender = ScriptedSender()
    await world.hear(offered(channels=("email",), priority="P4"))
    await step(world, sender, timedelta())
    await step(world, sender, 9 * HOUR)
    assert len(await rungs(world)) == 1


async def test_a_webhook_that_was_taken_ends_the_climb(world: World, documents: Documents) -> None:
    held = json.loads(documents["contacts"])
    held["svc-dva-doorstep"]["webhook"] = "https://hooks.dva.example/waymark"
    await keep_directory(world.database, {**documents, "contacts": json.dumps(held)})
    await world.hear(offered(channels=("email",), priority="P1"))
    await world.worker(silent(), hook=ScriptedSender(proof=Proof.AT_ONCE)).run_once()
    await step(world, silent(), 9 * HOUR)
    assert {channel for channel, _, _ in await rungs(world)} == {Channel.EMAIL, Channel.WEBHOOK}


async def test_what_is_due_today_and_held_back_goes_another_way_at_once(world: World) -> None:
    async with world.begin() as tx:
        await tx.holds.open(a_hold(Scope.WAY, WAY_NAMES[Channel.EMAIL], Kind.STOPPED, "tried_out", await tx.present()))
    sender = silent()
    await world.hear(offered(channels=("email",), priority="P2"))
    await step(world, sender, timedelta())
    await step(world, sender, timedelta())
    assert await rungs(world) == [(Channel.EMAIL, EMAIL, State.QUEUED), (Channel.SMS, MOBILE, State.SENT)]


async def test_two_ways_at_once_lead_to_one_next_way(world: World) -> None:
    sender = silent()
    await world.hear(offered(channels=("email", "sms"), priority="P1"))
    await step(world, sender, timedelta())
    await step(world, sender, 15 * MINUTE)
    assert [address for _, address, _ in await rungs(world)][2:] == [OFFICE]


async def test_a_same_day_offer_that_cannot_leave_goes_another_way_in_time(world: World) -> None:
    away = ScriptedSender([SendFailed(Failure.TRANSIENT)] * 9)
    await world.hear(offered(channels=("email",), priority="P2"))
    await world.worker(away, away).run_once()
    await step(world, away, 15 * MINUTE)
    assert [channel for channel, _, _ in await rungs(world)] == [Channel.EMAIL, Channel.SMS]


async def test_where_contact_must_be_safe_nothing_more_is_written(world: World) -> None:
    await world.hear(offered(service_id="svc-dva-doorstep", channels=("email",), safe_contact_only=True))
    await step(world, ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT)]), timedelta())
    await step(world, silent(), timedelta())
    assert (await newest(world)).state is State.AWAITING_CALL


async def test_a_call_that_nobody_makes_counts_as_unconfirmed_and_may_still_be_made(world: World) -> None:
    await world.hear(offered(channels=("phone",), priority="P1"))
    await world.pass_time(15 * MINUTE)
    await world.climb()
    assert len(await told(world, NotificationUnconfirmed)) == 1
    [call] = [each for each in await world.stored() if each.channel is Channel.PHONE]
    async with world.begin() as tx:
        await RecordCall()(tx, call.id, "cru-duty-2", CallOutcome.REACHED)
    await step(world, silent(), 9 * HOUR)
    assert [channel for channel, _, _ in await rungs(world)] == [Channel.PHONE, Channel.EMAIL]


async def test_without_any_contact_the_next_way_is_taken_at_once(world: World) -> None:
    await world.hear(offered(service_id="svc-phone-only", channels=("email",)))
    await world.climb()
    assert [state for _, _, state in await rungs(world)] == [State.FAILED, State.AWAITING_CALL]


async def test_a_service_that_is_not_in_the_directory_is_given_to_a_person_at_once(world: World) -> None:
    await world.hear(offered(service_id="svc-unknown", channels=("email",)))
    await world.climb()
    [exhausted] = await told(world, NotificationExhausted)
    assert isinstance(exhausted, NotificationExhausted)
    assert (exhausted.failure, exhausted.assignment_id) == ("no_contact", ASSIGNMENT)


async def test_an_assignment_that_cannot_be_gone_on_with_keeps_no_other_waiting(world: World) -> None:
    await world.hear(offered(name="broken", channels=("email",)), offered(name="whole", channels=("email",)))
    sender = ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT)] * 2)
    await world.worker(sender).run_once()
    broken = uuid5(IDS, "broken")
    async with world.begin() as tx:
        spoilt = notification.update().where(notification.c.assignment_id == broken).values(channel="pigeon")
        await tx.tx.connection.execute(spoilt)
    with capture_logs() as logs:
        for _ in range(2):
            await world.climb()
    assert [(each["event"], each["assignment_id"]) for each in logs] == [("ladder.failed", str(broken))]
    async with world.begin() as tx:
        mended = notification.update().where(notification.c.assignment_id == broken).values(channel="email")
        await tx.tx.connection.execute(mended)
    assert sorted(message.channel for message in await world.stored()) == [Channel.EMAIL, Channel.EMAIL, Channel.SMS]
    await step(world, sender, MINUTE)
    assert [message.channel for message in await world.stored()].count(Channel.SMS) == 2
