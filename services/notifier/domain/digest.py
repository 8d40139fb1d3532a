"""One e-mail that tells a contact of all its offers that could wait until its hour (N-36)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from services.notifier.domain.directory import Directory
from services.notifier.domain.notification import NAMESPACE, Notification
from shared.wording import reply_by_words

DIGEST_TEMPLATE = "digest.email"


@dataclass(frozen=True, slots=True)
class DigestNotice:
    """What a digest holds: how many offers, and `items`: of each a line of what it is and a line with its link, then an
    empty line. That is one text, since a template at a provider cannot repeat a part of itself."""

    count: str
    service: str
    items: str


def digest_id(contact: str, address: str, at: datetime) -> UUID:
    """The digest of one contact at one hour: always the same, so that a second copy is known as such."""
    return uuid5(NAMESPACE, f"digest|{contact}|{address}|{at.isoformat()}")


def digest_notice(
    messages: Sequence[Notification], directory: Directory, link: Callable[[Notification], str], now: datetime
) -> DigestNotice:
    """What the digest of `messages` (at least one) says at `now`, the nearest deadline first; each offer once, by the
    last message about it. `link` is where a message leads its reader."""
    offers = {message.offer.assignment_id: message for message in sorted(messages, key=lambda each: each.planned_at)}
    inner = sorted(offers.values(), key=lambda message: (message.offer.reply_by, message.offer.reference))
    items = "\n\n".join(f"{_item(message, directory, now)}\n{link(message)}" for message in inner)
    count = f"{len(inner)} referral{'s' * (len(inner) > 1)}"
    return DigestNotice(count, messages[0].offer.service_name, items)


def _item(message: Notification, directory: Directory, now: datetime) -> str:
    offer = message.offer
    if offer.safe_contact_only:
        return offer.reference
    needs, district = directory.needs_in_words(offer.needs), directory.district(offer.district)
    return f"{offer.reference}: {needs}, {district}. Reply {reply_by_words(offer.reply_by, now)}"
