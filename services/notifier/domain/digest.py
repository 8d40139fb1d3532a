"""One e-mail that tells a contact of all its offers that could wait until its hour (N-36)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from services.notifier.domain.directory import Directory
from services.notifier.domain.notification import NAMESPACE, Notification
from shared.wording import reply_by_words

DIGEST_TEMPLATE = "digest.email"


@dataclass(frozen=True, slots=True)
class DigestNotice:
    """What a digest holds: how many offers, and `items`, one in a line."""

    count: str
    service: str
    items: str
    link: str


def digest_id(contact: str, address: str, at: datetime) -> UUID:
    """The digest of one contact at one hour: always the same, so that a second copy is known as such."""
    return uuid5(NAMESPACE, f"digest|{contact}|{address}|{at.isoformat()}")


def digest_notice(messages: Sequence[Notification], directory: Directory, link: str, now: datetime) -> DigestNotice:
    """What the digest of `messages` (at least one) says at `now`, the nearest deadline first; each offer once."""
    offers = {message.offer.assignment_id: message for message in messages}
    inner = sorted(offers.values(), key=lambda message: (message.offer.reply_by, message.offer.reference))
    items = "\n".join(_item(message, directory, now) for message in inner)
    count = f"{len(inner)} referral{'s' * (len(inner) > 1)}"
    return DigestNotice(count, messages[0].offer.service_name, items, link)


def _item(message: Notification, directory: Directory, now: datetime) -> str:
    offer = message.offer
    if offer.safe_contact_only:
        return offer.reference
    needs, district = directory.needs_in_words(offer.needs), directory.district(offer.district)
    return f"{offer.reference}: {needs}, {district}. Reply {reply_by_words(offer.reply_by, now)}"
