"""What a link in an e-mail may still be used for: while what it is for is open, it has not expired or been revoked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.router.domain.assignment import AWAITING_ANSWER, UNDER_WAY, Actor, State


class Purpose(StrEnum):
    """What a link is for: answering an offer, or telling of the work that was taken on."""

    ANSWER = "answer"
    PROGRESS = "progress"


# A link ends with what it is for: it can be used once because an assignment can be answered once.
USABLE_IN: Mapping[Purpose, frozenset[State]] = {
    Purpose.ANSWER: AWAITING_ANSWER,
    Purpose.PROGRESS: UNDER_WAY,
}


class Standing(StrEnum):
    """Whether a link can be used, and if not, why: the first that holds of REVOKED, EXPIRED and SETTLED."""

    OPEN = "open"
    SETTLED = "settled"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Revocation(StrEnum):
    """Why a link is revoked."""

    WRONG_RECIPIENT = "wrong_recipient"
    CONTACT_LEFT = "contact_left"
    MAILBOX_NOT_SAFE = "mailbox_not_safe"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Revoked:
    """Links that are useless since `at`: of one message, or of the whole assignment where `notification_id` is None."""

    assignment_id: UUID
    notification_id: UUID | None
    reason: Revocation
    actor: Actor
    at: datetime


def standing_of(purpose: Purpose, state: State, expires_at: datetime, now: datetime, *, revoked: bool) -> Standing:
    """How a link stands whose assignment is in `state`. Both instants are aware."""
    if revoked:
        return Standing.REVOKED
    if now >= expires_at:
        return Standing.EXPIRED
    return Standing.OPEN if state in USABLE_IN[purpose] else Standing.SETTLED
