"""Events that say what became of a message about a referral; of others nothing is told."""

from datetime import datetime
from typing import Any

from services.notifier.domain.notification import Notification
from services.notifier.ports import Transaction
from shared.events import (
    NotificationBounced,
    NotificationCallAwaited,
    NotificationDelivered,
    NotificationExhausted,
    NotificationFailed,
    NotificationSent,
    NotificationUnconfirmed,
    UpdateDropped,
    UpdateSent,
)


async def tell_sent(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that the contact was told at `at`."""
    if notification.is_update:
        await tx.publish(UpdateSent(**await _about_update(tx, notification), sent_at=at))
        return
    if notification.is_of_a_referral:
        await tx.publish(NotificationSent(**await _about(tx, notification), sent_at=at))


async def tell_call_awaited(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that the contact has to be rung."""
    if notification.is_of_a_referral:
        await tx.publish(NotificationCallAwaited(**await _about(tx, notification), awaited_at=at))


async def tell_failed(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that this channel is given up; the class of the failure is `notification.reason`."""
    failure = notification.reason or "unknown"
    if notification.is_update:
        await tx.publish(UpdateDropped(**await _about_update(tx, notification), reason=failure, dropped_at=at))
        return
    if notification.is_of_a_referral:
        await tx.publish(NotificationFailed(**await _about(tx, notification), failure=failure, failed_at=at))


async def tell_delivered(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that it is known to have arrived."""
    await tx.publish(NotificationDelivered(**await _about(tx, notification), delivered_at=at))


async def tell_bounced(tx: Transaction, notification: Notification, bounce: str, at: datetime) -> None:
    """Publish that it came back; `bounce` is "hard", "soft" or "provider"."""
    await tx.publish(NotificationBounced(**await _about(tx, notification), bounce=bounce, bounced_at=at))


async def tell_unconfirmed(tx: Transaction, notification: Notification, at: datetime, *, final: bool) -> None:
    """Publish that nobody said in time that it arrived; `final` is whether nobody will be asked any more."""
    await tx.publish(NotificationUnconfirmed(**await _about(tx, notification), final=final, unconfirmed_at=at))


async def tell_exhausted(
    tx: Transaction, last: Notification, failure: str, at: datetime, *, contacts_unusable: bool
) -> None:
    """Publish that no way is left to tell the service of `last`; `failure` is the class of that one's fault, and
    `contacts_unusable` whether nothing else could be told to it either."""
    offer = last.offer
    await tx.publish(
        NotificationExhausted(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=await tx.next_sequence(offer.referral_id),
            assignment_id=offer.assignment_id,
            service_id=offer.service_id,
            failure=failure,
            exhausted_at=at,
            contacts_unusable=contacts_unusable,
        )
    )


async def tell_skipped(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that an update will not be sent; of a service's message nobody needs to hear that."""
    if notification.is_update:
        await tell_failed(tx, notification, at)


async def _about_update(tx: Transaction, notification: Notification) -> dict[str, Any]:  # fields of several types
    """What every event about an update says of it; takes the next number of its referral."""
    offer = notification.offer
    return {
        "referral_id": offer.referral_id,
        "reference": offer.reference,
        "sequence": await tx.next_sequence(offer.referral_id),
        "update_id": notification.id,
    }


async def _about(tx: Transaction, notification: Notification) -> dict[str, Any]:  # fields of several types
    """What every event about a message says of it; takes the next number of its referral."""
    offer = notification.offer
    return {
        "referral_id": offer.referral_id,
        "reference": offer.reference,
        "sequence": await tx.next_sequence(offer.referral_id),
        "notification_id": notification.id,
        "assignment_id": offer.assignment_id,
        "service_id": offer.service_id,
        "channel": notification.channel.value,
        "purpose": notification.purpose.value,
    }
