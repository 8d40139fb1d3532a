"""What is known of a message's arrival, and how one provider's report moves it on (N-19)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Arrival(StrEnum):
    """What a provider or a mail server said of a message that had left; nothing of it being read."""

    DELIVERED = "delivered"
    BOUNCED_HARD = "bounced_hard"  # the address is wrong: nothing more goes there before a person has looked
    BOUNCED_SOFT = "bounced_soft"  # mailbox full, telephone off: worth one more try
    NOT_SENT = "not_sent"  # the provider could not or would not: technical failure, policy
    UNKNOWN = "unknown"  # nobody will say any more


# Reports may come twice and in any order; the furthest wins, so every order leads to the same end.
_RANK = {
    None: 0,
    Arrival.UNKNOWN: 1,
    Arrival.BOUNCED_SOFT: 2,
    Arrival.NOT_SENT: 3,
    Arrival.BOUNCED_HARD: 4,
    Arrival.DELIVERED: 5,
}
NEVER_ARRIVED = frozenset({Arrival.BOUNCED_HARD, Arrival.NOT_SENT})
BOUNCE_KINDS = {Arrival.BOUNCED_HARD: "hard", Arrival.BOUNCED_SOFT: "soft", Arrival.NOT_SENT: "provider"}


def furthest(known: Arrival | None, told: Arrival | None) -> Arrival | None:
    """What is known of a message after `told`."""
    return told if _RANK[told] > _RANK[known] else known


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that a provider said of one copy of a message.

    `message_id` is the notification's, or that of the digest that told it; `provider_id` the provider's name for what
    it speaks of, "" where it gave none; `status` its own word; `arrival` what that means, None where it means nothing;
    `body` what is kept of an unreadable one, without addresses.
    """

    provider: str
    message_id: UUID | None
    provider_id: str
    status: str
    arrival: Arrival | None
    is_complaint: bool = False
    code: str | None = None
    at: datetime | None = None
    body: str | None = None
