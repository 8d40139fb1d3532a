"""Why a message could not be handed over, sorted by what helps next."""

from datetime import timedelta
from enum import StrEnum


class Failure(StrEnum):
    """The class of a failed attempt (checklist N-08 to N-16)."""

    TRANSIENT = "transient"  # try again later: busy, away, mailbox full
    RATE = "rate"  # too many at once: wait as long as we are told to (N-09)
    DAILY_CAP = "daily_cap"  # too many today: nothing more goes this way before midnight (N-11)
    PERMANENT_RECIPIENT = "permanent_recipient"  # the address is wrong or switched off
    AUTH = "auth"  # the server and we could not agree on trust: password, certificate, missing TLS
    POLICY = "policy"  # refused for what it is: sender policy, filter, opt-out
    CONFIG = "config"  # this message can never go as it is: template, size, sender address, no gateway
    AMBIGUOUS = "ambiguous"  # it may have been taken: lost after the final dot, or the worker died
    ABSENT = "absent"  # asked after it, the other side did not have it (yet)
    NO_CONTACT = "no_contact"  # the directory has no such contact for the service
    HELD = "held"  # it stays queued behind a hold; it should be told another way at once
    DROPPED = "dropped"  # a person decided that it shall not go
    SUPPRESSED = "suppressed"  # what went there came back: nothing more goes before a person has looked (N-25)


class SendFailed(Exception):
    """One attempt failed. `code` holds figures only, such as "550 5.1.1"; never an address or a server's words.

    `retry_after` is how long the other side asked us to wait, None where it did not say.
    """

    def __init__(self, failure: Failure, code: str | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.code = code
        self.retry_after = retry_after


class NotAddressed(SendFailed):
    """Intake could not be asked where to send it, so nothing is known of the way out; `code` begins with "intake-"."""


class Withheld(Exception):
    """Whoever was to be told is not to be told, or no longer; `reason` is a code such as "cancelled"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
