"""Why a decision was made: what happened just before it, as a code and as a sentence."""

from dataclasses import dataclass
from enum import StrEnum


class Trigger(StrEnum):
    """What a decision follows; all but the first place again what was placed before."""

    SUBMITTED = "submitted"
    DECLINED = "declined"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    HANDED_BACK = "handed_back"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a decision exists; `words` say it in a sentence, without the person."""

    trigger: Trigger
    words: str


RECEIVED = Cause(Trigger.SUBMITTED, "The referral was received.")
