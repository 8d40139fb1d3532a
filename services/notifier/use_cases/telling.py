"""Events that say what became of a message."""

from datetime import datetime

from services.notifier.domain.notification import Notification
from services.notifier.ports import Transaction
from shared.events import NotificationCallAwaited, NotificationFailed, NotificationSent


async def tell_sent(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that the contact was told at `at`."""
    offer = notification.offer
    await tx.publish(
        NotificationSent(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=await tx.next_sequence(offer.referral_id),
            notification_id=notification.id,
            assignment_id=offer.assignment_id,
            service_id=offer.service_id,
            channel=notification.channel.value,
            purpose=notification.purpose.value,
            sent_at=at,
        )
    )


async def tell_call_awaited(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that the contact has to be rung."""
    offer = notification.offer
    await tx.publish(
        NotificationCallAwaited(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=await tx.next_sequence(offer.referral_id),
            notification_id=notification.id,
            assignment_id=offer.assignment_id,
            service_id=offer.service_id,
            channel=notification.channel.value,
            purpose=notification.purpose.value,
            awaited_at=at,
        )
    )


async def tell_failed(tx: Transaction, notification: Notification, at: datetime) -> None:
    """Publish that this channel is given up; the class of the failure is `notification.reason`."""
    offer = notification.offer
    await tx.publish(
        NotificationFailed(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=await tx.next_sequence(offer.referral_id),
            notification_id=notification.id,
            assignment_id=offer.assignment_id,
            service_id=offer.service_id,
            channel=notification.channel.value,
            purpose=notification.purpose.value,
            failure=notification.reason or "unknown",
            failed_at=at,
        )
    )
