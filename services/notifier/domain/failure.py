"""Why a message could not be handed over, sorted by what helps next."""

from enum import StrEnum


class Failure(StrEnum):
    """The class of a failed attempt (checklist N-08 to N-16)."""

    TRANSIENT = "transient"  # try again later: busy, away, mailbox full
    PERMANENT_RECIPIENT = "permanent_recipient"  # the address is wrong or switched off
    AUTH = "auth"  # the server and we could not agree on trust: password, certificate, missing TLS
    POLICY = "policy"  # refused for what it is: sender policy, filter, opt-out
    CONFIG = "config"  # this message can never go as it is: template, size, sender address, no gateway
    AMBIGUOUS = "ambiguous"  # it may have been taken: lost after the final dot, or the worker died
    NO_CONTACT = "no_contact"  # the directory has no such contact for the service


class SendFailed(Exception):
    """One attempt failed. `code` holds figures only, such as "550 5.1.1"; never an address or a server's words."""

    def __init__(self, failure: Failure, code: str | None = None) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.code = code
