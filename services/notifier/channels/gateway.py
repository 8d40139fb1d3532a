"""Text messages through a gateway of any maker that takes JSON over HTTPS."""

import json
from dataclasses import dataclass
from uuid import UUID

from services.notifier.channels.posting import Answer, Posting
from services.notifier.domain.failure import Failure
from services.notifier.domain.message import Receipt, Text

CLASSES = {
    401: Failure.AUTH,
    403: Failure.AUTH,
    # Still busy with the same Idempotency-Key, or slow in reading.
    408: Failure.TRANSIENT,
    409: Failure.TRANSIENT,
    410: Failure.PERMANENT_RECIPIENT,
    422: Failure.PERMANENT_RECIPIENT,
    429: Failure.RATE,
    451: Failure.POLICY,
    # From something between us and the gateway, which may have it.
    502: Failure.AMBIGUOUS,
    504: Failure.AMBIGUOUS,
}


@dataclass(frozen=True, slots=True)
class GatewayTexts:
    """Posts each text as {"id", "to", "text"} to `url`, with `token` as bearer and the id as Idempotency-Key."""

    url: str
    token: str
    posting: Posting

    async def send(self, message: Text) -> Receipt:
        """Hand one text over; any 2xx means that the gateway has it. Raises SendFailed."""
        body = json.dumps({"id": str(message.id), "to": message.to, "text": message.text}, ensure_ascii=False)
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {self.token}",
            "idempotency-key": str(message.id),
        }
        answer = await self.posting.post(self.url, body.encode(), headers)
        if not answer.is_success:
            raise answer.failed(classify(answer))
        return Receipt(f"gateway:{message.id}")

    async def find(self, message_id: UUID) -> Receipt | None:
        """It cannot be asked; a gateway that heeds the Idempotency-Key sends the second copy to nobody."""
        return None

    async def rest(self) -> None:
        """Let go of connections."""
        await self.posting.rest()


def classify(answer: Answer) -> Failure:
    """The class of an answer other than 2xx."""
    if answer.status in CLASSES:
        return CLASSES[answer.status]
    # A redirect is not followed: whoever set the address has to look at it, and the message can wait.
    return Failure.CONFIG if 400 <= answer.status < 500 else Failure.TRANSIENT
