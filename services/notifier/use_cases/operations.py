"""What a person has to see to, and what a person may do about it: stop, resume, drop, deal with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.notifier.domain.failure import Failure
from services.notifier.domain.hold import Hold, Kind, Scope, WayNames, a_hold, barred
from services.notifier.domain.notification import Notification
from services.notifier.ports import Attempt, Backlog, Transaction
from services.notifier.ports.receipts import Quarantined
from services.notifier.use_cases.holding import end_hold, open_hold
from services.notifier.use_cases.telling import tell_failed
from shared.errors import Conflict, NotFound, Refused

FAILED_SHOWN = 200
QUARANTINED_SHOWN, QUARANTINED_FOR = 100, timedelta(days=7)
DROPPED_AT_ONCE = 1_000
DEALT_WITH = "dealt_with"
NO_HOLD = "There is no hold with this id, or it has ended."


@dataclass(frozen=True, slots=True)
class Intervention:
    """Who does something, and why: both are codes."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Operations:
    """What waits for a person. `failed` are messages that nobody has dealt with while what they tell of is open,
    `quarantined` what providers reported of late of no message of ours."""

    holds: Sequence[tuple[Hold, Backlog]]
    failed: Sequence[Notification]
    calls: Backlog
    quarantined: Sequence[Quarantined]


@dataclass(frozen=True, slots=True)
class ReadOperations:
    """Looks at everything that a person must act on."""

    ways: WayNames

    async def __call__(self, tx: Transaction) -> Operations:
        """The holds, oldest first, each with what waits behind it; what failed, oldest first; the calls to make; the
        receipts of the last week that nobody could make anything of, newest first."""
        holds = [(hold, await tx.holds.backlog(barred([hold], self.ways))) for hold in await tx.holds.standing()]
        quarantined = await tx.receipts.quarantined(QUARANTINED_SHOWN, await tx.present() - QUARANTINED_FOR)
        return Operations(holds, await tx.attention.failed(FAILED_SHOWN), await tx.attention.calls(), quarantined)


@dataclass(frozen=True, slots=True)
class StopSending:
    """Holds everything, a way out, a template or a service back until somebody resumes it (N-58)."""

    ways: WayNames

    async def __call__(self, tx: Transaction, scope: Scope, subject: str, given: Intervention) -> Hold:
        """The hold. Raises Refused where there is no such subject, and Conflict where somebody has stopped it."""
        if not await self._is_known(tx, scope, subject):
            raise Refused("validation-failed", f"There is no such {scope}.")
        now = await tx.present()
        hold = a_hold(scope, subject, Kind.STOPPED, given.reason, now, by=given.by)
        if not await open_hold(tx, hold):
            raise Conflict("illegal-transition", "It is stopped already.")
        return hold

    async def _is_known(self, tx: Transaction, scope: Scope, subject: str) -> bool:
        match scope:
            case Scope.EVERYTHING:
                return subject == ""
            case Scope.WAY:
                return subject in self.ways.values()
            case Scope.SERVICE:
                return subject in (await tx.directory()).addresses
            case _:
                return scope is Scope.TEMPLATE and subject != ""


@dataclass(frozen=True, slots=True)
class ResumeSending:
    """Ends a hold of any kind; what waited leaves, the nearest deadline first."""

    async def __call__(self, tx: Transaction, hold_id: UUID, given: Intervention) -> None:
        """Raises NotFound."""
        await end_hold(tx, await _standing(tx, hold_id), await tx.present(), given.reason, given.by)


@dataclass(frozen=True, slots=True)
class DropHeld:
    """Gives up what waits behind a hold at present; the hold itself stays."""

    ways: WayNames

    async def __call__(self, tx: Transaction, hold_id: UUID, given: Intervention) -> int:
        """How many were dropped, at most 1,000 at once; each is told as failed. Raises NotFound."""
        hold = await _standing(tx, hold_id)
        now = await tx.present()
        dropped = await tx.holds.kept(barred([hold], self.ways), DROPPED_AT_ONCE)
        for message in dropped:
            failed = message.dropped()
            attempt = Attempt(failed.attempts, now, now, Failure.DROPPED.value, given.reason, given.by)
            await tx.notifications.add_call(failed, attempt)
            await tell_failed(tx, failed, now)
        return len(dropped)


@dataclass(frozen=True, slots=True)
class DealWith:
    """Takes a message that failed off the list: somebody has seen to it."""

    async def __call__(self, tx: Transaction, notification_id: UUID, given: Intervention) -> Notification:
        """The message. Raises NotFound, and Conflict when it has not failed."""
        failed = await tx.notifications.get(notification_id)
        if failed is None:
            raise NotFound("not-found", "There is no notification with this id.")
        now = await tx.present()
        dealt_with = failed.dealt_with()
        attempt = Attempt(dealt_with.attempts, now, now, DEALT_WITH, given.reason, given.by)
        await tx.notifications.add_call(dealt_with, attempt)
        return dealt_with


async def _standing(tx: Transaction, hold_id: UUID) -> Hold:
    hold = await tx.holds.get(hold_id)
    if hold is None:
        raise NotFound("not-found", NO_HOLD)
    return hold
