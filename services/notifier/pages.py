"""The local mailbox as pages: what would have been e-mailed and texted, and whom to ring."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.notifier.domain.notification import Notification, Purpose, State
from services.notifier.ports import Begin, Search
from shared.envelope import Origin
from shared.errors import NotFound
from shared.pages import renderer
from shared.wording import moment_words

FOLDER = Path(__file__).parent / "templates" / "pages"
SHOWN_MAX = 200
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# The message itself: it may be shown in our own frame, but can load, run and send nothing.
MESSAGE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'"


class Message(Protocol):
    """One message in the mailbox."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str | None: ...
    @property
    def kept_at(self) -> datetime: ...


class MessageBox(Protocol):
    """Where the messages are."""

    async def newest(self, limit: int) -> Sequence[Message]: ...

    async def get(self, message_id: UUID) -> Message | None: ...


@dataclass(frozen=True, slots=True)
class MailboxPages:
    """What the pages are made from."""

    box: MessageBox
    begin: Begin

    async def calls(self, origin: Origin) -> list[Notification]:
        """Whom to ring, the most urgent first."""
        async with self.begin(origin) as tx:
            found = await tx.notifications.find(Search(state=State.AWAITING_CALL, limit=SHOWN_MAX))
        return sorted((call for call, _ in found), key=lambda call: (call.offer.priority, call.planned_at))

    async def message(self, message_id: UUID) -> Message:
        """One message. Raises NotFound."""
        message = await self.box.get(message_id)
        if message is None:
            raise NotFound("not-found", "There is no message with this id.")
        return message


WHY = {
    Purpose.OFFER: "New referral",
    Purpose.REMINDER: "Not answered yet",
    Purpose.RECALL: "Tell them it was withdrawn",
    Purpose.CAPACITY: "Capacity to be confirmed",
    Purpose.RETURNED: "Come back",
    Purpose.LATE_CONTACT: "First contact late",
    Purpose.LATE_ANSWER: "Not answered in time",
    Purpose.LATE_REVIEW: "Review due",
}


def routes(box: MessageBox, begin: Begin) -> APIRouter:
    """The pages under /mailbox. They show addresses in full, so they are for one process on one machine only."""
    router = APIRouter(include_in_schema=False)
    pages = MailboxPages(box, begin)
    render = renderer(FOLDER)

    @router.get("/mailbox")
    async def mailbox(request: Request) -> Response:
        calls = [_call(call) for call in await pages.calls(_origin(request))]
        messages = [_line(message) for message in await box.newest(SHOWN_MAX)]
        return _safe(render("mailbox.html", {"messages": messages, "calls": calls}), PAGE_POLICY)

    @router.get("/mailbox/{message_id}")
    async def message(message_id: UUID) -> Response:
        found = await pages.message(message_id)
        return _safe(render("message.html", {"message": found, "at": moment_words(found.kept_at)}), PAGE_POLICY)

    @router.get("/mailbox/{message_id}/html")
    async def html_part(message_id: UUID) -> Response:
        html = (await pages.message(message_id)).html
        if html is None:
            raise NotFound("not-found", "This message has no HTML part.")
        return _safe(HTMLResponse(html), MESSAGE_POLICY)

    return router


def _call(call: Notification) -> dict[str, str]:
    return {
        "reference": call.offer.reference,
        "priority": call.offer.priority,
        "service": call.offer.service_name,
        "phone": call.address,
        "why": WHY[call.purpose],
        "reply_by": moment_words(call.offer.reply_by),
    }


def _line(message: Message) -> dict[str, str]:
    return {
        "id": str(message.id),
        # A text ends in its link, which would only be in the way here.
        "title": message.subject or message.text.partition(" http")[0],
        "recipient": message.recipient,
        "kind": "Email" if message.html else "Text",
        "at": moment_words(message.kept_at),
    }


def _safe(page: HTMLResponse, policy: str) -> HTMLResponse:
    page.headers["Content-Security-Policy"] = policy
    return page


def _origin(request: Request) -> Origin:
    # The chassis puts it there for every request.
    return cast(Origin, request.state.origin)
