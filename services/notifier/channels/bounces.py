"""Bounces: what a mail server reports of a message of ours (RFC 3464), read without trusting a byte of it."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from hashlib import sha256
from uuid import UUID

from services.notifier.channels.smtp_replies import Stage, classify
from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.failure import Failure

PROVIDER = "mail"
SIZE_MAX = 1_000_000
OURS = re.compile(r"<([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})@[^<>\s]{1,255}>")
STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
# Where a server or a mailbox names the message that it reports of.
NAMING = ("Original-Message-ID", "X-Original-Message-ID", "In-Reply-To", "References")
BY_FAILURE = {
    Failure.TRANSIENT: Arrival.BOUNCED_SOFT,
    Failure.PERMANENT_RECIPIENT: Arrival.BOUNCED_HARD,
}


def read_bounce(raw: bytes) -> Report | None:
    """The report in a mail, None where it is not one about a message of ours.

    The message is known by its Message-ID, which holds our id. `provider_id` is drawn from the mail's
    own bytes: the same mail read twice is one report, and every resent copy's bounce is another.
    """
    if len(raw) > SIZE_MAX:
        return None
    try:
        mail = message_from_bytes(raw)
        blocks = list(_status_blocks(mail))
        message_id = _message_id(mail, blocks)
        if message_id is None:
            return None
        told = next(filter(None, map(_action, blocks)), None)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # The parser's own slips over what no mail server would write.
        return None
    if told is None:
        return None
    action, status = told
    name = f"mail:{sha256(raw).hexdigest()[:40]}"
    return Report(PROVIDER, message_id, name, action, _arrival(action, status), code=status)


def _status_blocks(mail: Message) -> Iterator[Message]:
    """The groups of fields of the machine-readable part: one for the message, then one for each recipient."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(part.get_payload(), list):
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _message_id(mail: Message, blocks: list[Message]) -> UUID | None:
    returned = [str(part.get("Message-ID", "")) for part in _returned(mail)]
    named = [str(value) for block in [*blocks, mail] for name in NAMING for value in block.get_all(name, [])]
    found = next(filter(None, map(OURS.search, [*returned, *named])), None)
    return UUID(found[1]) if found else None


def _returned(mail: Message) -> Iterator[Message]:
    """The message that came back, whole or its head alone."""
    for part in mail.walk():
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list):
            yield from (inner for inner in payload if isinstance(inner, Message))
        elif part.get_content_type() == "text/rfc822-headers" and isinstance(payload, str):
            yield message_from_bytes(payload.encode("utf-8", "replace"))


def _action(block: Message) -> tuple[str, str | None] | None:
    """What was done for a recipient, such as ("failed", "5.1.1"); None for the group about the whole message."""
    action = str(block.get("Action", "")).strip().lower().partition(" ")[0]
    if action not in ACTIONS:
        return None
    status = STATUS.search(str(block.get("Status", "")))
    return action, status[0] if status else None


def _arrival(action: str, status: str | None) -> Arrival | None:
    """ "relayed" says only that it went on to where nobody reports; "delayed" that it is still being tried."""
    if action == "delivered":
        return Arrival.DELIVERED
    if action != "failed":
        return None
    if status is None or not status.startswith(("4", "5")):
        return Arrival.BOUNCED_SOFT
    failure = classify(int(status[0]) * 100 + 50, status, Stage.RCPT)
    return BY_FAILURE.get(failure, Arrival.NOT_SENT)
