"""What is planned when something is offered, taken back or cancelled."""

import json
from datetime import timedelta

import pytest

from services.notifier.configuration import documents_from
from services.notifier.consumers import subscriptions
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.notification import Channel, Purpose, State
from services.notifier.use_cases.planning import PlanOffer, RecallOffer, StopOffer, StopReferral
from shared.document_set import Documents
from shared.envelope import Record, headers_for
from shared.errors import Unavailable
from shared.events import AssignmentOffered, NotificationFailed, NotificationSent, Topic
from shared.inbox import Inbox
from tests.notifier.heard import cancelled, moved, offered, recalled, reminded
from tests.notifier.world import (
    CAUSE,
    EMAIL,
    MOBILE,
    ORIGIN,
    PHONE,
    REFERRAL,
    SERVICE,
    ScriptedSender,
    World,
    keep_directory,
)

HOOK = "https://hooks.dva.example/waymark"


@pytest.fixture
async def hooked(world: World, documents: Documents) -> World:
    """The notifier with a directory in which the service has a webhook."""
    contacts = json.loads(documents["contacts"])
    contacts[SERVICE]["webhook"] = HOOK
    await keep_directory(world.database, {**documents, "contacts": json.dumps(contacts)})
    return world


async def states(world: World) -> dict[tuple[Purpose, Channel], State]:
    return {(stored.purpose, stored.channel): stored.state for stored in await world.stored()}


async def test_an_offer_is_planned_once_for_each_of_its_channels(world: World) -> None:
    await world.hear(offered(channels=("email", "sms", "phone", "portal"), priority="P1"))
    planned = {stored.channel: stored for stored in await world.stored()}
    assert {channel: (one.state, one.address) for channel, one in planned.items()} == {
        Channel.EMAIL: (State.QUEUED, EMAIL),
        Channel.SMS: (State.QUEUED, MOBILE),
        Channel.PHONE: (State.AWAITING_CALL, PHONE),
        Channel.PORTAL: (State.POSTED, ""),
    }


async def test_an_offer_heard_a_hundred_times_is_planned_once(world: World) -> None:
    await world.hear(*[offered(channels=("email", "sms", "portal"))] * 100)
    assert len(await world.stored()) == 3
    assert len(await world.published()) == 1


async def test_an_event_delivered_twice_by_the_broker_takes_effect_once(world: World) -> None:
    event = offered(channels=("email",))
    headers = headers_for(event, CAUSE, "/waymark/router", event.offered_at, ORIGIN)
    record = Record(Topic.ASSIGNMENTS, str(REFERRAL), CAUSE, event.model_dump_json(), headers)
    inbox = Inbox(
        world.database,
        subscriptions(world.transactions, PlanOffer(), RecallOffer(), StopOffer(), StopReferral(), documents_from),
    )
    await inbox.process(record)
    await inbox.process(record)
    assert len(await world.stored()) == 1


async def test_the_portal_has_it_as_soon_as_it_is_planned(world: World) -> None:
    await world.hear(offered(channels=("portal",)))
    [told] = await world.published()
    assert isinstance(told, NotificationSent)
    assert (told.channel, told.purpose, told.sequence) == ("portal", "offer", 1)


@pytest.mark.parametrize(("service_id", "channel"), [("svc-phone-only", "email"), ("svc-unknown", "phone")])
async def test_a_contact_that_is_not_in_the_directory_is_told_as_a_failure_at_once(
    world: World, service_id: str, channel: str
) -> None:
    event = offered(service_id=service_id)
    await world.hear(event.model_copy(update={"channels": (channel,)}))
    [told] = await world.published()
    assert isinstance(told, NotificationFailed)
    assert (told.channel, told.failure, told.service_id) == (channel, "no_contact", service_id)


async def test_without_a_directory_nothing_is_planned_and_it_is_tried_again(world: World) -> None:
    async with world.begin() as tx:
        await tx.tx.connection.execute(world.database.metadata.tables["configuration"].delete())
    with pytest.raises(Unavailable):
        await world.hear(offered())
    assert await world.stored() == []


async def test_a_recall_stops_what_has_not_been_sent_and_tells_nobody(world: World) -> None:
    await world.hear(offered(channels=("email", "phone")), recalled())
    assert await states(world) == {
        (Purpose.OFFER, Channel.EMAIL): State.SKIPPED,
        (Purpose.OFFER, Channel.PHONE): State.SKIPPED,
    }
    assert {stored.reason for stored in await world.stored()} == {"recalled"}


