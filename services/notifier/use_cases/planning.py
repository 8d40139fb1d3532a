"""Planning messages when something is offered, and taking them back when it is not."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.notifier.domain.calling import call_by
from services.notifier.domain.directory import Contact
from services.notifier.domain.failure import Failure
from services.notifier.domain.notification import OF_THE_WORK, Channel, Notification, Offer, Purpose, State
from services.notifier.domain.planning import offer_notice, recall_notice, undeliverable
from services.notifier.ports import Transaction
from services.notifier.use_cases.telling import tell_call_awaited, tell_failed, tell_sent, tell_skipped
from shared.events import AssignmentMoved, AssignmentOffered, AssignmentRecalled, AssignmentReminded, ReferralCancelled

RECALLED = "recalled"
CANCELLED = "cancelled"
ANSWERED = "answered"
ENDED = "ended"  # nobody works on it any more
EXPIRED = "expired"
# Why an offer ended in a way that those who heard of it have to be told of.
TOLD_BY_RECALL = frozenset({RECALLED, EXPIRED})
OPENED = "opened"
AWAITING_ANSWER = frozenset({"offered", OPENED})
ACCEPTED = "accepted"
UNDER_WAY = frozenset({ACCEPTED, "contacted"})
# What was accepted may be late all the same.
OUTLASTS_THE_ANSWER = OF_THE_WORK | {Purpose.LATE_CONTACT, Purpose.LATE_REVIEW}
WAITING = frozenset({State.QUEUED, State.AWAITING_CALL})


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """One message for each channel of an offer, stored before anything is sent (N-01).

    A service whose own system wants to hear of it has a webhook; that comes on top of the channels of R59.
    """

    async def __call__(self, tx: Transaction, event: AssignmentOffered) -> None:
        """Plan once: what was planned before is left as it is."""
        directory = await tx.directory()
        now = await tx.present()
        reasons = await tx.closures.reasons((event.assignment_id, event.referral_id))
        closed = next(iter(reasons.values()), None)
        offer = _offer(event)
        for channel in map(Channel, event.channels):
            contact = directory.contact(event.service_id, channel)
            await plan(tx, offer_notice(offer, channel, contact, closed, now), now)
        hook = directory.contact(event.service_id, Channel.WEBHOOK)
        if hook is not None:
            await plan(tx, offer_notice(offer, Channel.WEBHOOK, hook, closed, now), now)


@dataclass(frozen=True, slots=True)
class PlanReminder:
    """One more message over each channel of an offer that was not answered (R60), and where the county wants it one to
    the office of the service's organisation."""

    async def __call__(self, tx: Transaction, event: AssignmentReminded) -> None:
        """A contact to whom the offer itself has not been told yet needs no reminder, and nor does the portal."""
        directory = await tx.directory()
        now = await tx.present()
        reasons = await tx.closures.reasons((event.assignment_id, event.referral_id))
        closed = next(iter(reasons.values()), None)
        before = await tx.notifications.of_assignment(event.assignment_id)
        untold = {each.contact for each in before if each.state in WAITING and each.purpose is Purpose.OFFER}
        offer = _reminded(event)
        for channel in map(Channel, event.channels):
            contact = directory.contact(event.service_id, channel)
            if channel is not Channel.PORTAL and (contact is None or contact.id not in untold):
                await plan(tx, offer_notice(offer, channel, contact, closed, now, Purpose.REMINDER), now)
        office = directory.office(event.service_id) if event.second_contact else None
        if office is not None and await self._may_be_told(tx, office, offer):
            await plan(tx, offer_notice(offer, office.channel, office, closed, now, Purpose.REMINDER), now)

    async def _may_be_told(self, tx: Transaction, office: Contact, offer: Offer) -> bool:
        """Where contact must be safe nothing more is written (R59), and nobody is told twice."""
        if offer.safe_contact_only or await tx.suppressions.among([office.id]):
            return False
        told = await tx.notifications.of_assignment(offer.assignment_id)
        return all((each.channel, each.address) != (office.channel, office.address) for each in told)


@dataclass(frozen=True, slots=True)
class RecallOffer:
    """Stops what has not been sent of an assignment, and tells those who may have heard of it."""

    async def __call__(self, tx: Transaction, event: AssignmentRecalled) -> None:
        """Messages on their way at this moment are seen to when their attempt ends."""
        await _take_back(tx, event.assignment_id, RECALLED)


