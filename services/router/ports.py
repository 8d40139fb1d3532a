"""What the router's use cases need from the outside, and no more."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from services.router.domain.assignment import Actor, Move, State
from services.router.domain.basis import Basis
from services.router.domain.cause import RECEIVED, Cause
from services.router.domain.chase import Clock, ClockState, Kind
from services.router.domain.county import County
from services.router.domain.decision import Decision
from services.router.domain.links import Revoked
from services.router.domain.load import Load
from services.router.domain.vocabulary import Channel, Priority
from services.router.domain.watch import DueForReview, Unowned
from services.router.room import Capacity, Confirmations, Pauses
from services.router.rule_sets import RuleSets, Surges
from shared.events import AnyEvent, Facts


@dataclass(frozen=True, slots=True)
class Offer:
    """One assignment as it is stored. `version` rises with every move; `notified_at` is when its service was first
    told, None before; `outcomes` is the close code of each need, once it is done; `reason` says in words why it lies
    with the triage desk, where the router had to give up on others; `parent_id` is the assignment that passed its
    needs on."""

    id: UUID
    referral_id: UUID
    reference: str
    decision_id: UUID
    service_id: str
    service_name: str
    organization_id: str
    organization_name: str
    track: str
    needs: tuple[str, ...]
    priority: Priority
    sla: str
    district: str | None
    channels: tuple[Channel, ...]
    safe_contact_only: bool
    state: State
    version: int
    offered_at: datetime
    due_at: datetime
    notified_at: datetime | None
    outcomes: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of an assignment: `before` is None for the offer itself, `move` says what the states alone do not."""

    at: datetime
    actor: Actor
    before: State | None
    to: State
    reason: str | None
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it is kept for ever: the facts used, the whole of `Decision` as plain JSON values, and why.

    `basis` is what it was made from besides the facts and the county; None of those made before that was kept.
    """

    id: UUID
    referral_id: UUID
    reference: str
    rule_set: str
    outcome: str
    facts: Mapping[str, Any]  # JSON
    document: Mapping[str, Any]  # JSON
    decided_at: datetime
    cause: str = RECEIVED.trigger.value
    cause_words: str = ""
    basis: Basis | None = None


@dataclass(frozen=True, slots=True)
class FirstDecision:
    """What the first decision of a referral was made from. `facts` are as of `StoredDecision`, `load` None of those
    made before that was kept."""

    reference: str
    facts: Mapping[str, Any]  # JSON
    load: Load | None


class Referrals(Protocol):
    """The router's own memory of each referral."""

    async def add(self, referral_id: UUID, reference: str, submitted_at: datetime) -> bool:
        """Remember it; False when it is known already."""

    async def next_sequence(self, referral_id: UUID) -> int:
        """The number of the next event told of it; locks it until the transaction ends."""

    async def cancel(self, referral_id: UUID, at: datetime) -> None:
        """Note that it was cancelled."""

    async def review(self, referral_id: UUID, at: datetime | None) -> None:
        """Have somebody look at its needs that nobody was given, at this instant; None is never."""

    async def asked(self, referral_id: UUID, at: datetime) -> None:
        """Note that somebody was asked to look at them."""

    async def due_for_review(self) -> DueForReview | None:
        """The referral to be looked at first, nobody else's until the transaction ends; None when there is none."""

    async def reopen(self, referral_id: UUID, *, forget_refusals: bool) -> bool:
        """Lock it until the transaction ends, and count refusals anew if asked to; False when it is not known, or
        was cancelled."""


class Decisions(Protocol):
    """Decisions, never changed."""

    async def add(
        self,
        decision_id: UUID,
        referral_id: UUID,
        reference: str,
        facts: Facts,
        decision: Decision,
        decided_at: datetime,
        *,
        sequence: int = 0,
        cause: Cause = RECEIVED,
        basis: Basis | None = None,
    ) -> None:
        """Keep it, with all that it was made from; `sequence` is the number of the event that tells of it."""

    async def latest(self, reference: str) -> StoredDecision | None:
        """The newest decision of a referral."""

    async def all(self, reference: str) -> Sequence[StoredDecision]:
        """Every decision of a referral, newest first."""

    async def sample(self, since: datetime, most: int) -> Sequence[StoredDecision]:
        """Decisions made since then, at most so many; where there are more, some of them by chance."""

    def first_ones(self, since: datetime, most: int) -> AsyncIterator[Sequence[FirstDecision]]:
        """Page by page the first decisions of referrals made since then, newest first, at most so many."""

    async def causes(self, since: datetime) -> Mapping[str, int]:
        """How many decisions were made since then, by what caused them."""


