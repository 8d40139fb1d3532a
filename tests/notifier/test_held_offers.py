"""A routine offer that waits long behind a hold is told another way, so that silence is never that of the untold."""

from collections import Counter
from datetime import timedelta

import pytest

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.hold import Hold, Kind, Scope, a_hold
from services.notifier.domain.notification import Channel, State
from shared.events import NotificationExhausted, NotificationUnconfirmed, Priority
from tests.notifier.heard import offered
from tests.notifier.test_ladder import HOUR, MINUTE, rungs, silent, step, told
from tests.notifier.world import EMAIL, MOBILE, OFFICE, PHONE, WAY_NAMES, ScriptedSender, World

EMAIL_WAY = WAY_NAMES[Channel.EMAIL]
DAYS = timedelta(days=3)


async def stop_emails(world: World) -> Hold:
    async with world.begin() as tx:
        held = a_hold(Scope.WAY, EMAIL_WAY, Kind.STOPPED, "tried_out", await tx.present())
        await tx.holds.open(held)
    return held


async def let_go(world: World, held: Hold) -> None:
    async with world.begin() as tx:
        await tx.holds.end(held.id, await tx.present(), "mended", None)


async def wait(world: World, span: timedelta) -> ScriptedSender:
    """`span` goes by, and the loops go round: claim, climb, send."""
    sender = silent()
    await world.pass_time(span)
    await world.worker(sender, sender).run_once()
    await step(world, sender, timedelta())
    return sender


@pytest.mark.parametrize(("priority", "patience"), [("P3", HOUR), ("P4", 4 * HOUR)])
async def test_a_held_offer_goes_another_way_after_its_patience_and_not_before(
    world: World, priority: Priority, patience: timedelta
) -> None:
    await stop_emails(world)
    await world.hear(offered(priority=priority, due_in=DAYS))
    await wait(world, patience - MINUTE)
    assert await rungs(world) == [(Channel.EMAIL, EMAIL, State.QUEUED)]
    await wait(world, MINUTE)
    assert await rungs(world) == [(Channel.EMAIL, EMAIL, State.QUEUED), (Channel.SMS, MOBILE, State.SENT)]
    assert len(await told(world, NotificationUnconfirmed)) == 1


async def test_a_breaker_whose_probes_keep_failing_holds_its_one_message_no_longer(world: World) -> None:
    await world.hear(offered(due_in=DAYS))
    failing = ScriptedSender([SendFailed(Failure.AUTH, "535 5.7.8")] * 9)
    await world.worker(failing).run_once()
    for _ in range(5):
        await world.pass_time(HOUR / 4)
        await world.worker(failing).run_once()
    await step(world, silent(), timedelta())
    assert (Channel.SMS, MOBILE, State.SENT) in await rungs(world)


async def test_a_day_behind_a_hold_leads_to_a_call_and_to_a_person(world: World) -> None:
    held = await stop_emails(world)
    await world.hear(offered(due_in=DAYS))
    for _ in range(24):
        await wait(world, HOUR)
    assert await rungs(world) == [
        (Channel.EMAIL, EMAIL, State.QUEUED),
        (Channel.SMS, MOBILE, State.SENT),
        (Channel.EMAIL, OFFICE, State.QUEUED),
        (Channel.PHONE, PHONE, State.AWAITING_CALL),
    ]
    assert len(await told(world, NotificationExhausted)) == 1
    await let_go(world, held)
    await wait(world, HOUR)
    sent = Counter((each.purpose, each.channel, each.contact) for each in await world.stored())
    assert set(sent.values()) == {1}
    assert [state for _, _, state in await rungs(world)] == [State.SENT] * 3 + [State.AWAITING_CALL]


async def test_what_drains_in_time_is_told_once_and_no_other_way(world: World) -> None:
    held = await stop_emails(world)
    await world.hear(offered(due_in=DAYS))
    await wait(world, HOUR / 2)
    await let_go(world, held)
    sender = await wait(world, timedelta())
    assert len(sender.taken) == 1
    assert await rungs(world) == [(Channel.EMAIL, EMAIL, State.SENT)]


async def test_only_the_time_behind_the_hold_counts(world: World) -> None:
    await world.hear(offered(due_in=DAYS))
    await world.pass_time(2 * HOUR)
    await stop_emails(world)
    await wait(world, HOUR / 2)
    assert await rungs(world) == [(Channel.EMAIL, EMAIL, State.QUEUED)]
    await wait(world, HOUR / 2)
    assert (Channel.SMS, MOBILE, State.SENT) in await rungs(world)
