"""Delivering digests: claim, look again at what is still open, send with no transaction open, record."""

from dataclasses import dataclass

from services.notifier.domain.directory import Directory
from services.notifier.domain.failure import SendFailed
from services.notifier.domain.message import Email
from services.notifier.ports import Begin, Claim, Composer, Insist, Lane, Sender
from services.notifier.use_cases.attempts import Delivered, Outcome
from services.notifier.use_cases.digests import ClaimDigest, Digest, HeedDigest, KeepOpen, RecordPart
from services.notifier.use_cases.handing_over import hand_over, outcome_of
from shared.clock import Clock
from shared.envelope import Origin
from shared.log import get_logger

log = get_logger()
ORIGIN = Origin("digests")


@dataclass(frozen=True, slots=True)
class DeliverDigests:
    """The work of the loop that sends digests (N-36)."""

    lane: Lane
    begin: Begin
    claim_digest: ClaimDigest
    compose: Composer
    way: Sender[Email]
    heed: HeedDigest
    record_part: RecordPart
    insist: Insist
    now: Clock

    async def run_once(self) -> bool:
        """Deliver at most one digest; whether there may be more to do at once."""
        async with self.begin(ORIGIN) as tx:
            claimed = await self.claim_digest(tx, self.lane)
        if claimed is None:
            await self.way.rest()
            return False
        # Of what was answered between the claim and this moment, the digest says nothing.
        async with self.begin(ORIGIN) as tx:
            digest = await KeepOpen()(tx, claimed)
            directory = await tx.directory()
        if digest.claims:
            outcome = await outcome_of(self._deliver(digest, directory))
            await self._record(digest, outcome)
            _tell(digest, outcome)
        return True

    async def _deliver(self, digest: Digest, directory: Directory) -> Delivered:
        messages = [claim.notification for claim in digest.claims]
        email = self.compose.digest(digest.id, messages, directory, self.now())
        # Where one of them may have been told by this very digest before, the other side is asked.
        return await hand_over(max(messages, key=lambda message: message.unsure), email, self.way, self.now)

    async def _record(self, digest: Digest, outcome: Outcome) -> None:
        waits: list[bool] = []

        async def heed() -> None:
            async with self.begin(ORIGIN) as tx:
                waits.append(await self.heed(tx, digest, outcome))

        await self.insist(heed)
        for claim in digest.claims:
            await self._record_part(claim, outcome, waits[-1])

    async def _record_part(self, claim: Claim, outcome: Outcome, waits: bool) -> None:
        """In a transaction of its own: what is told of a message is told as a consequence of its own offer."""

        async def record() -> None:
            async with self.begin(claim.origin) as tx:
                await self.record_part(tx, claim, outcome, waits)

        await self.insist(record)


def _tell(digest: Digest, outcome: Outcome) -> None:
    keys = {"notification_id": str(digest.id), "count": len(digest.claims)}
    if isinstance(outcome, SendFailed):
        log.warning("digest.failed", **keys, failure=outcome.failure.value, code=outcome.code)
    else:
        log.info("digest.sent", **keys)