async def test_a_recall_tells_those_who_were_told_and_only_once(world: World) -> None:
    await world.hear(offered(channels=("email", "sms", "portal")))
    sender = ScriptedSender()
    await world.worker(sender, sender).run_once()
    await world.hear(recalled(), recalled())
    assert (await states(world)) == {
        (Purpose.OFFER, Channel.EMAIL): State.SENT,
        (Purpose.OFFER, Channel.SMS): State.SENT,
        (Purpose.OFFER, Channel.PORTAL): State.POSTED,
        (Purpose.RECALL, Channel.EMAIL): State.QUEUED,
        (Purpose.RECALL, Channel.SMS): State.QUEUED,
    }
    assert len(await world.stored()) == 5


async def test_an_offer_that_comes_after_its_recall_is_not_sent(world: World) -> None:
    await world.hear(recalled(), offered())
    assert await states(world) == {(Purpose.OFFER, Channel.EMAIL): State.SKIPPED}


async def test_a_recall_of_another_assignment_changes_nothing(world: World) -> None:
    await world.hear(offered(name="one"), recalled(name="two"))
    assert await states(world) == {(Purpose.OFFER, Channel.EMAIL): State.QUEUED}


async def test_a_cancelled_referral_stops_all_of_its_assignments_also_later_ones(world: World) -> None:
    await world.hear(offered(name="before", channels=("email", "phone")), cancelled(), offered(name="after"))
    assert [(stored.state, stored.reason) for stored in await world.stored()] == [(State.SKIPPED, "cancelled")] * 3


async def test_whom_to_tell_of_a_cancellation_is_left_to_the_routers_recall(world: World) -> None:
    await world.hear(offered())
    await world.worker(ScriptedSender()).run_once()
    await world.hear(cancelled())
    assert await states(world) == {(Purpose.OFFER, Channel.EMAIL): State.SENT}
    await world.hear(recalled())
    assert (Purpose.RECALL, Channel.EMAIL) in await states(world)


async def test_whatever_else_an_event_holds_is_not_kept(world: World) -> None:
    canary = "Canary Mouse, 1 Example Street, 07700 900999"
    grown = AssignmentOffered.model_validate({**offered().model_dump(), "resident_name": canary, "note": canary})
    await world.hear(grown)
    sender = ScriptedSender()
    await world.worker(sender).run_once()
    kept = repr([await world.stored_with_attempts(), sender.taken, await world.published()])
    assert "Canary" not in kept


async def test_what_is_planned_rings_the_delivery_loops(world: World) -> None:
    rung: list[str] = []

    class Bell:
        def set(self) -> None:
            rung.append("rung")

    world.database.bells.append(Bell())  # type: ignore[arg-type]  # of an Event only set() is used
    await world.hear(offered(channels=("portal",)))
    assert rung == []
    await world.hear(offered(channels=("email",)))
    assert rung == ["rung"]


async def test_the_deadline_and_the_facts_of_the_offer_are_kept(world: World) -> None:
    event = offered(priority="P2", safe_contact_only=True, due_in=timedelta(hours=3))
    await world.hear(event)
    [stored] = await world.stored()
    assert json.loads(event.model_dump_json(include={"needs"})) == {"needs": list(stored.offer.needs)}
    assert (stored.offer.reply_by, stored.offer.priority) == (event.due_at, "P2")
    assert stored.offer.safe_contact_only


async def test_its_messages_say_to_reply_before_others_are_asked(world: World) -> None:
    event = offered(priority="P2", due_in=timedelta(hours=4))
    asked_until = event.due_at - timedelta(hours=1)
    await world.hear(event.model_copy(update={"answer_by": asked_until}))
    assert (await world.only()).offer.reply_by == asked_until


