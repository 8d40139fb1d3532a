"""The office of a service's organisation is reminded too, where the county says so, and never twice."""

import json
from datetime import timedelta

import pytest

from services.notifier.domain.notification import Channel, Purpose, State
from shared.document_set import Documents
from shared.events import AssignmentReminded
from tests.notifier.heard import moved, offered, recalled, reminded
from tests.notifier.world import EMAIL, OFFICE, ScriptedSender, World, keep_directory


async def told(world: World, purpose: Purpose) -> list[tuple[str, State]]:
    return sorted((each.address, each.state) for each in await world.stored() if each.purpose is purpose)


async def sent_offer(world: World) -> None:
    await world.hear(offered(channels=("email",)))
    await world.worker(ScriptedSender()).run_once()


async def test_the_office_is_reminded_once_besides_the_service(world: World) -> None:
    await sent_offer(world)
    await world.hear(*[reminded(second_contact=True)] * 2)
    assert await told(world, Purpose.REMINDER) == [(OFFICE, State.QUEUED), (EMAIL, State.QUEUED)]


async def test_the_office_is_reminded_also_where_the_service_itself_has_not_been_reached_yet(world: World) -> None:
    await world.hear(offered(channels=("email",)), reminded(second_contact=True))
    assert await told(world, Purpose.REMINDER) == [(OFFICE, State.QUEUED)]


@pytest.mark.parametrize(
    "event",
    [
        reminded(),
        reminded(second_contact=True, safe_contact_only=True),
        reminded(second_contact=True, service_id="svc-phone-only"),
    ],
    ids=["the county does not want it", "contact must be safe", "it has no office"],
)
async def test_the_office_is_not_reminded(world: World, event: AssignmentReminded) -> None:
    await world.hear(event)
    assert all(each.address != OFFICE for each in await world.stored())


async def test_an_office_that_is_the_services_own_address_is_not_told_twice(world: World, documents: Documents) -> None:
    office = {"svc-dva-doorstep": {"id": "org-dva:office", "channel": "email", "address": EMAIL}}
    await keep_directory(world.database, {**documents, "offices": json.dumps(office)})
    await sent_offer(world)
    await world.hear(reminded(second_contact=True))
    assert await told(world, Purpose.REMINDER) == [(EMAIL, State.QUEUED)]


async def test_an_office_that_was_told_since_the_service_could_not_be_is_not_reminded(world: World) -> None:
    await world.hear(offered(channels=("email", "sms"), priority="P1"))
    await world.worker(ScriptedSender()).run_once()
    await world.pass_time(timedelta(minutes=15))
    await world.climb()
    await world.worker(ScriptedSender()).run_once()
    assert (OFFICE, State.SENT) in await told(world, Purpose.OFFER)
    await world.hear(reminded(second_contact=True))
    assert await told(world, Purpose.REMINDER) == [(EMAIL, State.QUEUED)]


async def test_an_office_that_has_still_to_be_told_keeps_no_reminder_from_the_service(world: World) -> None:
    await world.hear(offered(channels=("email", "sms"), priority="P1"))
    await world.worker(ScriptedSender()).run_once()
    await world.pass_time(timedelta(minutes=15))
    await world.climb()
    assert (OFFICE, State.QUEUED) in await told(world, Purpose.OFFER)
    await world.hear(reminded())
    assert await told(world, Purpose.REMINDER) == [(EMAIL, State.QUEUED)]


async def test_to_an_office_that_mail_came_back_from_nothing_is_sent(world: World) -> None:
    await sent_offer(world)
    [before] = await world.stored()
    async with world.begin() as tx:
        await tx.suppressions.add("org-dva:office", "hard_bounce", before.id, await tx.present())
    await world.hear(reminded(second_contact=True))
    assert await told(world, Purpose.REMINDER) == [(EMAIL, State.QUEUED)]


async def test_after_the_answer_the_office_is_not_reminded(world: World) -> None:
    await world.hear(moved("accepted"), reminded(second_contact=True))
    assert {state for _, state in await told(world, Purpose.REMINDER)} == {State.SKIPPED}


async def test_an_office_that_was_reminded_is_told_that_the_offer_has_gone(world: World) -> None:
    await sent_offer(world)
    await world.hear(reminded(second_contact=True))
    await world.worker(ScriptedSender()).run_once()
    await world.hear(recalled())
    recalls = [each for each in await world.stored() if each.purpose is Purpose.RECALL]
    assert {(each.channel, each.address) for each in recalls} == {(Channel.EMAIL, EMAIL), (Channel.EMAIL, OFFICE)}