class Offers(Protocol):
    """Assignments and their moves."""

    async def add(self, offer: Offer, *, capacity_day: date | None) -> None:
        """Store a new offer, with the day whose place it took, None when its service counts none.

        The database refuses a second live offer of any of its needs.
        """

    async def live_of(self, referral_id: UUID) -> Sequence[Offer]:
        """The live assignments of a referral in the order of their services, locked until the transaction ends."""

    async def lock(self, assignment_id: UUID) -> Offer:
        """One assignment. Nothing else is done for its referral until the transaction ends. Raises NotFound."""

    async def move(self, offer: Offer, to: State, *, actor: Actor, at: datetime, reason: str | None,
                   outcomes: Mapping[str, str] | None = None, move: Move | None = None) -> Offer:  # fmt: skip
        """The assignment in its new state, kept with who, when, from, to and why, and with the outcome of each need.

        Raises Conflict when it has moved since it was read.
        """

    async def held_by(self, assignment_id: UUID) -> tuple[str, ...]:
        """The needs that an assignment has in its own hands, in their order: not those that it passed on."""

    async def let_go(self, assignment_id: UUID, needs: Sequence[str]) -> None:
        """Take needs out of the hands of an assignment, for another to have them."""

    async def take_back(self, assignment_id: UUID, needs: Sequence[str]) -> None:
        """Put needs that it let go back into the hands of an assignment."""

    async def reopen(self, referral_id: UUID, needs: Sequence[str]) -> None:
        """Have needs of a referral that ended be nobody's again, until they are offered."""

    async def children_of(self, assignment_id: UUID) -> Sequence[Offer]:
        """The assignments to which its needs were passed on, in the order in which they were offered."""

    async def refusals(self, referral_id: UUID, *, told: bool = False) -> Mapping[str, frozenset[str]]:
        """By need, the services that declined it, let it expire or handed it back since refusals count.

        With `told`, without those whose offer expired before they were told and without their having opened it.
        """

    async def history(self, assignment_id: UUID) -> Sequence[Moved]:
        """Every move of an assignment, oldest first."""

    async def told(self, assignment_id: UUID, at: datetime) -> None:
        """Note when its service was first told."""

    async def find(self, *, assignment_id: UUID | None = None, service: str | None = None, state: str | None = None,
                   reference: str | None = None, among: Collection[UUID] | None = None) -> Sequence[Offer]:  # fmt: skip
        """Assignments that match all that is given, soonest due first, at most 200; `among` has the ids looked at."""


@dataclass(frozen=True, slots=True)
class Due:
    """A clock that rings, the assignment it belongs to, and the present instant by the database's clock."""

    clock: Clock
    offer: Offer
    at: datetime


class Clocks(Protocol):
    """What is waited for of each assignment."""

    async def start(self, clocks: Iterable[Clock]) -> None:
        """Keep new clocks; one of a kind that the assignment has begins anew."""

    async def put(self, changed: Clock) -> None:
        """Keep a clock as it is now."""

    async def stop(self, assignment_id: UUID, kinds: Sequence[Kind]) -> None:
        """Stop those of an assignment's clocks that tick."""

    async def due(self) -> Due | None:
        """The clock that rang first, nobody else's until the transaction ends; None when none has."""

    async def postpone(self, late: Clock, by: timedelta) -> None:
        """Let a clock ring again later."""

    async def late(self, state: ClockState) -> frozenset[UUID]:
        """The live assignments of which a clock is in this state."""

    async def of(self, assignment_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Clock]]:
        """The clocks of assignments, soonest due first."""


class Watch(Protocol):
    """Questions about everything that is stored; each should find nothing."""

    async def unowned(self, limit: int) -> Sequence[Unowned]:
        """Needs that nobody has, needs that were left to nobody and of which nobody is or will be asked, and live
        assignments without a ticking clock; at most `limit` of each."""


class Links(Protocol):
    """What is known of links: only which were revoked."""

    async def revoke(self, revoked: Revoked) -> None:
        """Keep a revocation."""

    async def revoked_at(self, assignment_id: UUID, notification_id: UUID) -> datetime | None:
        """When the link of this message was first revoked, by itself or with all of its assignment's."""


class Transaction(Protocol):
    """Everything one use case may touch, all of it kept or none of it."""

    @property
    def referrals(self) -> Referrals: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def offers(self) -> Offers: ...
    @property
    def capacity(self) -> Capacity: ...
    @property
    def pauses(self) -> Pauses: ...
    @property
    def clocks(self) -> Clocks: ...
    @property
    def watch(self) -> Watch: ...
    @property
    def links(self) -> Links: ...
    @property
    def confirmations(self) -> Confirmations: ...
    @property
    def rule_sets(self) -> RuleSets: ...
    @property
    def surges(self) -> Surges: ...

    async def county(self) -> County:
        """The rules and the directory in force. Raises Unavailable when none is loaded."""

    async def county_of(self, version: str) -> County:
        """The rules and the directory of a decision or of a draft. Raises NotFound."""

    async def publish(self, event: AnyEvent) -> None:
        """Tell the others once the transaction has been kept."""
