"""Webhooks to services' own systems: Standard Webhooks 1.0, ids and codes only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.notifier.channels.posting import Answer, Posting
from services.notifier.channels.public_only import NotPublic
from services.notifier.channels.webhook_signature import Keys, signed_headers, webhook_id
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Hook, Proof, Receipt
from shared.clock import Clock

BODY_MAX = 20_000
GONE = 410
# "Slow down": without a word on how long, a minute.
SLOW_DOWN = frozenset({429, 502, 504})
SLOW_DOWN_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Signs each message with the keys of its service and posts it."""

    keys: Mapping[str, Keys]
    posting: Posting
    now: Clock

    async def send(self, message: Hook) -> Receipt:
        """Post one message; any 2xx means that it was taken. Raises SendFailed.

        What may have arrived counts as passing: the receiver knows a second copy by its webhook-id.
        """
        keys = self.keys.get(message.service_id)
        if keys is None:
            raise SendFailed(Failure.CONFIG, "no-secret")
        if len(message.body) >= BODY_MAX:
            raise SendFailed(Failure.CONFIG, "too-long")
        signed = signed_headers(webhook_id(message.id), self.now(), message.body, keys)
        answer = await self._post(message, {"content-type": "application/json", **signed})
        if not answer.is_success:
            raise _refused(answer)
        return Receipt(f"webhook:{message.id}", proof=Proof.AT_ONCE)

    async def find(self, message_id: UUID) -> Receipt | None:
        """It cannot be asked."""
        return None

    async def rest(self) -> None:
        """Let go of connections."""
        await self.posting.rest()

    async def _post(self, message: Hook, headers: Mapping[str, str]) -> Answer:
        try:
            return await self.posting.post(message.to, message.body, headers)
        except SendFailed as failed:
            if isinstance(failed.__cause__, NotPublic):
                raise SendFailed(Failure.PERMANENT_RECIPIENT, "not-public") from failed
            if failed.failure is Failure.AMBIGUOUS:
                raise SendFailed(Failure.TRANSIENT, failed.code) from failed
            raise


def _refused(answer: Answer) -> SendFailed:
    if answer.status == GONE:
        return answer.failed(Failure.PERMANENT_RECIPIENT)
    if answer.status in SLOW_DOWN:
        return SendFailed(Failure.RATE, str(answer.status), answer.retry_after or SLOW_DOWN_FOR)
    return answer.failed(Failure.TRANSIENT)
