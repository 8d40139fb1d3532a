"""What the notifier's use cases need from the outside, and no more."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from services.notifier.domain.directory import Directory
from services.notifier.domain.guard import TextSent
from services.notifier.domain.hold import NOTHING, Barred, Hold
from services.notifier.domain.message import Email, Hook, Receipt, Text
from services.notifier.domain.notification import Channel, Notification, State
from services.notifier.ports.receipts import Ladder, Receipts, Suppressions
from shared.envelope import Origin
from shared.events import AnyEvent

M = TypeVar("M", contravariant=True)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `outcome` is "sent", a failure's class, "lost" (the worker died), a call's outcome, or None while it
    is going on; `code` holds a server's figures; `rung_by` who rang, as a staff or desk code."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    code: str | None = None
    rung_by: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this worker alone may send until its lease ends, and the piece of work it was planned in.

    `probe` is the breaker whose way it tries out.
    """

    notification: Notification
    origin: Origin
    probe: Hold | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Which messages are wanted: all that is given must match."""

    reference: str | None = None
    assignment_id: UUID | None = None
    state: State | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Lane:
    """Which messages one delivery loop takes: `priorities` such as ("P1",), at most `width` at once."""

    name: str
    priorities: tuple[str, ...]
    width: int
    lease: timedelta


class Notifications(Protocol):
    """Messages and their attempts."""

    async def add(self, notification: Notification) -> bool:
        """Store a planned message; False, and nothing is changed, when it was planned before (N-02)."""

    async def claim(
        self, lane: Lane, now: datetime, barred: Barred = NOTHING, only: Channel | None = None
    ) -> Sequence[Claim]:
        """Take the most urgent messages, of those the ones with the nearest deadlines, that are due or whose lease has
        run out. Each is SENDING, with an attempt begun, and is nobody else's until `now` plus the lane's lease. What
        is `barred` stays; `only` is the one channel wanted."""

    async def end_attempt(self, notification: Notification, outcome: str, at: datetime, code: str | None) -> bool:
        """Store `notification` and close the attempt it is on; False when that attempt is no longer the current one."""

    async def save(self, notification: Notification) -> None:
        """Store a message that this transaction has locked."""

    async def add_call(self, notification: Notification, attempt: Attempt) -> None:
        """Store a message together with the ringing that changed it."""

    async def get(self, notification_id: UUID) -> Notification | None:
        """One message, locked until the transaction ends."""

    async def of_assignment(self, assignment_id: UUID) -> Sequence[Notification]:
        """All messages about an assignment, locked until the transaction ends."""

    async def waiting_of_referral(self, referral_id: UUID) -> Sequence[Notification]:
        """The messages of a referral that are queued or wait for a call, locked until the transaction ends."""

    async def find(self, search: Search) -> Sequence[tuple[Notification, Sequence[Attempt]]]:
        """Messages and their attempts, newest first."""

    async def read(self, notification_id: UUID) -> tuple[Notification, Sequence[Attempt]] | None:
        """One message and its attempts, not locked."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait, and since when the oldest of them was planned."""

    count: int
    oldest: datetime | None


class Holds(Protocol):
    """What does not go out at present, and the messages behind it."""

    async def open(self, hold: Hold) -> bool:
        """Keep `hold`; False, and nothing is changed, when the same is held back for the same kind of reason."""

    async def standing(self) -> Sequence[Hold]:
        """Those that have not ended, oldest first."""

    async def get(self, hold_id: UUID) -> Hold | None:
        """One that has not ended, locked until the transaction ends."""

    async def take_probe(self, hold_id: UUID, now: datetime) -> Hold | None:
        """A breaker whose probe is due, locked; None when it is not, or another worker has it."""

    async def probed(self, hold_id: UUID, next_at: datetime) -> None:
        """A probe begins; the one after it is due at `next_at`."""

    async def end(self, hold_id: UUID, at: datetime, reason: str, by: str | None) -> bool:
        """It holds nothing back any more; False when it had ended before."""

    async def failures(self, way: str, channel: Channel, since: datetime) -> Sequence[tuple[str, str | None]]:
        """Outcome and code of the latest failed attempts on a channel that ended after `since`, and after the last
        breaker of `way` did."""

    async def backlog(self, barred: Barred) -> Backlog:
        """What is queued and `barred`."""

    async def kept(self, barred: Barred, limit: int) -> Sequence[Notification]:
        """Messages that are queued and `barred`, locked, those with the nearest deadlines first."""

    async def unnoticed(self, barred: Barred, priorities: Sequence[str], limit: int) -> Sequence[Notification]:
        """Those of `priorities` among them of which nobody has noticed that they are held, locked."""

    async def offers_kept(
        self, barred: Barred, priority: str, planned_by: datetime, due_by: datetime, limit: int
    ) -> Sequence[Notification]:
        """The same of the offers of one priority that were planned by one instant and could leave by another."""


