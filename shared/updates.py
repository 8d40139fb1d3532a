"""What intake and the notifier tell each other about telling the resident and the referrer: never who they are."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.event import Event, Topic


class UpdateDue(Event):
    """The `audience` ("resident" or "referrer") is to be told over `channel` that the referral reached `step`.

    The address is asked of intake at the moment of sending, which then says whether it may still be told.
    """

    topic = Topic.REFERRALS
    type = "org.waymark.update.due.v1"

    update_id: UUID
    audience: str
    step: str
    channel: Literal["email", "sms"]
    due_at: datetime


class UpdateSent(Event):
    """An update left us for the resident or the referrer."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.update.sent.v1"

    update_id: UUID
    sent_at: datetime


class UpdateDropped(Event):
    """An update will not be sent; `reason` is a fault's class, or why it was no longer to be told."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.update.dropped.v1"

    update_id: UUID
    reason: str
    dropped_at: datetime
