"""The notifier's events on the wire; the rules for change are those of shared/events.py."""

from datetime import datetime
from uuid import UUID

from shared.event import Event, ServiceEvent, Topic
from shared.facts import Channel


class MessageEvent(Event):
    """What every event about one message to one contact holds: which message, and which offer it tells whom of."""

    notification_id: UUID
    assignment_id: UUID
    service_id: str
    channel: Channel
    purpose: str


class NotificationSent(MessageEvent):
    """One message to one contact left us: the mail server, gateway or inbox took it."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.sent.v1"

    sent_at: datetime


class NotificationCallAwaited(MessageEvent):
    """A service is to be told by telephone, which only a person can do; nobody has rung it yet."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.call_awaited.v1"

    awaited_at: datetime


class NotificationFailed(MessageEvent):
    """One message to one contact cannot be delivered by this channel; `failure` is the fault's class, not its text."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.failed.v1"

    failure: str
    failed_at: datetime


class NotificationDelivered(MessageEvent):
    """One message to one contact is known to have arrived; not that it was read."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.delivered.v1"

    delivered_at: datetime


class NotificationBounced(MessageEvent):
    """A message that had left came back: `bounce` is "hard" (the address is wrong), "soft" (it may be tried once more)
    or "provider" (the provider could not or would not send it)."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.bounced.v1"

    bounce: str
    bounced_at: datetime


class NotificationUnconfirmed(MessageEvent):
    """Nobody said in time that a message arrived. `final` is whether nobody will be asked after it any more; before,
    the offer goes on to the next channel or contact."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.unconfirmed.v1"

    final: bool = False
    unconfirmed_at: datetime


class NotificationExhausted(Event):
    """Nobody at a service can know of an offer: no message about it got through, and nothing more will be tried.
    `failure` is the class of the last fault, not its text; `contacts_unusable` is whether no contact of the service can
    be used before somebody mends it."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.notification.exhausted.v1"

    assignment_id: UUID
    service_id: str
    failure: str
    exhausted_at: datetime
    contacts_unusable: bool = False


class ServiceReachable(ServiceEvent):
    """A contact of a service, to which nothing was sent for a while, is used again; `lifted_by` is the code of who saw
    to it."""

    topic = Topic.NOTIFICATIONS
    type = "org.waymark.service.reachable.v1"

    contact: str
    lifted_by: str
    lifted_at: datetime
