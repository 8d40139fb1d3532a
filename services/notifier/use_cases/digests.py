"""Sending one e-mail for all that a contact wants to hear of at its hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.domain.digest import DIGEST_TEMPLATE
from services.notifier.domain.failure import SendFailed
from services.notifier.domain.hold import Hold, Kind, WayNames, barred, next_probe_at
from services.notifier.domain.notification import Channel, Notification
from services.notifier.ports import Claim, Lane, Transaction
from services.notifier.use_cases.attempts import Outcome, RecordOutcome, still_to_send
from services.notifier.use_cases.holding import HeedOutcome


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest and the messages that it stands for, all of one contact."""

    id: UUID
    claims: Sequence[Claim]


@dataclass(frozen=True, slots=True)
class ClaimDigest:
    """Takes the next digest that is due."""

    ways: WayNames

    async def __call__(self, tx: Transaction, lane: Lane) -> Digest | None:
        """The digest; None when none is due, or holds keep digests back."""
        now = await tx.present()
        holds = await tx.holds.standing()
        probe = await self._probe(tx, holds, now)
        kept = barred([hold for hold in holds if probe is None or hold.id != probe.id], self.ways)
        if kept.everything or Channel.EMAIL in kept.channels or DIGEST_TEMPLATE in kept.templates:
            return None
        claimed = await tx.waiting.claim_digest(lane, now, kept)
        if claimed is None:
            return None
        if probe is not None:
            await tx.holds.probed(probe.id, next_probe_at(probe, now))
        digest_id, claims = claimed
        return Digest(digest_id, [Claim(claim.notification, claim.origin, probe) for claim in claims])

    async def _probe(self, tx: Transaction, holds: Sequence[Hold], now: datetime) -> Hold | None:
        """The breaker of the e-mails, taken, when its probe is due."""
        way = self.ways[Channel.EMAIL]
        due = [hold for hold in holds if hold.kind is Kind.BREAKER and hold.subject == way]
        return await tx.holds.take_probe(due[0].id, now) if due else None


@dataclass(frozen=True, slots=True)
class KeepOpen:
    """Drops from a digest what has been answered, recalled or cancelled since it was claimed (N-04)."""

    async def __call__(self, tx: Transaction, digest: Digest) -> Digest:
        """What is left of it."""
        return Digest(digest.id, await still_to_send(tx, digest.claims, await tx.present()))


@dataclass(frozen=True, slots=True)
class HeedDigest:
    """Opens holds by how the sending of a digest went: the way is judged once, not once for each message."""

    ways: WayNames

    async def __call__(self, tx: Transaction, digest: Digest, outcome: Outcome) -> bool:
        """Whether the digest has to wait behind a hold."""
        fault = outcome if isinstance(outcome, SendFailed) else None
        return await HeedOutcome(self.ways)(tx, digest.claims[0], fault, await tx.present(), DIGEST_TEMPLATE)


@dataclass(frozen=True, slots=True)
class RecordPart:
    """Stores how the attempt of one message in a digest ended, and tells the others."""

    record: RecordOutcome

    async def __call__(self, tx: Transaction, claim: Claim, outcome: Outcome, waits: bool) -> Notification | None:
        """The message as it now stands; None when the attempt is no longer the current one."""
        return await self.record.settle(tx, claim.notification, outcome, await tx.present(), waits)
