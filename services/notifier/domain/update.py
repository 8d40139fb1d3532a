"""What a resident or a referrer is told, and the one message that tells it; who they are is not known here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.notifier.domain.notification import Channel, Notification, Offer, Purpose, State

# An update is never urgent: who needs help at once is rung by a person.
PRIORITY = "P3"
# Tried again for half of this, like an offer until its deadline.
WORTH_TELLING_FOR = timedelta(hours=48)
CHANNEL_WORDS = {Channel.EMAIL: "e-mail", Channel.SMS: "text"}


@dataclass(frozen=True, slots=True)
class Received:
    """An update holds the reference and no more; this one says that the request came."""

    reference: str


@dataclass(frozen=True, slots=True)
class LookedAt(Received):
    """A person looks at it: it could not be placed, or it is late."""


@dataclass(frozen=True, slots=True)
class TakenOn(Received):
    """Somebody has taken it on."""


@dataclass(frozen=True, slots=True)
class Done(Received):
    """The work is finished."""


@dataclass(frozen=True, slots=True)
class NotMet(Received):
    """The work is finished, and no need was met."""


@dataclass(frozen=True, slots=True)
class Cancelled(Received):
    """The request was stopped."""


NOTICES: dict[Purpose, type[Received]] = {
    Purpose.RECEIVED: Received,
    Purpose.LOOKED_AT: LookedAt,
    Purpose.TAKEN_ON: TakenOn,
    Purpose.DONE: Done,
    Purpose.NOT_MET: NotMet,
    Purpose.CANCELLED: Cancelled,
}


@dataclass(frozen=True, slots=True)
class Update:
    """What is to be told: `audience` is "resident" or "referrer", `step` one of the purposes above."""

    id: UUID
    referral_id: UUID
    reference: str
    audience: str
    step: str
    channel: str


def update_notification(update: Update, closed: str | None, now: datetime) -> Notification:
    """The message for `update`; for a referral that is `closed` (a reason code) it is skipped, but for the last word.

    Its address stays empty for ever.
    """
    planned = Notification(
        id=update.id,
        offer=_in_place_of_an_offer(update, now),
        purpose=Purpose(update.step),
        channel=Channel(update.channel),
        contact=update.audience,
        address="",
        state=State.QUEUED,
        planned_at=now,
        try_at=now,
    )
    if closed is not None and planned.ends_with_its_offer:
        return replace(planned, state=State.SKIPPED, reason=closed)
    return planned


def _in_place_of_an_offer(update: Update, now: datetime) -> Offer:
    """What an update tells of: its own id stands for the assignment's, and there is no service."""
    return Offer(
        assignment_id=update.id,
        referral_id=update.referral_id,
        reference=update.reference,
        service_id="",
        service_name="",
        priority=PRIORITY,
        needs=(),
        district=None,
        reply_by=now + WORTH_TELLING_FOR,
        safe_contact_only=False,
    )


def addressee(notification: Notification) -> str | None:
    """How whoever gets an update is called wherever a copy is kept: "resident of 7K3M-2QX"; None for other messages."""
    return f"{notification.contact} of {notification.offer.reference}" if notification.is_update else None


def addressed_to(notification: Notification) -> str:
    """How an update is shown to staff: "the resident by text"."""
    return f"the {notification.contact} by {CHANNEL_WORDS[notification.channel]}"