class Waiting(Protocol):
    """Messages that go later than they could."""

    async def put_back(self, claimed: Notification, waiting: Notification, digest: UUID | None) -> None:
        """Store `waiting` in place of what was claimed, as if it had not been; `digest` is what is to tell of it."""

    async def quiet_is_over(self, now: datetime, limit: int) -> Sequence[Notification]:
        """Messages whose quiet hours have ended, locked, those with the nearest deadlines first."""

    async def texts_since(self, address: str, since: datetime, undecided: Sequence[UUID]) -> Sequence[TextSent]:
        """Texts that a number got after `since` or that are on their way to it, but for those `undecided`."""

    async def claim_digest(self, lane: Lane, now: datetime, barred: Barred) -> tuple[UUID, Sequence[Claim]] | None:
        """Take all messages of one digest that is due, or whose lease has run out; None when there is none."""


class Attention(Protocol):
    """What a person has to see to."""

    async def failed(self, limit: int) -> Sequence[Notification]:
        """Messages that failed, oldest first, of which nobody has dealt with and what they tell of is not closed."""

    async def calls(self) -> Backlog:
        """The calls that are awaited."""

    async def unsent(self) -> Mapping[tuple[str, str], Backlog]:
        """What should have left and has not, by priority and channel."""


class Closures(Protocol):
    """Assignments and referrals of which nothing more may be told."""

    async def add(self, subject_id: UUID, reason: str, at: datetime, *, over: str | None = None) -> None:
        """Close it for good; the first reason stays, unless it is `over`."""

    async def reasons(self, subject_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Why each of those that are closed is closed."""


class Transaction(Protocol):
    """Everything one use case may touch, all of it kept or none of it."""

    @property
    def notifications(self) -> Notifications: ...

    @property
    def holds(self) -> Holds: ...

    @property
    def waiting(self) -> Waiting: ...

    @property
    def attention(self) -> Attention: ...

    @property
    def closures(self) -> Closures: ...

    @property
    def receipts(self) -> Receipts: ...

    @property
    def ladder(self) -> Ladder: ...

    @property
    def suppressions(self) -> Suppressions: ...

    async def present(self) -> datetime:
        """The present instant by the database's clock: leases and due times never trust a process's."""

    async def directory(self) -> Directory:
        """The directory in force. Raises Unavailable before one was loaded."""

    async def next_sequence(self, referral_id: UUID) -> int:
        """The number of the next event told of a referral; locks it until the transaction ends."""

    async def publish(self, event: AnyEvent) -> None:
        """Tell the others once the transaction has been kept."""

    def wake_delivery(self) -> None:
        """Have the delivery loops look for work as soon as the transaction has been kept."""


class Begin(Protocol):
    """Opens a transaction for one piece of work; leaving the block keeps it."""

    def __call__(self, origin: Origin) -> AbstractAsyncContextManager[Transaction]: ...


class Insist(Protocol):
    """Repeats a step for as long as the database is away."""

    async def __call__(self, step: Callable[[], Awaitable[None]]) -> None: ...


class Contacts(Protocol):
    """Where people are reached: asked at the moment of sending, used at once, kept nowhere."""

    async def address_for(self, update_id: UUID) -> str:
        """The address for an update. Raises Withheld when it is not to be told, or no longer; NotAddressed when intake
        cannot be asked."""


class Sender(Protocol[M]):
    """One way out for one kind of message. The same tests run against every one of them (N-49)."""

    async def send(self, message: M) -> Receipt:
        """Hand `message` over, within a time limit of its own. Raises SendFailed with the class of the failure.

        Sending the same id again must be recognisable as the same message on the other side.
        """

    async def find(self, message_id: UUID) -> Receipt | None:
        """Ask the other side for a message that it may have taken (N-10); None where it cannot be asked.

        Raises SendFailed: ABSENT when it does not have the message, or does not have it yet.
        """

    async def rest(self) -> None:
        """There is nothing to send at present: let go of connections."""


class TemplateCheck(Protocol):
    """Compares the templates at a provider with ours."""

    async def check(self) -> Mapping[str, str | None]:
        """By name, how a template has drifted; None where it has not. Raises SendFailed when nobody can be asked."""

    async def rest(self) -> None:
        """Let go of connections."""


class Composer(Protocol):
    """Puts a message into words. Raises SendFailed(CONFIG) where that cannot be done."""

    def email(self, notification: Notification, directory: Directory, now: datetime) -> Email:
        """The e-mail for `notification` as it reads at `now`."""

    def text(self, notification: Notification, directory: Directory, now: datetime) -> Text:
        """The text for `notification` as it reads at `now`."""

    def digest(self, digest_id: UUID, messages: Sequence[Notification], directory: Directory, now: datetime) -> Email:
        """The one e-mail for `messages`, at least one and all to one address, as it reads at `now`."""

    def hook(self, notification: Notification) -> Hook:
        """What the service's own system is told of `notification`, the same at every attempt."""
