"""A way out that fails is held back, tried by probes, and drains once it works again."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.hold import (
    PROBE_EVERY_MAX,
    Kind,
    Scope,
    barred,
    breaker,
    next_probe_at,
)
from services.notifier.domain.message import Receipt
from services.notifier.domain.notification import Channel, State
from shared.clock import utc_now
from shared.events import NotificationSent
from tests.notifier.heard import offered
from tests.notifier.holding import (
    AUTH,
    DAYS,
    EMAIL_WAY,
    TRANSIENT,
    drain,
    in_its_own_right,
    make_probes_due,
    standing,
    stop,
)
from tests.notifier.world import (
    ALL,
    NOON,
    WAY_NAMES,
    ScriptedSender,
    World,
    a_notification,
    an_offer,
)

MAILBOX_FULL = SendFailed(Failure.TRANSIENT, "450 4.2.2")


def test_probes_come_every_thirty_seconds_at_first_and_then_less_often() -> None:
    opened = breaker(EMAIL_WAY, AUTH, NOON)
    assert opened.probe_at == NOON + timedelta(seconds=30)
    waits = [(next_probe_at(replace(opened, probes=probes), NOON) - NOON).total_seconds() for probes in range(6)]
    assert waits == [30, 60, 120, 240, 300, 300]
    assert next_probe_at(replace(opened, probes=10**6), NOON) - NOON == PROBE_EVERY_MAX


async def test_a_password_that_does_not_hold_opens_the_breaker_at_once_and_costs_no_message_its_chance(
    world: World,
) -> None:
    await world.hear(*(offered(name=f"offer {number}") for number in range(20)))
    sender = ScriptedSender([AUTH] * 8)
    await drain(world, sender)
    assert (sender.script, sender.taken) == ([], [])
    [opened] = await standing(world)
    assert (opened.kind, opened.subject, opened.reason, opened.code) == (Kind.BREAKER, EMAIL_WAY, "auth", "535 5.7.8")
    assert {stored.state for stored in await world.stored()} == {State.QUEUED}
    assert await world.published() == []
    # The password is mended: the probe gets through, and the rest after it.
    await make_probes_due(world)
    await drain(world, sender)
    await drain(world, sender)
    assert len(sender.taken) == 20
    assert await standing(world) == []
    assert {type(event) for event in await world.published()} == {NotificationSent}


async def test_five_failures_of_the_way_within_a_minute_open_the_breaker_and_four_do_not(world: World) -> None:
    await world.hear(*(offered(name=f"offer {number}") for number in range(5)))
    sender = ScriptedSender([TRANSIENT] * 4)
    await world.worker(sender, lane=replace(ALL, width=4)).run_once()
    assert await standing(world) == []
    sender.script.append(TRANSIENT)
    await world.worker(sender, lane=replace(ALL, width=1)).run_once()
    assert [hold.reason for hold in await standing(world)] == ["transient"]


async def test_full_mailboxes_say_nothing_of_the_way(world: World) -> None:
    await world.hear(*(offered(name=f"offer {number}") for number in range(8)))
    await world.worker(ScriptedSender([MAILBOX_FULL] * 8)).run_once()
    assert await standing(world) == []


async def test_services_own_systems_have_no_breaker(world: World) -> None:
    for number in range(8):
        async with world.begin() as tx:
            hook = a_notification(
                channel=Channel.WEBHOOK, planned_at=utc_now(), offer=an_offer(reply_by=utc_now() + DAYS)
            )
            await tx.notifications.add(in_its_own_right(hook, str(number)))
    await world.worker(ScriptedSender(), hook=ScriptedSender([TRANSIENT] * 8)).run_once()
    assert await standing(world) == []


async def test_a_probe_that_fails_keeps_the_breaker_open_and_only_one_message_tries(world: World) -> None:
    await world.hear(*(offered(name=f"offer {number}") for number in range(12)))
    await drain(world, ScriptedSender([AUTH] * 8))
    await make_probes_due(world)
    sender = ScriptedSender([AUTH])
    await drain(world, sender)
    assert (sender.script, sender.taken) == ([], [])
    [still] = await standing(world)
    assert still.probes == 1
    assert still.probe_at is not None
    assert still.probe_at > utc_now()


async def test_a_probe_that_is_refused_for_what_it_is_shows_that_the_way_works(world: World) -> None:
    await world.hear(offered(name="one"), offered(name="two"))
    await drain(world, ScriptedSender([AUTH] * 2))
    await make_probes_due(world)
    sender = ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT, "550 5.1.1")])
    await drain(world, sender)
    await drain(world, sender)
    assert await standing(world) == []
    assert sorted(stored.state for stored in await world.stored()) == [State.FAILED, State.SENT]


async def test_a_flapping_provider_loses_nothing_and_sends_nothing_twice(world: World) -> None:
    await world.hear(*(offered(name=f"offer {number}", due_in=DAYS) for number in range(40)))
    sender = Flapping()
    for _ in range(30):
        await make_probes_due(world)
        await world.make_due()
        await world.worker(sender).run_once()
    assert {stored.state for stored in await world.stored()} == {State.SENT}
    assert sorted(sender.sent) == sorted({str(stored.id) for stored in await world.stored()})


class Flapping(ScriptedSender):
    """Refuses seven in a row, takes seven, and so on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.sent: list[str] = []

    async def send(self, message: object) -> Receipt:
        self.calls += 1
        if (self.calls // 7) % 2 == 0:
            raise TRANSIENT
        self.sent.append(str(getattr(message, "id")))  # noqa: B009 - one of three kinds of message, each with an id
        return Receipt("flapping")


async def test_two_processes_share_one_breaker(open_world: Callable[[], World]) -> None:
    one, other = open_world(), open_world()
    await one.hear(*(offered(name=f"offer {number}") for number in range(20)))
    await one.worker(ScriptedSender([AUTH] * 8)).run_once()
    sender = ScriptedSender()
    await drain(other, sender)
    assert sender.taken == []
    await make_probes_due(one)
    # Both see that the probe is due; one of them gets it.
    senders = [ScriptedSender([AUTH]), ScriptedSender([AUTH])]
    await asyncio.gather(one.worker(senders[0]).run_once(), other.worker(senders[1]).run_once())
    assert sorted(len(each.script) for each in senders) == [0, 1]
    assert len(await standing(other)) == 1


async def test_what_drains_leaves_by_its_deadline(world: World) -> None:
    held = await stop(world, Scope.WAY, EMAIL_WAY)
    hours = (5, 2, 9, 1, 7)
    await world.hear(*(offered(name=f"offer {hour}", due_in=timedelta(hours=hour)) for hour in hours))
    sender = ScriptedSender()
    await drain(world, sender)
    assert sender.taken == []
    async with world.begin() as tx:
        assert (await tx.holds.backlog(barred([held], WAY_NAMES))).count == 5
        await tx.holds.end(held.id, utc_now(), "mended", None)
    worker = world.worker(sender, lane=replace(ALL, width=1))
    while await worker.run_once():
        pass
    by_id = {stored.id: stored.offer.reply_by for stored in await world.stored()}
    left = [by_id[message.id] for message in sender.taken]
    assert (len(left), left) == (5, sorted(left))
