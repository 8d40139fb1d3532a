"""Handing a message over: asked after first where it may have been taken, and never longer than a limit."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from services.notifier.domain.failure import Failure, SendFailed, Withheld
from services.notifier.domain.message import Email, Hook, Receipt, Text
from services.notifier.domain.notification import Notification
from services.notifier.ports import Sender
from services.notifier.use_cases.attempts import Delivered, Outcome
from shared.clock import Clock

M = TypeVar("M", Email, Text, Hook)
# Longer than any sender needs with all of its own limits used up.
SEND_LIMIT_S = 120.0


async def outcome_of(delivery: Awaitable[Delivered]) -> Outcome:
    """How `delivery` ended, at the latest after SEND_LIMIT_S."""
    try:
        async with asyncio.timeout(SEND_LIMIT_S):
            return await delivery
    except (SendFailed, Withheld) as ended:
        return ended
    except TimeoutError:
        # Nobody knows how far it got.
        return SendFailed(Failure.AMBIGUOUS, "timeout")


async def hand_over(claimed: Notification, message: M, sender: Sender[M], now: Clock) -> Delivered:
    """Send `message` for `claimed`, unless the other side has it already. Raises SendFailed."""
    receipt = await _found(claimed, message, sender) if claimed.unsure else None
    if receipt is None:
        receipt = await sender.send(message)
    theirs = receipt.theirs or receipt.reference
    return Delivered(now(), receipt.template or message.template, theirs, receipt.proof)


async def _found(claimed: Notification, message: M, sender: Sender[M]) -> Receipt | None:
    """What the other side has of a message that it may have taken; None where it is to be sent again (N-10)."""
    try:
        return await sender.find(message.id)
    except SendFailed as failed:
        if failed.failure is Failure.ABSENT and claimed.reason == Failure.ABSENT.value:
            # Not there 30 s later and not there 120 s later: it never arrived.
            return None
        raise
