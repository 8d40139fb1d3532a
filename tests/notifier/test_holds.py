"""Holds: what opens them, what waits behind them, who shares them, and how they end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.hold import (
    NOTHING,
    Barred,
    Kind,
    Scope,
    a_hold,
    barred,
    breaker,
)
from services.notifier.domain.notification import Channel, Purpose, State
from shared.clock import utc_now
from shared.events import NotificationFailed
from tests.notifier.heard import offered, recalled
from tests.notifier.holding import AUTH, DAYS, EMAIL_WAY, drain, in_its_own_right, standing, stop
from tests.notifier.test_store import claim, plan
from tests.notifier.world import (
    ALL,
    EMAIL,
    IDS,
    NOON,
    SERVICE,
    WAY_NAMES,
    ScriptedSender,
    World,
    a_notification,
    an_offer,
)

CONFIG = SendFailed(Failure.CONFIG, "400 BadRequestError")


def an_id(number: int) -> UUID:
    return uuid5(IDS, f"number {number}")


async def test_a_hold_stands_once_until_it_ends(world: World) -> None:
    first = await stop(world, Scope.WAY, EMAIL_WAY)
    async with world.begin() as tx:
        again = a_hold(Scope.WAY, EMAIL_WAY, Kind.STOPPED, "other", utc_now(), by="cru-duty-3")
        assert not await tx.holds.open(again)
        assert await tx.holds.open(breaker(EMAIL_WAY, AUTH, utc_now()))
        assert await tx.holds.end(first.id, utc_now(), "mended", "cru-duty-2")
        assert not await tx.holds.end(first.id, utc_now(), "mended", "cru-duty-2")
        assert await tx.holds.get(first.id) is None
        assert await tx.holds.open(again)
    assert {(hold.kind, hold.reason) for hold in await standing(world)} == {
        (Kind.BREAKER, "auth"),
        (Kind.STOPPED, "other"),
    }


MESSAGES = {
    "an e-mail": a_notification(),
    "a text": a_notification(channel=Channel.SMS, address="07700 900001"),
    "a webhook": a_notification(channel=Channel.WEBHOOK, address="https://hooks.example/a"),
    "a safe e-mail": a_notification(offer=an_offer(safe_contact_only=True)),
    "a recall": a_notification(purpose=Purpose.RECALL),
}


@pytest.mark.parametrize(
    ("scope", "subject", "address", "kept"),
    [
        (Scope.EVERYTHING, "", "", set(MESSAGES)),
        (Scope.WAY, EMAIL_WAY, "", {"an e-mail", "a safe e-mail", "a recall"}),
        (Scope.WAY, "email-by-another", "", set()),
        (Scope.TEMPLATE, "offer.email", "", {"an e-mail"}),
        (Scope.TEMPLATE, "offer-safe.email", "", {"a safe e-mail"}),
        (Scope.TEMPLATE, "offer.text", "", {"a text"}),
        (Scope.SERVICE, SERVICE, "", set(MESSAGES)),
        (Scope.SERVICE, "svc-another", "", set()),
        (Scope.WEBHOOK, SERVICE, "https://hooks.example/a", {"a webhook"}),
        (Scope.WEBHOOK, SERVICE, "https://hooks.example/b", set()),
    ],
)
async def test_each_scope_keeps_back_its_own_and_the_database_says_the_same_as_the_rule(
    world: World, scope: Scope, subject: str, address: str, kept: set[str]
) -> None:
    held = barred([a_hold(scope, subject, Kind.STOPPED, "trial", NOON, address=address)], WAY_NAMES)
    assert {name for name, message in MESSAGES.items() if held.keeps(message)} == kept
    for name, message in MESSAGES.items():
        async with world.begin() as tx:
            stored = in_its_own_right(message, name)
            await tx.notifications.add(stored)
            assert (await tx.holds.backlog(held)).count == held.keeps(message)
            claims = await tx.notifications.claim(ALL, utc_now(), held)
            assert len(claims) == (not held.keeps(message))
            await tx.notifications.save(replace(stored, state=State.SKIPPED))


def test_without_a_hold_nothing_is_kept() -> None:
    assert barred([], WAY_NAMES) == NOTHING == Barred()
    assert not any(NOTHING.keeps(message) for message in MESSAGES.values())


async def test_a_template_that_the_provider_refuses_is_parked_and_the_others_go_on(world: World) -> None:
    await world.hear(offered(name="one"), offered(name="two"))
    await drain(world, ScriptedSender([CONFIG]))
    await world.hear(offered(name="three"), offered(name="safe", safe_contact_only=True))
    sender = ScriptedSender()
    await drain(world, sender)
    assert [message.template for message in sender.taken] == ["offer-safe.email@2"]
    [parked] = await standing(world)
    assert (parked.scope, parked.subject, parked.kind, parked.reason) == (
        Scope.TEMPLATE,
        "offer.email",
        Kind.PARKED,
        "config",
    )
    async with world.begin() as tx:
        await tx.holds.end(parked.id, utc_now(), "mended", "cru-duty-2")
    await drain(world, sender)
    assert {stored.state for stored in await world.stored()} == {State.SENT}


@pytest.mark.parametrize("code", ["no-gateway", "text-too-long"])
async def test_what_is_no_fault_of_the_template_fails_alone(world: World, code: str) -> None:
    await world.hear(offered(channels=("sms",)))
    await world.worker(ScriptedSender(), ScriptedSender([SendFailed(Failure.CONFIG, code)])).run_once()
    assert await standing(world) == []
    assert [type(event) for event in await world.published()] == [NotificationFailed]


async def test_a_url_that_is_gone_stays_so_for_every_process_until_the_directory_names_another(
    open_world: Callable[[], World],
) -> None:
    world = open_world()
    gone, new = "https://hooks.example/gone", "https://hooks.example/new"

    async def plan_hook(name: str, url: str) -> None:
        async with world.begin() as tx:
            hook = a_notification(channel=Channel.WEBHOOK, address=url, planned_at=utc_now())
            await tx.notifications.add(in_its_own_right(hook, name))

    await plan_hook("1", gone)
    refused = ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT, "410")])
    await world.worker(ScriptedSender(), hook=refused).run_once()
    await plan_hook("2", gone)
    await plan_hook("3", new)
    later = ScriptedSender()
    await open_world().worker(ScriptedSender(), hook=later).run_once()
    assert [message.to for message in later.taken] == [new]
    [disabled] = await standing(world)
    assert (disabled.scope, disabled.subject, disabled.reason) == (Scope.WEBHOOK, SERVICE, "gone")


async def test_a_daily_limit_is_one_hold_until_the_provider_counts_anew(world: World) -> None:
    await world.hear(*(offered(name=f"offer {number}", priority="P4", due_in=DAYS) for number in range(20)))
    sender = ScriptedSender([SendFailed(Failure.DAILY_CAP, "429 TooManyRequestsError")] * 8)
    await drain(world, sender)
    assert sender.taken == []
    [capped] = await standing(world)
    assert (capped.reason, capped.subject) == ("daily_cap", EMAIL_WAY)
    assert capped.probe_at is not None
    assert (capped.probe_at.hour, capped.probe_at.minute) == (0, 5)


@pytest.mark.parametrize("scope", [Scope.EVERYTHING, Scope.WAY])
async def test_what_is_urgent_and_held_is_marked_so_that_it_can_be_told_another_way(world: World, scope: Scope) -> None:
    await stop(world, scope, EMAIL_WAY if scope is Scope.WAY else "")
    await world.hear(offered(name="urgent", priority="P2"), offered(name="routine", priority="P3"))
    await drain(world, ScriptedSender())
    reasons = {stored.offer.priority: (stored.state, stored.reason) for stored in await world.stored()}
    assert reasons == {"P2": (State.QUEUED, "held"), "P3": (State.QUEUED, None)}


async def test_what_is_held_ends_with_its_offer(world: World) -> None:
    await stop(world, Scope.EVERYTHING)
    await world.hear(offered(), recalled())
    async with world.begin() as tx:
        assert (await tx.holds.backlog(Barred(everything=True))).count == 0
    assert [(stored.state, stored.reason) for stored in await world.stored()] == [(State.SKIPPED, "recalled")]


async def test_the_nearest_deadline_is_claimed_first_of_equals(world: World) -> None:
    await plan(world, "urgent", priority="P1")
    async with world.begin() as tx:
        for name, hours in (("late", 30), ("soon", 3)):
            offer = an_offer(assignment_id=an_id(hours), reply_by=NOON + timedelta(hours=hours))
            await tx.notifications.add(replace(a_notification(offer=offer), address=f"{name}-{EMAIL}"))
        first, second, third = await tx.notifications.claim(ALL, utc_now())
    assert first.notification.offer.priority == "P1"
    assert second.notification.offer.reply_by < third.notification.offer.reply_by
    assert await claim(world) == []
