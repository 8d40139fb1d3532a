"""The steps of a referral that people are told of, and who hears which of them: codes only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid5

from shared.errors import Conflict

Channel = Literal["email", "sms"]


class Audience(StrEnum):
    """Who is told."""

    RESIDENT = "resident"
    REFERRER = "referrer"


class Step(StrEnum):
    """What they are told, in the order in which it may happen."""

    RECEIVED = "received"
    LOOKED_AT = "looked_at"
    TAKEN_ON = "taken_on"
    DONE = "done"
    NOT_MET = "not_met"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who asked to be told and may be; `steps` are those that they hear of."""

    audience: Audience
    channel: Channel
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """One message to one of them about one step, which became due at `due_at`; `opening` counts how often the referral
    had been opened again by then."""

    id: UUID
    referral_id: UUID
    audience: Audience
    step: Step
    channel: Channel
    due_at: datetime
    opening: int = 0


class NotToBeTold(Conflict):
    """An update that is due no longer, or not to be sent after all; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__("not-to-be-told", "This is not to be told, or no longer.")
        self.reason = reason
        self.extensions = {"reason": reason}


def update_id(referral_id: UUID, audience: Audience, step: Step, opening: int = 0) -> UUID:
    """The same update always gets the same id, however often it is found to be due (N-02)."""
    return uuid5(referral_id, f"{audience}|{step}" + (f"|{opening}" if opening else ""))
