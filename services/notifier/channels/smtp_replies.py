"""What a mail server's refusal means: the class of failure behind its figures (RFC 3463, RFC 5321)."""

import re
from enum import StrEnum

from services.notifier.domain.failure import Failure

ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
BAD_RECIPIENT = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
BAD_SENDER = frozenset({"1.7", "1.8"})
TOO_BIG = frozenset({"2.3", "3.4"})
MAILBOX_FULL = "2.2"
AUTH_CODES = frozenset({530, 534, 535, 538})


class Stage(StrEnum):
    """The command that was refused."""

    SESSION = "session"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


# Where the server gives no enhanced code, the command that it refused tells most.
BY_STAGE = {
    Stage.SESSION: Failure.AUTH,
    Stage.MAIL: Failure.CONFIG,
    Stage.RCPT: Failure.PERMANENT_RECIPIENT,
    Stage.DATA: Failure.POLICY,
}


def classify(code: int, words: str, stage: Stage) -> Failure:
    """The class of a reply `code` with the server's `words`, given to the command of `stage`."""
    if code in AUTH_CODES:
        return Failure.AUTH
    if 400 <= code < 500:
        return Failure.TRANSIENT
    enhanced = ENHANCED.match(words.lstrip())
    if enhanced is None:
        return Failure.CONFIG if code == 552 else BY_STAGE[stage]
    return _by_detail(enhanced[2], f"{enhanced[2]}.{enhanced[3]}", stage)


def _by_detail(subject: str, detail: str, stage: Stage) -> Failure:
    if detail == MAILBOX_FULL or subject == "4":
        return Failure.TRANSIENT
    if subject == "7":
        return Failure.POLICY
    if detail in BAD_RECIPIENT:
        return Failure.PERMANENT_RECIPIENT
    if detail in BAD_SENDER | TOO_BIG:
        return Failure.CONFIG
    return BY_STAGE[stage]


def figures(code: int, words: str) -> str:
    """The reply's figures, such as "550 5.1.1"; the server's words may quote an address, so they are left out."""
    enhanced = ENHANCED.match(words.lstrip())
    return f"{code} {enhanced[0]}" if enhanced else str(code)
