"""Which messages an offer or a recall calls for, and where each begins."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from services.notifier.domain.directory import Contact
from services.notifier.domain.failure import Failure
from services.notifier.domain.notification import (
    NAMESPACE,
    TO_THE_DESK,
    Channel,
    Notification,
    Offer,
    Purpose,
    State,
)

BEGINS = {
    Channel.EMAIL: State.QUEUED,
    Channel.SMS: State.QUEUED,
    Channel.PHONE: State.AWAITING_CALL,
    Channel.PORTAL: State.POSTED,
    Channel.WEBHOOK: State.QUEUED,
}


def offer_notice(
    offer: Offer,
    channel: Channel,
    contact: Contact | None,
    closed: str | None,
    now: datetime,
    purpose: Purpose = Purpose.OFFER,
    occasion: str = "",
) -> Notification:
    """The message that tells of `offer` over `channel` (R59), or for REMINDER that reminds of it (R60).

    Without a contact it has failed already; for an offer that is `closed` (a reason code) it is skipped. The portal
    shows the offer by itself, so nothing is sent there. For each `occasion` there is a message of its own.
    """
    contact = contact or Contact(f"{offer.service_id}:{channel}", channel, "")
    planned = Notification(
        id=notification_id(offer.assignment_id, purpose, channel, contact.id, occasion),
        offer=offer,
        purpose=purpose,
        channel=channel,
        contact=contact.id,
        address=contact.address,
        state=BEGINS[channel],
        planned_at=now,
        try_at=now,
        occasion=occasion,
    )
    if closed is not None:
        return replace(planned, state=State.SKIPPED, reason=closed)
    if planned.state is State.POSTED:
        return replace(planned, sent_at=now)
    return planned.timed(now) if contact.address else undeliverable(planned, Failure.NO_CONTACT)


def undeliverable(planned: Notification, failure: Failure) -> Notification:
    """`planned` as it stands when it can go nowhere: the next way is taken at once."""
    clock = planned.planned_at if planned.purpose is Purpose.OFFER else None
    return replace(planned, state=State.FAILED, reason=failure.value, confirm_by=clock)


def recall_notice(told: Notification, now: datetime) -> Notification | None:
    """The message that takes `told` back, to the same contact; None where there is nobody to tell."""
    if told.purpose in TO_THE_DESK | {Purpose.RECALL} or told.channel is Channel.PORTAL or not told.may_have_arrived:
        return None
    return Notification(
        id=notification_id(told.offer.assignment_id, Purpose.RECALL, told.channel, told.contact),
        offer=told.offer,
        purpose=Purpose.RECALL,
        channel=told.channel,
        contact=told.contact,
        address=told.address,
        state=BEGINS[told.channel],
        planned_at=now,
        try_at=now,
    )


def notification_id(assignment_id: UUID, purpose: Purpose, channel: Channel, contact: str, occasion: str = "") -> UUID:
    """The same message always gets the same id, however often it is planned (N-02)."""
    parts = (assignment_id, purpose, channel, contact, *([occasion] if occasion else ()))
    return uuid5(NAMESPACE, "|".join(map(str, parts)))
