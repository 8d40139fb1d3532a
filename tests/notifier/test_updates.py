"""What residents and referrers are told: once, if intake still agrees, and with their address kept nowhere."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid5

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from services.notifier import api
from services.notifier.channels.texts import FileTexts
from services.notifier.configuration import documents_from
from services.notifier.consumers import subscriptions
from services.notifier.domain.failure import Failure, NotAddressed, SendFailed, Withheld
from services.notifier.domain.message import Email, Text
from services.notifier.domain.notification import State
from services.notifier.domain.update import NOTICES
from services.notifier.store.mailbox import Mailbox
from services.notifier.use_cases.calls import RecordCall
from services.notifier.use_cases.planning import PlanOffer, RecallOffer, StopOffer, StopReferral
from shared import problems
from shared.clock import new_id, utc_now
from shared.envelope import Record, headers_for
from shared.events import AnyEvent, NotificationSent, Topic, UpdateDropped, UpdateSent
from shared.http import Edge
from shared.idempotency import Idempotency, Unsealed
from shared.inbox import Inbox
from tests.notifier.conftest import OpenWorld
from tests.notifier.heard import cancelled, offered, update_due
from tests.notifier.world import (
    CAUSE,
    EXPIRED,
    ORIGIN,
    REFERRAL,
    ScriptedContacts,
    ScriptedSender,
    World,
)

SAM = "sam.otterburn@planted.example"
AWAY = NotAddressed(Failure.TRANSIENT, "intake-away")


async def everything_stored(world: World) -> str:
    """Every row of every table, as text."""
    async with world.begin() as tx:
        tables = world.database.metadata.sorted_tables
        rows = [row for table in tables for row in await tx.tx.connection.execute(select(table))]
    return "\n".join(map(repr, rows))


def inbox_of(world: World) -> Inbox:
    heard = subscriptions(world.transactions, PlanOffer(), RecallOffer(), StopOffer(), StopReferral(), documents_from)
    return Inbox(world.database, heard)


def record_of(event: AnyEvent, number: int) -> Record:
    """The event as the broker has it; each number is another event that says the same."""
    event_id = uuid5(CAUSE, str(number))
    headers = headers_for(event, event_id, "/waymark/intake", utc_now(), ORIGIN)
    return Record(Topic.REFERRALS, str(REFERRAL), event_id, event.model_dump_json(), headers)


def kinds(events: list[AnyEvent]) -> list[type[AnyEvent]]:
    return [type(event) for event in events]


async def test_a_person_is_told_at_the_address_that_intake_gives_and_it_is_not_kept(world: World) -> None:
    await world.hear(update_due())
    sender = ScriptedSender()
    await world.worker(sender, contacts=ScriptedContacts(SAM)).run_once()
    [letter] = sender.taken
    assert (letter.to, letter.template) == (SAM, "received.email@1")
    [stored] = await world.stored()
    assert (stored.state, stored.address, stored.contact) == (State.SENT, "", "resident")
    assert kinds(await world.published()) == [UpdateSent]
    assert "otterburn" not in await everything_stored(world)


async def test_whoever_keeps_a_copy_keeps_no_address(world: World, tmp_path: Path) -> None:
    await world.hear(update_due(), update_due(name="other", audience="referrer", channel="sms"))
    mailbox, texts = Mailbox(world.database), FileTexts(tmp_path / "texts.jsonl")
    await world.worker(mailbox, texts, contacts=ScriptedContacts(SAM)).run_once()
    [letter] = await mailbox.newest(10)
    assert letter.recipient == "resident of 7K3M-2QX"
    assert json.loads(texts.path.read_text())["to"] == "referrer of 7K3M-2QX"
    assert "otterburn" not in await everything_stored(world)


async def test_what_a_partner_gets_is_kept_with_its_address(world: World) -> None:
    await world.hear(offered())
    mailbox = Mailbox(world.database)
    await world.worker(mailbox).run_once()
    assert [letter.recipient for letter in await mailbox.newest(10)] == ["referrals+dva-doorstep@dva.example"]


async def test_the_same_update_however_often_it_is_heard_is_one_message(open_world: OpenWorld) -> None:
    world, other = open_world(), open_world()
    again = [record_of(update_due(), number) for number in range(3)]
    inboxes = [inbox_of(each) for each in (world, other)]
    await asyncio.gather(*(inbox.process(record) for inbox in inboxes for record in (*again, *again)))
    sender = ScriptedSender()
    await asyncio.gather(*(each.worker(sender).run_once() for each in (world, other)))
    assert len(sender.taken) == 1
    assert kinds(await world.published()) == [UpdateSent]


async def test_what_intake_withholds_is_skipped_with_its_reason_and_nothing_is_sent(world: World) -> None:
    await world.hear(update_due())
    sender = ScriptedSender()
    worker = world.worker(sender, contacts=ScriptedContacts(script=[Withheld("not_agreed")]))
    await worker.run_once()
    await worker.run_once()
    assert sender.taken == []
    [(stored, [attempt])] = await world.stored_with_attempts()
    assert (stored.state, stored.reason, attempt.outcome) == (State.SKIPPED, "not_agreed", "not_tried")
    [dropped] = await world.published()
    assert isinstance(dropped, UpdateDropped)
    assert dropped.reason == "not_agreed"


async def test_while_intake_is_away_a_message_waits_and_is_not_lost(world: World) -> None:
    await world.hear(update_due(), offered())
    sender = ScriptedSender()
    worker = world.worker(sender, contacts=ScriptedContacts(SAM, [AWAY, AWAY]))
    for _ in range(3):
        await worker.run_once()
        await world.make_due()
    assert sorted(message.to for message in sender.taken) == ["referrals+dva-doorstep@dva.example", SAM]
    update = next(each for each in await world.stored_with_attempts() if each[0].is_update)
    assert [(attempt.outcome, attempt.code) for attempt in update[1]] == [
        ("transient", "intake-away"),
        ("transient", "intake-away"),
        ("sent", None),
    ]


async def test_texts_to_many_people_are_not_counted_as_texts_to_one(world: World) -> None:
    await world.hear(*(update_due(name=str(number), channel="sms") for number in range(60)))
    texts = ScriptedSender()
    worker = world.worker(ScriptedSender(), texts)
    while await worker.run_once():
        pass
    assert len(texts.taken) == 60


async def test_an_intake_that_cannot_be_asked_says_nothing_of_the_way_out(world: World) -> None:
    many = [update_due(name=str(number)) for number in range(12)]
    await world.hear(*many)
    faults: list[SendFailed | Withheld] = [
        *[AWAY] * 6,
        *[NotAddressed(Failure.AUTH, "intake-401")] * 3,
        *[NotAddressed(Failure.CONFIG, "intake-none")] * 2,
        Withheld("not_agreed"),
    ]
    worker = world.worker(ScriptedSender(), contacts=ScriptedContacts(script=faults))
    while await worker.run_once():
        pass
    async with world.begin() as tx:
        assert await tx.holds.standing() == []
    sender = ScriptedSender([SendFailed(Failure.TRANSIENT, "421 4.3.2")])
    await world.hear(offered())
    await world.worker(sender).run_once()
    async with world.begin() as tx:
        assert await tx.holds.standing() == []


async def test_a_cancelled_referral_stops_what_waits_but_not_the_last_word(world: World) -> None:
    await world.hear(update_due(), cancelled(), update_due("cancelled", name="last"), update_due("done", name="late"))
    sender = ScriptedSender()
    await world.worker(sender).run_once()
    assert [message.template for message in sender.taken] == ["cancelled.email@1"]
    stored = {each.purpose.value: (each.state, each.reason) for each in await world.stored()}
    assert stored["received"] == stored["done"] == (State.SKIPPED, "cancelled")
    assert kinds(await world.published()) == [UpdateDropped, UpdateDropped, UpdateSent]


async def test_a_cancellation_that_comes_while_it_is_being_sent_again_stops_it(world: World) -> None:
    await world.hear(update_due())
    await world.worker(ScriptedSender([AWAY]), lane=EXPIRED).run_once()
    await world.hear(cancelled())
    sender = ScriptedSender()
    await world.make_due()
    await world.worker(sender).run_once()
    assert sender.taken == []


async def test_one_that_may_have_arrived_is_asked_for_its_address_again_and_sent_under_the_same_id(
    world: World,
) -> None:
    await world.hear(update_due())
    lost = SendFailed(Failure.AMBIGUOUS, "lost-after-data")
    sender = ScriptedSender([lost])
    for _ in range(2):
        await world.worker(sender, contacts=ScriptedContacts(SAM)).run_once()
        await world.make_due()
    assert [message.id for message in sender.taken] == [update_due().update_id]


async def test_a_partner_is_told_as_before_and_hears_nothing_of_updates(world: World) -> None:
    await world.hear(offered(), update_due())
    await world.worker(ScriptedSender()).run_once()
    assert sorted(kind.__name__ for kind in kinds(await world.published())) == ["NotificationSent", "UpdateSent"]
    told = [event for event in await world.published() if isinstance(event, NotificationSent)]
    assert [event.service_id for event in told] == ["svc-dva-doorstep"]


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, "http://waymark.example")
    idempotency = Idempotency(world.database, Unsealed())
    app.include_router(api.routes(world.transactions, world.transactions.within, idempotency, RecordCall()))
    transport = httpx.ASGITransport(Edge(app, new_id))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_staff_see_who_was_told_by_what_way_and_no_address(world: World, client: httpx.AsyncClient) -> None:
    await world.hear(update_due("taken_on", channel="sms"))
    await world.worker(ScriptedSender(), contacts=ScriptedContacts("07700 900524")).run_once()
    answer = await client.get("/api/v1/notifications", params={"referral": "7K3M-2QX"})
    [shown] = answer.json()["notifications"]
    assert (shown["to"], shown["purpose"], shown["state"]) == ("the resident by text", "taken_on", "sent")
    assert [shown[name] for name in ("assignment_id", "service_id", "service_name", "reply_by")] == [None] * 4
    assert "900524" not in answer.text


async def test_words_and_recipient_are_all_that_a_message_holds(world: World) -> None:
    steps = [step.value for step in NOTICES]
    for step in steps:
        await world.hear(update_due(step, name=step), update_due(step, name=f"{step} text", channel="sms"))
    emails, texts = ScriptedSender(), ScriptedSender()
    while await world.worker(emails, texts).run_once():
        pass
    assert len(emails.taken) == len(texts.taken) == len(steps)
    for message in (*emails.taken, *texts.taken):
        assert isinstance(message, Email | Text)
        assert message.values["reference"] == "7K3M-2QX"
        assert set(message.values) == {"reference", "sender", "sender_in_texts", "help_phone", "hours"}
        assert "http" not in message.text
