"""How a message and its attempts look as rows."""

from typing import Any

from sqlalchemy import RowMapping

from services.notifier.domain.arrival import Arrival
from services.notifier.domain.notice import wording
from services.notifier.domain.notification import Channel, Notification, Offer, Purpose, State
from services.notifier.ports import Attempt
from shared.envelope import Origin


def row_of(notification: Notification) -> dict[str, Any]:  # a row's values are of many types
    """The whole row, but for the lease and the origin."""
    offer = notification.offer
    return {
        "id": notification.id,
        "assignment_id": offer.assignment_id,
        "referral_id": offer.referral_id,
        "reference": offer.reference,
        "service_id": offer.service_id,
        "service_name": offer.service_name[:200],
        "priority": offer.priority,
        "needs": list(offer.needs),
        "district": offer.district,
        "reply_by": offer.reply_by,
        "safe_contact_only": offer.safe_contact_only,
        "purpose": notification.purpose.value,
        "channel": notification.channel.value,
        "contact": notification.contact,
        "occasion": notification.occasion,
        "wording": wording(notification),
        "address": notification.address,
        "planned_at": notification.planned_at,
        **changes_of(notification),
    }


def changes_of(notification: Notification) -> dict[str, Any]:  # a row's values are of many types
    """The values that change in a message's life."""
    return {
        "state": notification.state.value,
        "attempts": notification.attempts,
        "unsure": notification.unsure,
        "reason": notification.reason,
        "template": notification.template,
        "provider_reference": notification.provider_reference,
        "try_at": notification.try_at,
        "sent_at": notification.sent_at,
        "receipt": notification.receipt and notification.receipt.value,
        "receipt_at": notification.receipt_at,
        "confirms": notification.confirms,
        "confirm_by": notification.confirm_by,
        "moved_on": notification.moved_on,
        "ask_at": notification.ask_at,
        "resent": notification.resent,
    }


def notification_of(row: RowMapping) -> Notification:
    """The message in a row."""
    return Notification(
        id=row["id"],
        offer=_offer_of(row),
        purpose=Purpose(row["purpose"]),
        channel=Channel(row["channel"]),
        contact=row["contact"],
        address=row["address"],
        state=State(row["state"]),
        planned_at=row["planned_at"],
        try_at=row["try_at"],
        attempts=row["attempts"],
        unsure=row["unsure"],
        sent_at=row["sent_at"],
        reason=row["reason"],
        template=row["template"],
        provider_reference=row["provider_reference"],
        receipt=Arrival(row["receipt"]) if row["receipt"] else None,
        receipt_at=row["receipt_at"],
        confirms=row["confirms"],
        confirm_by=row["confirm_by"],
        moved_on=row["moved_on"],
        ask_at=row["ask_at"],
        resent=row["resent"],
        occasion=row["occasion"],
    )


def _offer_of(row: RowMapping) -> Offer:
    return Offer(
        assignment_id=row["assignment_id"],
        referral_id=row["referral_id"],
        reference=row["reference"],
        service_id=row["service_id"],
        service_name=row["service_name"],
        priority=row["priority"],
        needs=tuple(row["needs"]),
        district=row["district"],
        reply_by=row["reply_by"],
        safe_contact_only=row["safe_contact_only"],
    )


def origin_of(row: RowMapping) -> Origin:
    """The piece of work in which the message was planned; what becomes of it is told as its consequence."""
    return Origin(row["correlation_id"], row["causation_id"], row["traceparent"])


def attempt_of(row: RowMapping) -> Attempt:
    """The attempt in a row."""
    return Attempt(
        number=row["number"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        outcome=row["outcome"],
        code=row["code"],
        rung_by=row["rung_by"],
    )
