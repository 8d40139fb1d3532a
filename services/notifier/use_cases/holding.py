"""Holds that the notifier makes and ends by itself, from how attempts end: breakers, parked templates, URLs gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifier.domain.clocks import PATIENCE
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.hold import (
    FAILURES_TO_OPEN,
    NOTHING,
    WINDOW,
    Hold,
    Kind,
    Scope,
    WayNames,
    a_hold,
    barred,
    breaker,
    is_gone,
    is_of_the_way,
    next_probe_at,
    parks,
)
from services.notifier.domain.notice import wording
from services.notifier.domain.notification import Notification
from services.notifier.domain.retry import URGENT, cap_ends
from services.notifier.ports import Claim, Lane, Transaction
from shared.log import get_logger

log = get_logger()
WORKS_AGAIN = "works_again"
NOTICED_AT_ONCE = 200
ROUTINE = sorted(PATIENCE.keys() - URGENT)


async def open_hold(tx: Transaction, hold: Hold) -> bool:
    """Hold back what `hold` says, and say so in the log: once, however many messages wait. Whether it is new."""
    if not await tx.holds.open(hold):
        return False
    log.error(
        "hold.opened",
        hold_id=str(hold.id),
        scope=hold.scope.value,
        subject=hold.subject,
        kind=hold.kind.value,
        reason=hold.reason,
        code=hold.code,
    )
    return True


async def end_hold(tx: Transaction, hold: Hold, now: datetime, reason: str, by: str | None = None) -> None:
    """Let go what waits behind `hold`, those with the nearest deadlines first."""
    if await tx.holds.end(hold.id, now, reason, by):
        log.info("hold.ended", hold_id=str(hold.id), scope=hold.scope.value, subject=hold.subject, reason=reason)
        tx.wake_delivery()


@dataclass(frozen=True, slots=True)
class ClaimWithHolds:
    """Claims what nothing holds back, and one message for each breaker whose probe is due."""

    ways: WayNames

    async def __call__(self, tx: Transaction, lane: Lane, now: datetime) -> list[Claim]:
        """The claims; what is urgent and held is marked HELD, so that it can be told another way at once, and so is a
        routine offer that was held for as long as one way of telling has."""
        holds = await tx.holds.standing()
        kept = barred(holds, self.ways)
        if holds:
            unnoticed = await tx.holds.unnoticed(kept, sorted(URGENT), NOTICED_AT_ONCE)
            for message in (*unnoticed, *await self._waited_enough(tx, holds, now)):
                await tx.notifications.save(message.held())
        claims = [claim for hold in holds for claim in await self._probe(tx, lane, hold, holds, now)]
        return [*claims, *await tx.notifications.claim(lane, now, kept)]

    async def _waited_enough(self, tx: Transaction, holds: Sequence[Hold], now: datetime) -> list[Notification]:
        """Nobody hears of them, so that without another way their service would seem not to answer."""
        found: list[Notification] = []
        for priority in ROUTINE:
            since = now - PATIENCE[priority]
            kept = barred([hold for hold in holds if hold.since <= since], self.ways)
            if kept != NOTHING:
                found += await tx.holds.offers_kept(kept, priority, since, now, NOTICED_AT_ONCE)
        return found

    async def _probe(
        self, tx: Transaction, lane: Lane, hold: Hold, holds: Sequence[Hold], now: datetime
    ) -> list[Claim]:
        channel = next((channel for channel, way in self.ways.items() if way == hold.subject), None)
        if hold.kind is not Kind.BREAKER or channel is None or hold.probe_at is None or hold.probe_at > now:
            return []
        due = await tx.holds.take_probe(hold.id, now)
        if due is None:
            return []
        others = barred([other for other in holds if other.id != hold.id], self.ways)
        one = Lane(lane.name, lane.priorities, 1, lane.lease)
        claims = await tx.notifications.claim(one, now, others, channel)
        if claims:
            await tx.holds.probed(due.id, next_probe_at(due, now))
        return [Claim(claim.notification, claim.origin, due) for claim in claims]


@dataclass(frozen=True, slots=True)
class HeedOutcome:
    """Opens and ends holds by how an attempt went."""

    ways: WayNames

    async def __call__(
        self, tx: Transaction, claim: Claim, fault: SendFailed | None, now: datetime, template: str | None = None
    ) -> bool:
        """Whether the message has to wait behind a hold for what went wrong; False too when it was sent.

        `template` is what it was worded by, where that is not its own.
        """
        channel = claim.notification.channel
        own = fault is not None and is_of_the_way(channel, fault.failure, fault.code)
        if claim.probe is not None and not own:
            # Sent, or refused for what it is: either way, somebody answered.
            await end_hold(tx, claim.probe, now, WORKS_AGAIN)
        if fault is None:
            return False
        if is_gone(channel, fault):
            await open_hold(tx, _gone(claim, fault, now))
        elif parks(channel, fault):
            await open_hold(tx, parked(template or wording(claim.notification), fault.failure.value, now, fault.code))
            return True
        elif channel in self.ways and fault.failure is Failure.DAILY_CAP:
            await open_hold(tx, breaker(self.ways[channel], fault, now, cap_ends(now)))
        return own and await self._is_open(tx, claim, fault, now)

    async def _is_open(self, tx: Transaction, claim: Claim, fault: SendFailed, now: datetime) -> bool:
        """Whether the breaker of the way is open now; what may have been taken is asked after all the same (N-10)."""
        channel = claim.notification.channel
        way = self.ways[channel]
        if fault.failure is Failure.AUTH or await self._too_many(tx, claim, now):
            await open_hold(tx, breaker(way, fault, now))
        standing = await tx.holds.standing()
        is_open = any(hold.scope is Scope.WAY and hold.subject == way for hold in standing)
        return is_open and fault.failure is not Failure.AMBIGUOUS

    async def _too_many(self, tx: Transaction, claim: Claim, now: datetime) -> bool:
        channel = claim.notification.channel
        before = await tx.holds.failures(self.ways[channel], channel, now - WINDOW)
        return 1 + sum(is_of_the_way(channel, outcome, code) for outcome, code in before) >= FAILURES_TO_OPEN


def parked(template: str, reason: str, now: datetime, code: str | None = None) -> Hold:
    """The hold on a template that cannot go as it is."""
    return a_hold(Scope.TEMPLATE, template, Kind.PARKED, reason, now, code=code)


def _gone(claim: Claim, fault: SendFailed, now: datetime) -> Hold:
    message = claim.notification
    return a_hold(
        Scope.WEBHOOK, message.offer.service_id, Kind.PARKED, "gone", now, code=fault.code, address=message.address
    )
