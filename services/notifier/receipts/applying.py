"""Loops over what was reported: applying it, and asking where nothing was."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.clocks import ASK_LAST, ask_at
from services.notifier.domain.failure import SendFailed
from services.notifier.ports import Begin
from services.notifier.ports.receipts import Asking, Kept
from services.notifier.use_cases.receipts import ApplyReport, KeepReports, learn
from shared.envelope import Origin
from shared.log import get_logger, where

log = get_logger()
AT_ONCE = 100
ASKED_AT_ONCE = 20
# Longer than asking takes; a provider that does not answer is asked again after it.
LEASE = timedelta(minutes=5)
TRY_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApplyReceipts:
    """Applies the reports that were kept, each in a transaction of its own."""

    begin: Begin
    apply: ApplyReport

    async def run_once(self) -> bool:
        """Apply at most a hundred; whether there may be more."""
        async with self.begin(Origin("receipts")) as tx:
            waiting = await tx.receipts.waiting(AT_ONCE, await tx.present())
        for kept in waiting:
            await self._apply(kept)
        return len(waiting) == AT_ONCE

    async def _apply(self, kept: Kept) -> None:
        ended = None
        try:
            async with self.begin(kept.origin) as tx:
                ended = await self.apply(tx, kept)
        except Exception as error:  # one report that cannot be applied must not keep the others waiting
            # With the database away this fails too, and the loop says so.
            async with self.begin(kept.origin) as tx:
                await tx.receipts.put_off(kept.seq, await tx.present() + TRY_AGAIN)
            place, message_id = where(error.__traceback__)[-3:], str(kept.report.message_id)
            log.warning("receipt.failed", notification_id=message_id, error=type(error).__name__, where=place)
        if ended == "quarantined":
            log.warning("receipt.quarantined", code=kept.report.status)


class Provider(Protocol):
    """Who can be asked what became of a message."""

    async def ask(self, provider_reference: str) -> Report | None:
        """What it says of its own reference; None where it knows nothing of it. Raises SendFailed."""


@dataclass(frozen=True, slots=True)
class AskAfterSilence:
    """Asks the provider of each message that nothing final was heard of (N-18); after 73 hours nobody is asked."""

    begin: Begin
    provider: Provider | None
    keep: KeepReports

    async def run_once(self) -> bool:
        """Ask after at most twenty; whether there may be more."""
        async with self.begin(Origin("receipts")) as tx:
            asking = await tx.receipts.claim_questions(ASKED_AT_ONCE, await tx.present(), LEASE)
        for each in asking:
            try:
                await self._ask(each)
            except Exception as error:  # its lease has it asked after again; the others have theirs meanwhile
                place, message_id = where(error.__traceback__)[-3:], str(each.notification.id)
                log.warning(
                    "receipt.asking_failed", notification_id=message_id, error=type(error).__name__, where=place
                )
        return len(asking) == ASKED_AT_ONCE

    async def _ask(self, asking: Asking) -> None:
        message, report, answered = asking.notification, None, True
        try:
            if self.provider is not None:
                report = await self.provider.ask(message.provider_reference or "")
        except SendFailed as failed:
            answered = False
            log.warning("receipt.asking_failed", notification_id=str(message.id), failure=failed.failure.value)
        async with self.begin(asking.origin) as tx:
            now = await tx.present()
            if report is not None:
                await self.keep(tx, report)
            current = await tx.notifications.get(message.id)
            if current is None or current.sent_at is None or current.ask_at is None:
                return
            is_last = now >= current.sent_at + ASK_LAST
            if is_last and (report is None or report.arrival is None):
                await learn(tx, current, Arrival.UNKNOWN, now)
            elif answered:
                await tx.notifications.save(
                    replace(current, ask_at=ask_at(current.offer.priority, current.sent_at, now))
                )
