"""Putting off what can wait: until quiet hours end, until a digest leaves, until a number may get a text again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.domain.digest import digest_id
from services.notifier.domain.guard import NUMBER_LIMIT, PERIOD, text_waits_until
from services.notifier.domain.notification import Channel, Notification
from services.notifier.domain.quiet import DIGEST, RELEASED, Arrangements, gap, wait_of
from services.notifier.ports import Claim, Transaction

RELEASED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class PutOff:
    """Of what was claimed, puts back what its contact wants to hear of later, and texts that are too many.

    Without `heeds_hours`, quiet hours and digests are as if there were none.
    """

    heeds_hours: bool

    async def __call__(self, tx: Transaction, claims: Sequence[Claim], now: datetime) -> list[Claim]:
        """Those that go now. What is put back has not used up a try."""
        if not claims:
            return []
        arrangements = (await tx.directory()).arrangements if self.heeds_hours else Arrangements()
        undecided = [claim.notification.id for claim in claims]
        going = []
        for claim in claims:
            if not await self._waits(tx, claim.notification, arrangements, undecided, now):
                going.append(claim)
            undecided.remove(claim.notification.id)
        return going

    async def _waits(
        self, tx: Transaction, claimed: Notification, arrangements: Arrangements, undecided: list[UUID], now: datetime
    ) -> bool:
        wait = wait_of(claimed, arrangements, now)
        if wait is not None:
            digest = digest_id(claimed.contact, claimed.address, wait.until) if wait.reason == DIGEST else None
            await tx.waiting.put_back(claimed, claimed.put_back(wait.reason, wait.until), digest)
            return True
        # Of people's numbers nothing is known here; they get no more texts than a referral has steps.
        if claimed.channel is not Channel.SMS or claimed.is_update:
            return False
        before = await tx.waiting.texts_since(claimed.address, now - PERIOD, undecided)
        until = text_waits_until(claimed, before, now)
        if until is not None:
            await tx.waiting.put_back(claimed, claimed.put_back(NUMBER_LIMIT, until), None)
        return until is not None


@dataclass(frozen=True, slots=True)
class ReleaseQuiet:
    """Lets what waited for the end of quiet hours go, one after another (N-31)."""

    async def __call__(self, tx: Transaction) -> int:
        """How many were let go, the nearest deadline first and all within 10 min."""
        now = await tx.present()
        over = await tx.waiting.quiet_is_over(now, RELEASED_AT_ONCE)
        for place, message in enumerate(over):
            await tx.notifications.save(message.queued_for(now + gap(len(over)) * place, RELEASED))
        if over:
            tx.wake_delivery()
        return len(over)