async def test_a_recall_that_waits_is_told_even_if_the_referral_is_cancelled_and_recalled_again(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender()
    await world.worker(sender).run_once()
    await world.hear(recalled(), cancelled(), recalled())
    await world.worker(sender).run_once()
    assert [message.template for message in sender.taken] == ["offer.email@2", "recall.email@1"]


async def test_a_services_webhook_is_told_of_offer_and_recall_besides_the_channels_chosen(hooked: World) -> None:
    await hooked.hear(offered(channels=("email",)))
    assert await states(hooked) == {
        (Purpose.OFFER, Channel.EMAIL): State.QUEUED,
        (Purpose.OFFER, Channel.WEBHOOK): State.QUEUED,
    }
    email, hook = ScriptedSender(), ScriptedSender()
    await hooked.worker(email, hook=hook).run_once()
    await hooked.hear(recalled())
    await hooked.worker(email, hook=hook).run_once()
    assert [message.template for message in email.taken] == ["offer.email@2", "recall.email@1"]
    assert [message.template for message in hook.taken] == ["offer.webhook@1", "recall.webhook@1"]
    assert {message.to for message in hook.taken} == {HOOK}
    told = [event for event in await hooked.published() if isinstance(event, NotificationSent)]
    assert sorted(event.channel for event in told) == ["email", "email", "webhook", "webhook"]


async def test_a_webhook_that_cannot_be_told_leaves_the_other_channels_alone(hooked: World) -> None:
    await hooked.hear(offered(channels=("email",)))
    failing = ScriptedSender([SendFailed(Failure.CONFIG, "no-secret")])
    await hooked.worker(ScriptedSender(), hook=failing).run_once()
    assert await states(hooked) == {
        (Purpose.OFFER, Channel.EMAIL): State.SENT,
        (Purpose.OFFER, Channel.WEBHOOK): State.FAILED,
    }


async def test_a_webhook_of_an_offer_that_was_recalled_first_is_not_posted(hooked: World) -> None:
    await hooked.hear(recalled(), offered(channels=("portal",)))
    assert (await states(hooked))[Purpose.OFFER, Channel.WEBHOOK] is State.SKIPPED


@pytest.mark.parametrize(
    ("to_state", "reason"),
    [("accepted", "answered"), ("declined", "ended"), ("handed_back", "ended"), ("done", "ended")],
)
async def test_an_answer_stops_what_has_not_been_sent_and_tells_nobody(
    world: World, to_state: str, reason: str
) -> None:
    await world.hear(offered(channels=("email", "phone")))
    await world.hear(moved(to_state), offered(channels=("sms",)))
    told = [stored for stored in await world.stored() if stored.purpose is Purpose.OFFER]
    assert [(stored.state, stored.reason) for stored in told] == [(State.SKIPPED, reason)] * 3
    others = {stored.purpose for stored in await world.stored()} - {Purpose.OFFER}
    assert others == ({Purpose.CONFIRMATION} if to_state == "accepted" else set())


async def test_to_look_at_an_offer_stops_nothing(world: World) -> None:
    await world.hear(offered(), moved("opened"))
    assert await states(world) == {(Purpose.OFFER, Channel.EMAIL): State.QUEUED}


async def test_who_accepted_is_not_told_that_the_offer_has_gone(world: World) -> None:
    await world.hear(offered(channels=("email",)))
    await world.worker(ScriptedSender()).run_once()
    await world.hear(moved("accepted"))
    assert await states(world) == {
        (Purpose.OFFER, Channel.EMAIL): State.SENT,
        (Purpose.CONFIRMATION, Channel.EMAIL): State.QUEUED,
    }


async def test_who_said_nothing_is_told_that_the_offer_has_gone(world: World) -> None:
    await world.hear(offered(channels=("email", "phone")))
    await world.worker(ScriptedSender()).run_once()
    await world.hear(moved("expired"))
    assert await states(world) == {
        (Purpose.OFFER, Channel.EMAIL): State.SENT,
        (Purpose.OFFER, Channel.PHONE): State.SKIPPED,
        (Purpose.RECALL, Channel.EMAIL): State.QUEUED,
    }


async def test_a_reminder_is_sent_once_over_the_channels_by_which_the_offer_was_told(world: World) -> None:
    await world.hear(offered(channels=("email", "sms", "portal")))
    sender = ScriptedSender()
    await world.worker(sender, sender).run_once()
    await world.hear(*[reminded(channels=("email", "sms", "portal"))] * 2)
    await world.worker(sender, sender).run_once()
    sent = sorted(message.template for message in sender.taken)
    assert sent == ["offer.email@2", "offer.text@1", "reminder.email@3", "reminder.text@1"]


async def test_whom_the_offer_has_not_reached_yet_needs_no_reminder(world: World) -> None:
    await world.hear(offered(channels=("email", "phone")), reminded(channels=("email", "phone")))
    assert {purpose for purpose, _ in await states(world)} == {Purpose.OFFER}


async def test_a_reminder_that_comes_after_the_answer_is_not_sent(world: World) -> None:
    await world.hear(moved("accepted"), reminded())
    assert await states(world) == {(Purpose.REMINDER, Channel.EMAIL): State.SKIPPED}


async def test_an_answer_stops_a_reminder_that_has_not_been_sent(world: World) -> None:
    await world.hear(reminded(), moved("accepted"))
    assert (await states(world))[Purpose.REMINDER, Channel.EMAIL] is State.SKIPPED
