"""Delivering what is due: claim, send with no transaction open, record; only recording is ever repeated."""

from asyncio import gather
from dataclasses import dataclass, replace

from services.notifier.domain.directory import Directory
from services.notifier.domain.failure import SendFailed
from services.notifier.domain.message import Email, Hook, Text
from services.notifier.domain.notification import Channel, Notification, State
from services.notifier.ports import Begin, Claim, Composer, Contacts, Insist, Lane, Sender
from services.notifier.use_cases.attempts import ClaimDue, Delivered, Outcome, RecordOutcome
from services.notifier.use_cases.handing_over import hand_over, outcome_of
from shared.clock import Clock
from shared.envelope import Origin
from shared.log import get_logger

log = get_logger()


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways out."""

    email: Sender[Email]
    text: Sender[Text]
    hook: Sender[Hook]

    async def rest(self) -> None:
        """Let go of connections."""
        await self.email.rest()
        await self.text.rest()
        await self.hook.rest()


@dataclass(frozen=True, slots=True)
class DeliverDue:
    """The work of one delivery loop. Each lane has its own, so that urgent messages never wait behind others."""

    lane: Lane
    begin: Begin
    claim_due: ClaimDue
    contacts: Contacts
    compose: Composer
    ways: Ways
    record_outcome: RecordOutcome
    insist: Insist
    now: Clock

    async def run_once(self) -> bool:
        """Deliver at most one lane's width of messages at the same time; whether there may be more to do at once.

        A message whose process dies between sending and recording is asked after once its lease has run out, and sent
        again under the same id where the other side does not have it or cannot be asked.
        """
        async with self.begin(Origin(f"delivery-{self.lane.name}")) as tx:
            to_send, claims = await self.claim_due(tx, self.lane)
            directory = await tx.directory() if to_send else None
        if directory is None:
            if not claims:
                await self.ways.rest()
            return bool(claims)
        # Not a task group: a fault in one delivery must not cut the others off in the middle of theirs.
        ends = await gather(*(self._deliver(claim, directory) for claim in to_send), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end
        return len(claims) >= self.lane.width

    async def _deliver(self, claim: Claim, directory: Directory) -> None:
        outcome = await outcome_of(self._deliver_by_channel(claim.notification, directory))
        ended: list[Notification | None] = []

        async def record() -> None:
            async with self.begin(claim.origin) as tx:
                ended.append(await self.record_outcome(tx, claim, outcome))

        await self.insist(record)
        _tell(claim, ended[-1], outcome)

    async def _addressed(self, claimed: Notification) -> Notification:
        """`claimed` with where to send it. A person's address is in this copy alone, which is never stored."""
        return replace(claimed, address=await self.contacts.address_for(claimed.id)) if claimed.is_update else claimed

    async def _deliver_by_channel(self, claim: Notification, directory: Directory) -> Delivered:
        claimed = await self._addressed(claim)
        match claimed.channel:
            case Channel.EMAIL:
                email = self.compose.email(claimed, directory, self.now())
                return await hand_over(claimed, email, self.ways.email, self.now)
            case Channel.WEBHOOK:
                return await hand_over(claimed, self.compose.hook(claimed), self.ways.hook, self.now)
            case _:
                text = self.compose.text(claimed, directory, self.now())
                return await hand_over(claimed, text, self.ways.text, self.now)


def _tell(claim: Claim, ended: Notification | None, outcome: Outcome) -> None:
    claimed = claim.notification
    offer = claimed.offer
    keys = {
        "correlation_id": claim.origin.correlation_id,
        "notification_id": str(claimed.id),
        "referral_id": str(offer.referral_id),
        "channel": claimed.channel.value,
        "purpose": claimed.purpose.value,
        "attempts": claimed.attempts,
    } | ({} if claimed.is_update else {"assignment_id": str(offer.assignment_id), "service_id": offer.service_id})
    fault = {"failure": outcome.failure.value, "code": outcome.code} if isinstance(outcome, SendFailed) else {}
    if ended is None:
        log.warning("attempt.outdated", **keys, **fault)
    elif ended.state is State.SENT:
        log.info("notification.sent", **keys)
    elif ended.state is State.SKIPPED:
        log.info("notification.skipped", **keys, reason=ended.reason)
    elif ended.state is State.FAILED:
        log.error("notification.failed", **keys, **fault)
    else:
        log.warning("notification.postponed", **keys, **fault)
