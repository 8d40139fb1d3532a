"""Messages put into words for a test to read."""

from html.parser import HTMLParser

from services.notifier.channels.templates import Templates
from services.notifier.domain.notification import Notification, Purpose
from shared.links import Link
from tests.links import SIGNER
from tests.notifier.world import PUBLIC_URL, a_notification, an_offer

OFFER = a_notification()
SAFE = a_notification(offer=an_offer(safe_contact_only=True))
REMINDER = a_notification(purpose=Purpose.REMINDER)


def answer_link(notification: Notification) -> str:
    offer = notification.offer
    link = Link("answer", offer.assignment_id, offer.service_id, notification.id, offer.reply_by)
    return f"{PUBLIC_URL}/r/{SIGNER.sign(link)}"


def templates() -> Templates:
    return Templates(PUBLIC_URL, SIGNER)


class Outline(HTMLParser):
    """Which elements and attributes there are, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    return parsed
