"""The two ends of an attempt: claiming what may be sent, and recording what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.domain.failure import Failure, NotAddressed, SendFailed, Withheld
from services.notifier.domain.hold import WayNames
from services.notifier.domain.message import Proof
from services.notifier.domain.notification import Notification, State
from services.notifier.domain.retry import after_failure, is_worth_sending
from services.notifier.ports import Claim, Lane, Transaction
from services.notifier.use_cases.holding import ClaimWithHolds, HeedOutcome
from services.notifier.use_cases.planning import ANSWERED, OUTLASTS_THE_ANSWER, TOLD_BY_RECALL, plan_recall
from services.notifier.use_cases.telling import tell_delivered, tell_failed, tell_sent, tell_skipped
from services.notifier.use_cases.waiting import PutOff

SENT = "sent"
NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side took it at `at`."""

    at: datetime
    template: str
    provider_reference: str
    proof: Proof = Proof.NEVER


Outcome = Delivered | SendFailed | Withheld


@dataclass(frozen=True, slots=True)
class ClaimDue:
    """Takes the most urgent messages that are due, and drops those of which there is nothing left to tell (N-04).

    `put_off` sees to what its contact wants to hear of later.
    """

    ways: WayNames
    put_off: PutOff

    async def __call__(self, tx: Transaction, lane: Lane) -> tuple[Sequence[Claim], Sequence[Claim]]:
        """The claims to send, and all claims: a full lane means that there may be more to do."""
        now = await tx.present()
        claims = await ClaimWithHolds(self.ways)(tx, lane, now)
        return await self.put_off(tx, await still_to_send(tx, claims, now), now), claims


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """Stores how an attempt ended and tells the others. `jitter` gives numbers between 0 and 1."""

    jitter: Callable[[], float]
    ways: WayNames

    async def __call__(self, tx: Transaction, claim: Claim, outcome: Outcome) -> Notification | None:
        """The message as it now stands; None, and it is not changed, when the attempt is no longer the current one."""
        now = await tx.present()
        fault = outcome if isinstance(outcome, SendFailed) else None
        # What never came to be sent says nothing of the way out.
        was_tried = not isinstance(outcome, Withheld | NotAddressed)
        waits = was_tried and await HeedOutcome(self.ways)(tx, claim, fault, now)
        return await self.settle(tx, claim.notification, outcome, now, waits)

    async def settle(
        self, tx: Transaction, claimed: Notification, outcome: Outcome, now: datetime, waits: bool
    ) -> Notification | None:
        """The same, without holding anything back for it; `waits` says that it is behind a hold."""
        if isinstance(outcome, Delivered):
            return await self._sent(tx, claimed, outcome, now)
        if isinstance(outcome, Withheld):
            return await self._withheld(tx, claimed, outcome, now)
        return await self._failed(tx, claimed, outcome, now, waits)

    async def _sent(
        self, tx: Transaction, claimed: Notification, outcome: Delivered, now: datetime
    ) -> Notification | None:
        sent = claimed.sent(
            outcome.at,
            template=outcome.template,
            provider_reference=outcome.provider_reference,
            proof=outcome.proof,
            clock=now,
        )
        # The row is changed before the closures are read: a recall that comes meanwhile waits for its lock and then
        # sees a message that was sent; one that came before is seen here.
        if not await tx.notifications.end_attempt(sent, SENT, now, None):
            return None
        await tell_sent(tx, sent, outcome.at)
        if sent.receipt is not None and sent.is_of_a_referral and not sent.is_update:
            await tell_delivered(tx, sent, now)
        reasons = await tx.closures.reasons((sent.offer.assignment_id,))
        if TOLD_BY_RECALL.intersection(reasons.values()):
            await plan_recall(tx, sent, now)
        return sent

    async def _withheld(
        self, tx: Transaction, claimed: Notification, outcome: Withheld, now: datetime
    ) -> Notification | None:
        skipped = claimed.skipped(outcome.reason)
        if not await tx.notifications.end_attempt(skipped, NOT_TRIED, now, None):
            return None
        await tell_skipped(tx, skipped, now)
        return skipped

    async def _failed(
        self, tx: Transaction, claimed: Notification, fault: SendFailed, now: datetime, waits: bool
    ) -> Notification | None:
        if waits:
            # The hold says when it goes on, however long that takes: the message is not at fault.
            after = claimed.postponed(fault.failure, now)
        else:
            after = after_failure(claimed, fault.failure, now, self.jitter(), fault.retry_after)
        if not await tx.notifications.end_attempt(after, fault.failure.value, now, fault.code):
            return None
        if after.state is State.FAILED:
            await tell_failed(tx, after, now)
        reasons = await tx.closures.reasons((after.offer.assignment_id,))
        if TOLD_BY_RECALL.intersection(reasons.values()) and after.state is State.FAILED:
            await plan_recall(tx, after, now)
        return after


async def still_to_send(tx: Transaction, claims: Sequence[Claim], now: datetime) -> list[Claim]:
    """Of `claims`, those of which there is something left to tell; the attempts on the others end."""
    reasons = await tx.closures.reasons(_subjects(claims)) if claims else {}
    return [claim for claim in claims if await _may_go(tx, claim.notification, reasons, now)]


async def _may_go(tx: Transaction, claimed: Notification, reasons: Mapping[UUID, str], now: datetime) -> bool:
    closed = _closed(claimed, reasons)
    if closed is not None:
        skipped = claimed.skipped(closed)
        await tx.notifications.end_attempt(skipped, NOT_TRIED, now, None)
        await tell_skipped(tx, skipped, now)
        if closed in TOLD_BY_RECALL:
            await plan_recall(tx, claimed, now)
        return False
    suppressed = await tx.suppressions.among([claimed.recipient])
    if suppressed or not is_worth_sending(claimed):
        failed = claimed.failed(Failure.SUPPRESSED if suppressed else Failure.AMBIGUOUS)
        await tx.notifications.end_attempt(failed, NOT_TRIED, now, None)
        await tell_failed(tx, failed, now)
        return False
    return True


def _subjects(claims: Sequence[Claim]) -> list[UUID]:
    return [subject for claim in claims for subject in _closable(claim.notification)]


def _closable(notification: Notification) -> tuple[UUID, UUID]:
    return notification.offer.assignment_id, notification.offer.referral_id


def _closed(notification: Notification, reasons: Mapping[UUID, str]) -> str | None:
    if not notification.ends_with_its_offer:
        return None
    found = (reasons[subject] for subject in _closable(notification) if subject in reasons)
    outlasts = notification.purpose in OUTLASTS_THE_ANSWER
    return next((reason for reason in found if not (outlasts and reason == ANSWERED)), None)
