"""The only things that a notice may say: closed sets of placeholders, so that nothing of a person can get in (N-39)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from services.notifier.domain.directory import Directory
from services.notifier.domain.lateness import LateContact, LateContactText, late_email, late_text
from services.notifier.domain.message import Hook
from services.notifier.domain.notification import OF_THE_WORK, TO_THE_DESK, Channel, Notification, Purpose
from services.notifier.domain.update import NOTICES as UPDATE_NOTICES
from services.notifier.domain.update import Received
from shared.wording import moment_words, reply_by_words, short_reply_by_words

HOOK_TYPES = {Purpose.OFFER: "assignment.offered", Purpose.RECALL: "assignment.recalled"}
HOOK_VERSION = 1


@dataclass(frozen=True, slots=True)
class OfferNotice:
    """What an offer's notice holds (R59), all of it in words; `service` is the name of the service addressed."""

    reference: str
    service: str
    district: str
    needs: str
    priority: str
    reply_by: str
    link: str


@dataclass(frozen=True, slots=True)
class ReminderNotice(OfferNotice):
    """The same, for a service that has not answered (R60); `reply_by` is when others will be asked."""


@dataclass(frozen=True, slots=True)
class OfferText:
    """What an offer's text holds: the need is left out (N-39), `district` is "" where it would not fit."""

    reference: str
    district: str
    priority: str
    reply_by: str
    link: str


@dataclass(frozen=True, slots=True)
class ReminderText(OfferText):
    """The same, for a service that has not answered (R60)."""


@dataclass(frozen=True, slots=True)
class SafeNotice:
    """Where contact must be safe: only the reference and the link (R59)."""

    reference: str
    link: str


@dataclass(frozen=True, slots=True)
class RecallNotice:
    """What taking an offer back tells: only its reference."""

    reference: str


@dataclass(frozen=True, slots=True)
class CapacityNotice:
    """What a service is told whose capacity nobody has confirmed for long: its name, and by when to confirm it."""

    service: str
    reply_by: str


@dataclass(frozen=True, slots=True)
class CapacityText:
    """The same, short."""

    reply_by: str


@dataclass(frozen=True, slots=True)
class ConfirmationNotice:
    """What a service is told that has accepted: where to tell of the work, and `until` when that can be done there."""

    reference: str
    service: str
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class ReturnedNotice(ConfirmationNotice):
    """The same, for a service to which needs have come back that it had passed on."""


@dataclass(frozen=True, slots=True)
class ReturnedText:
    """The same, short."""

    reference: str
    link: str


Notice = (
    OfferNotice
    | OfferText
    | SafeNotice
    | RecallNotice
    | ConfirmationNotice
    | ReturnedText
    | CapacityNotice
    | CapacityText
    | LateContact
    | LateContactText
    | Received
)


def wording(notification: Notification) -> str:
    """The name of the template that goes with a message, such as "offer-safe.email", without its version."""
    safe = notification.offer.safe_contact_only and notification.purpose is not Purpose.RECALL
    form = "text" if notification.channel is Channel.SMS else notification.channel.value
    return f"{'offer-safe' if safe else notification.purpose.value}.{form}"


def email_notice(notification: Notification, directory: Directory, link: str, now: datetime) -> Notice:
    """What the e-mail for `notification` says when sent at `now`."""
    offer = notification.offer
    if notification.purpose is Purpose.CAPACITY:
        return CapacityNotice(offer.service_name, reply_by_words(offer.reply_by, now))
    if notification.is_update:
        return UPDATE_NOTICES[notification.purpose](offer.reference)
    if notification.purpose is Purpose.RECALL:
        return RecallNotice(offer.reference)
    if offer.safe_contact_only:
        return SafeNotice(offer.reference, link)
    if notification.purpose in OF_THE_WORK:
        kind_of_work = ReturnedNotice if notification.purpose is Purpose.RETURNED else ConfirmationNotice
        return kind_of_work(offer.reference, offer.service_name, moment_words(offer.reply_by), link)
    if notification.purpose in TO_THE_DESK:
        return late_email(notification, directory, link)
    kind = ReminderNotice if notification.purpose is Purpose.REMINDER else OfferNotice
    return kind(
        reference=offer.reference,
        service=offer.service_name,
        district=directory.district(offer.district),
        needs=directory.needs_in_words(offer.needs),
        priority=directory.priorities[offer.priority],
        reply_by=reply_by_words(offer.reply_by, now),
        link=link,
    )


def text_notice(notification: Notification, directory: Directory, link: str, now: datetime) -> Notice:
    """What the text for `notification` says when sent at `now`."""
    offer = notification.offer
    if notification.purpose is Purpose.CAPACITY:
        return CapacityText(short_reply_by_words(offer.reply_by, now))
    if notification.is_update:
        return UPDATE_NOTICES[notification.purpose](offer.reference)
    if notification.purpose is Purpose.RECALL:
        return RecallNotice(offer.reference)
    if offer.safe_contact_only:
        return SafeNotice(offer.reference, link)
    if notification.purpose in TO_THE_DESK:
        return late_text(notification, directory, link)
    if notification.purpose is Purpose.RETURNED:
        return ReturnedText(offer.reference, link)
    kind = ReminderText if notification.purpose is Purpose.REMINDER else OfferText
    return kind(
        reference=offer.reference,
        district=directory.districts.get(offer.district or "", ""),
        priority=directory.priorities_in_texts[offer.priority],
        reply_by=short_reply_by_words(offer.reply_by, now),
        link=link,
    )


def hook_for(notification: Notification) -> Hook:
    """What a service's own system is told: ids and codes; where contact must be safe, ids alone (R59).

    The same at every attempt, so that both ends see one message.
    """
    offer = notification.offer
    data = {
        "assignment_id": str(offer.assignment_id),
        "referral_id": str(offer.referral_id),
        "reference": offer.reference,
        "service_id": offer.service_id,
    }
    if notification.purpose is Purpose.OFFER and not offer.safe_contact_only:
        data |= {"priority": offer.priority, "reply_by": _instant(offer.reply_by)}
    body = {"type": HOOK_TYPES[notification.purpose], "timestamp": _instant(notification.planned_at), "data": data}
    return Hook(
        id=notification.id,
        to=notification.address,
        service_id=offer.service_id,
        body=json.dumps(body, separators=(",", ":")).encode(),
        template=f"{notification.purpose}.webhook@{HOOK_VERSION}",
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
