"""The way on when nobody says that a service was told: next channel, next contact, at last a person (N-20, N-21)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.domain.ladder import (
    are_unusable,
    clock_has_run_out,
    contacts_of,
    failure_of,
    has_told,
    is_silent,
    is_standing,
    may_have_told,
    next_rung,
    rungs_of,
)
from services.notifier.domain.notification import Notification, Purpose
from services.notifier.domain.planning import offer_notice
from services.notifier.ports import Transaction
from services.notifier.use_cases.planning import plan
from services.notifier.use_cases.telling import tell_exhausted, tell_unconfirmed

EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Climb:
    """Takes the next rung for an assignment of which a clock has run out. The clock is the database's and each runs out
    once: that it has is stored together with what followed."""

    async def __call__(self, tx: Transaction, assignment_id: UUID) -> None:
        """Nothing happens once the service is known to have been told, has opened or answered it, or it is closed."""
        now = await tx.present()
        everything = await tx.notifications.of_assignment(assignment_id)
        messages = [message for message in everything if message.purpose in (Purpose.OFFER, Purpose.REMINDER)]
        rungs = [message for message in messages if message.purpose is Purpose.OFFER]
        due = [message for message in rungs if clock_has_run_out(message, now)]
        if not due:
            return
        for message in due:
            await tx.notifications.save(message.passed_on())
        if await self._has_ended(tx, messages):
            return
        for message in due:
            if is_silent(message):
                await tell_unconfirmed(tx, message, now, final=False)
        after = [message.passed_on() if message in due else message for message in rungs]
        if not any(is_standing(message) for message in after):
            await self._climb(tx, after, due[-1], now)

    async def _has_ended(self, tx: Transaction, messages: Sequence[Notification]) -> bool:
        offer = messages[0].offer
        if any(has_told(message) for message in messages):
            return True
        closed = await tx.closures.reasons((offer.assignment_id, offer.referral_id))
        return bool(closed) or await tx.ladder.has_ended(offer.assignment_id)

    async def _climb(self, tx: Transaction, rungs: Sequence[Notification], last: Notification, now: datetime) -> None:
        offer = last.offer
        directory = await tx.directory()
        contacts = rungs_of(directory, offer)
        suppressed = await tx.suppressions.among([each.id for each in contacts_of(directory, offer.service_id)])
        following = next_rung([each for each in contacts if each.id not in suppressed], rungs)
        if following is not None:
            await plan(tx, offer_notice(offer, following.channel, following, None, now), now)
            return
        # Where a message may well have arrived, the reminder and the deadline for an answer do the rest (R60).
        nobody_told = not any(may_have_told(message) for message in rungs)
        if nobody_told and await tx.ladder.end(offer.assignment_id, EXHAUSTED, now):
            unusable = are_unusable(contacts_of(directory, offer.service_id), suppressed, rungs)
            await tell_exhausted(tx, last, failure_of(last), now, contacts_unusable=unusable)
