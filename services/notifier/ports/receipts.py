"""What following on a message that has left needs from the outside: reports, clocks, and where nothing may be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.notifier.domain.arrival import Report
from services.notifier.domain.notification import Channel, Notification
from shared.envelope import Origin


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that was kept under the number `seq`, and the piece of work in which its message was planned."""

    seq: int
    report: Report
    origin: Origin


@dataclass(frozen=True, slots=True)
class Asking:
    """A message whose provider this worker is to ask what became of it."""

    notification: Notification
    origin: Origin


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A report, kept at an instant, of no message of ours."""

    report: Report
    kept_at: datetime


class Receipts(Protocol):
    """What providers reported of messages, and which messages they are to be asked about."""

    async def add(self, report: Report, at: datetime) -> bool:
        """Keep a report; False, and nothing is changed, when the same was kept before."""

    async def waiting(self, limit: int, now: datetime) -> Sequence[Kept]:
        """Reports that have not been applied and are not put off, not locked."""

    async def meant(self, message_id: UUID) -> Sequence[Notification]:
        """The message with this id, or all that the digest with this id told, locked until the transaction ends."""

    async def put_off(self, seq: int, until: datetime) -> None:
        """Look at a report again at `until`."""

    async def close(self, seq: int, state: str) -> bool:
        """A report is applied or quarantined; False when another worker has closed it."""

    async def quarantined(self, limit: int, since: datetime) -> Sequence[Quarantined]:
        """Reports kept since then that could not be applied to anything, newest first."""

    async def claim_questions(self, limit: int, now: datetime, lease: timedelta) -> Sequence[Asking]:
        """Messages to ask about, nobody else's until `now` plus `lease`."""


class Ladder(Protocol):
    """The clocks that have run out, and the assignments that no further way is taken for."""

    async def due(self, limit: int, now: datetime) -> Sequence[tuple[UUID, Origin]]:
        """Assignments with a clock that has run out, each with the origin of its message."""

    async def put_off(self, assignment_id: UUID, now: datetime, until: datetime) -> None:
        """Let the clocks of an assignment that have run out do so again at `until`."""

    async def end(self, assignment_id: UUID, reason: str, at: datetime) -> bool:
        """No further way is taken; False when that was so before."""

    async def has_ended(self, assignment_id: UUID) -> bool:
        """Whether no further way is taken."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A contact that nothing is sent to, since when and why: hard_bounce or complaint."""

    contact: str
    service_id: str
    channel: Channel
    address: str
    reason: str
    since: datetime


class Suppressions(Protocol):
    """Contacts that nothing is sent to until a person has looked (N-25)."""

    async def add(self, contact: str, reason: str, notification_id: UUID, at: datetime) -> bool:
        """Send nothing more there, because of what became of that message; False when that was so before."""

    async def among(self, contacts: Sequence[str]) -> frozenset[str]:
        """Those of `contacts` that nothing is sent to."""

    async def in_force(self, limit: int) -> Sequence[Suppressed]:
        """All that nothing is sent to, newest first."""

    async def lift(self, contact: str, by: str, because: str, at: datetime) -> bool:
        """Send there again; False when nothing kept it back."""
