"""Services are asked to confirm their capacity, once for each step, by e-mail or else by text."""

import json
from datetime import timedelta
from typing import Literal

from services.notifier.domain.notification import Channel, Purpose, State
from shared.document_set import Documents
from shared.events import ServiceUnconfirmed
from tests.notifier.world import EMAIL, MOBILE, NOON, SERVICE, World, keep_directory


def unconfirmed(step: Literal["limited", "paused"] = "limited") -> ServiceUnconfirmed:
    return ServiceUnconfirmed(
        service_id=SERVICE,
        service_name="DVA shopping",
        organization_id="org-dva",
        organization_name="DVA",
        step=step,
        confirmed_at=NOON - timedelta(days=11),
        decays_at=NOON + timedelta(days=3),
        reminded_at=NOON,
    )


async def test_a_service_is_asked_once_for_each_step(world: World) -> None:
    await world.hear(unconfirmed(), unconfirmed(), unconfirmed("paused"))
    stored = await world.stored()
    assert [(one.purpose, one.channel, one.address, one.state) for one in stored] == [
        (Purpose.CAPACITY, Channel.EMAIL, EMAIL, State.QUEUED)
    ] * 2


async def test_a_text_is_sent_only_where_there_is_no_address(world: World, documents: Documents) -> None:
    contacts = json.loads(documents["contacts"])
    del contacts[SERVICE]["email"]
    await keep_directory(world.database, {**documents, "contacts": json.dumps(contacts)})
    await world.hear(unconfirmed())
    [asked] = await world.stored()
    assert (asked.channel, asked.address) == (Channel.SMS, MOBILE)


async def test_a_service_that_cannot_be_asked_is_seen_to_have_failed(world: World, documents: Documents) -> None:
    await keep_directory(world.database, {**documents, "contacts": json.dumps({})})
    await world.hear(unconfirmed())
    [asked] = await world.stored()
    assert (asked.state, asked.reason) == (State.FAILED, "no_contact")
    assert await world.published() == []