@dataclass(frozen=True, slots=True)
class StopOffer:
    """Stops what has not been sent of an assignment that no longer awaits an answer."""

    async def __call__(self, tx: Transaction, event: AssignmentMoved) -> None:
        """Who answered needs no word of it; who did not is told that the offer has gone."""
        if event.to_state == OPENED:
            # Whoever has it open needs to be told no other way.
            await tx.ladder.end(event.assignment_id, OPENED, await tx.present())
        if event.to_state in AWAITING_ANSWER:
            return
        if event.to_state == EXPIRED:
            await _take_back(tx, event.assignment_id, EXPIRED)
            return
        under_way = event.to_state in UNDER_WAY
        reason = ANSWERED if under_way else ENDED
        await tx.closures.add(event.assignment_id, reason, await tx.present(), over=ANSWERED)
        for notification in await tx.notifications.of_assignment(event.assignment_id):
            goes_on = under_way and notification.purpose in OUTLASTS_THE_ANSWER
            if notification.state in WAITING and notification.ends_with_its_offer and not goes_on:
                await tx.notifications.save(notification.skipped(reason))


@dataclass(frozen=True, slots=True)
class StopReferral:
    """Stops what has not been sent of a cancelled referral.

    Whom to tell is the router's to say: it recalls the assignments that are still open, and no others.
    """

    async def __call__(self, tx: Transaction, event: ReferralCancelled) -> None:
        """Nothing planned so far, and nothing planned later, is sent."""
        now = await tx.present()
        await tx.closures.add(event.referral_id, CANCELLED, now)
        for notification in await tx.notifications.waiting_of_referral(event.referral_id):
            if notification.ends_with_its_offer:
                skipped = notification.skipped(CANCELLED)
                await tx.notifications.save(skipped)
                await tell_skipped(tx, skipped, now)


async def plan_recall(tx: Transaction, told: Notification, now: datetime) -> None:
    """Plan the one message that takes `told` back, if its contact may know of it."""
    recall = recall_notice(told, now)
    if recall is not None:
        await plan(tx, recall, now)


async def _take_back(tx: Transaction, assignment_id: UUID, reason: str) -> None:
    """Skip what waits, and tell those who may have heard of it."""
    now = await tx.present()
    # What was answered may be recalled after all; a message that is on its way meanwhile must then be taken back.
    await tx.closures.add(assignment_id, reason, now, over=ANSWERED)
    for notification in await tx.notifications.of_assignment(assignment_id):
        if notification.state in WAITING and notification.ends_with_its_offer:
            await tx.notifications.save(notification.skipped(reason))
        if notification.state is not State.SENDING:
            await plan_recall(tx, notification, now)


async def plan(tx: Transaction, notification: Notification, now: datetime) -> None:
    """Store a planned message, once, and tell the others of one that does not have to be sent, or cannot be (N-25)."""
    if notification.state in WAITING and await tx.suppressions.among([notification.recipient]):
        notification = undeliverable(notification, Failure.SUPPRESSED)
    if notification.state is State.AWAITING_CALL and notification.confirm_by is not None:
        arrangements = (await tx.directory()).arrangements
        notification = replace(notification, confirm_by=call_by(notification.offer, arrangements, now))
    if not await tx.notifications.add(notification):
        return
    if notification.state is State.POSTED:
        await tell_sent(tx, notification, now)
    elif notification.state is State.FAILED:
        await tell_failed(tx, notification, now)
    elif notification.state is State.AWAITING_CALL:
        await tell_call_awaited(tx, notification, now)
    elif notification.state is State.QUEUED:
        tx.wake_delivery()


def _reminded(event: AssignmentReminded) -> Offer:
    return Offer(
        assignment_id=event.assignment_id,
        referral_id=event.referral_id,
        reference=event.reference,
        service_id=event.service_id,
        service_name=event.service_name,
        priority=event.priority,
        needs=event.needs,
        district=event.district,
        reply_by=event.answer_by,
        safe_contact_only=event.safe_contact_only,
    )


def _offer(event: AssignmentOffered) -> Offer:
    return Offer(
        assignment_id=event.assignment_id,
        referral_id=event.referral_id,
        reference=event.reference,
        service_id=event.service_id,
        service_name=event.service_name,
        priority=event.priority,
        needs=event.needs,
        district=event.district,
        reply_by=event.answer_by or event.due_at,
        safe_contact_only=event.safe_contact_only,
    )
