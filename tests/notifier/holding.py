"""Failures that lead to holds, and what a test does with them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid5

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.hold import (
    Hold,
    Kind,
    Scope,
    a_hold,
)
from services.notifier.domain.notification import Channel, Notification
from services.notifier.store.tables import hold as hold_table
from shared.clock import utc_now
from tests.notifier.world import (
    IDS,
    SERVICE,
    WAY_NAMES,
    ScriptedSender,
    World,
)

TRANSIENT = SendFailed(Failure.TRANSIENT, "unreachable")

AUTH = SendFailed(Failure.AUTH, "535 5.7.8")
EMAIL_WAY = WAY_NAMES[Channel.EMAIL]
DAYS = timedelta(days=3)


async def standing(world: World) -> Sequence[Hold]:
    async with world.begin() as tx:
        return await tx.holds.standing()


async def stop(world: World, scope: Scope, subject: str = "", address: str = "") -> Hold:
    held = a_hold(scope, subject, Kind.STOPPED, "trial", utc_now(), by="cru-duty-2", address=address)
    async with world.begin() as tx:
        assert await tx.holds.open(held)
    return held


async def drain(world: World, sender: ScriptedSender) -> None:
    worker = world.worker(sender)
    while await worker.run_once():
        pass


def in_its_own_right(message: Notification, name: str) -> Notification:
    return replace(message, id=uuid5(IDS, name), contact=f"{SERVICE}:{name}")


async def make_probes_due(world: World) -> None:
    async with world.begin() as tx:
        await tx.tx.connection.execute(hold_table.update().values(probe_at=hold_table.c.since))
