"""What GOV.UK Notify says of a message: by its callback, or when it is asked. The address in it is not kept."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from notifications_python_client.notifications import NotificationsAPIClient

from services.notifier.channels.notify import Answer, Notify
from services.notifier.channels.pace import Pace
from services.notifier.domain.arrival import Arrival, Report
from services.notifier.domain.failure import Failure, SendFailed

PROVIDER = "notify"
ARRIVALS = {
    "delivered": Arrival.DELIVERED,
    "permanent-failure": Arrival.BOUNCED_HARD,
    "temporary-failure": Arrival.BOUNCED_SOFT,
    "technical-failure": Arrival.NOT_SENT,
    "validation-failed": Arrival.NOT_SENT,
    "cancelled": Arrival.NOT_SENT,
}
COMPLAINT, UNREADABLE = "complaint", "unreadable"
BODY_MAX = 2_000
WORD = re.compile(r"^[a-z-]{1,32}\Z")
PLAIN = re.compile(r"^[0-9A-Za-z-]{1,64}\Z")
ADDRESSES = re.compile(r"\S*@\S*|\+?\d[\d\s()-]{6,}\d")


def read_callback(body: bytes) -> Report:
    """The report in a callback, a receipt or a complaint; anything else is kept as it is, but for addresses."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return _unreadable(body)
    if not isinstance(told, dict):
        return _unreadable(body)
    if told.get("complaint_id"):
        told = {**told, "id": told.get("notification_id"), "status": COMPLAINT}
    return report_of(told) or _unreadable(body)


def report_of(told: Mapping[str, Any]) -> Report | None:  # JSON, as Notify has it or not
    """What a notification at Notify, or a receipt for it, says; None where it has no status."""
    status = told.get("status")
    if not isinstance(status, str) or not WORD.match(status):
        return None
    return Report(
        provider=PROVIDER,
        message_id=_uuid(told.get("reference")),
        provider_id=f"notify:{_plain(told.get('id'))}",
        status=status,
        arrival=ARRIVALS.get(status),
        is_complaint=status == COMPLAINT,
        at=_instant(told.get("completed_at")),
    )


@dataclass(frozen=True, slots=True)
class NotifyQuestions:
    """Asks Notify what became of a message, at its pace."""

    notify: Notify
    pace: Pace

    async def ask(self, provider_reference: str) -> Report | None:
        """What Notify says of its "notify:…"; None where it no longer has it. Raises SendFailed."""
        provider, _, theirs = provider_reference.partition(":")
        if provider != PROVIDER:
            return None

        def get(client: NotificationsAPIClient) -> Answer:
            answer: Answer = client.get_notification_by_id(theirs)
            return answer

        await self.pace.turn()
        try:
            return report_of(await self.notify.call(get))
        except SendFailed as failed:
            if failed.failure is Failure.RATE:
                self.pace.lower()
            if failed.failure is Failure.CONFIG:
                # Past its retention, or of another service.
                return None
            raise

    async def rest(self) -> None:
        """Let go of connections."""
        await self.notify.rest()


def _unreadable(body: bytes) -> Report:
    shown = ADDRESSES.sub("…", body[:BODY_MAX].decode("utf-8", "replace").replace("\x00", ""))
    return Report(PROVIDER, None, "", UNREADABLE, None, body=shown)


def _plain(value: object) -> str:
    """An id as Notify makes them; "" for anything that is none."""
    return value if isinstance(value, str) and PLAIN.match(value) else ""


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC) if at else None
    except (ValueError, OverflowError):
        return None
