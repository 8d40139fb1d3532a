"""Delivering what is due: claim, send with no transaction open, record; only recording is ever repeated."""

from asyncio import FIRST_COMPLETED, Task, create_task, gather, wait
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace

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
# While something is on its way nobody rings the bell for what comes meanwhile.
LOOKS_AGAIN_S = 1.0
LETS_END_S = 2.0  # no longer than a loop has to end


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
    _under_way: set[Task[None]] = field(default_factory=set, init=False, compare=False)

    async def run_once(self) -> bool:
        """Begin as many deliveries as the lane has room for, and wait for the first that ends; whether there may be
        more to do at once. One that stalls takes up its own place and no other.

        A message whose process dies between sending and recording is asked after once its lease has run out, and sent
        again under the same id where the other side does not have it or cannot be asked.
        """
        room = self.lane.width - len(self._under_way)
        claims = await self._begin(room) if room > 0 else []
        if not self._under_way:
            if not claims:
                await self.ways.rest()
            return bool(claims)
        # Not a task group: a fault in one delivery must not cut the others off in the middle of theirs.
        ended, _ = await wait(self._under_way, timeout=LOOKS_AGAIN_S, return_when=FIRST_COMPLETED)
        self._reap(ended)
        return bool(self._under_way) or len(claims) >= room

    async def settle(self) -> None:
        """Wait for all that is on its way."""
        await gather(*self._under_way, return_exceptions=True)
        self._reap(set(self._under_way))

    async def close(self) -> None:
        """Let what is on its way end, as far as there is time, and let go of connections: what is cut off is asked
        after, as when the process dies."""
        try:
            if self._under_way:
                await wait(self._under_way, timeout=LETS_END_S)
        finally:
            for task in self._under_way:
                task.cancel()
            await gather(*self._under_way, return_exceptions=True)
            await self.ways.rest()

    async def _begin(self, room: int) -> Sequence[Claim]:
        async with self.begin(Origin(f"delivery-{self.lane.name}")) as tx:
            to_send, claims = await self.claim_due(tx, replace(self.lane, width=room))
            directory = await tx.directory() if to_send else None
        if directory is not None:
            self._under_way.update(create_task(self._deliver(claim, directory)) for claim in to_send)
        return claims

    def _reap(self, ended: Set[Task[None]]) -> None:
        self._under_way.difference_update(ended)
        for fault in filter(None, [task.exception() for task in ended]):
            raise fault

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
