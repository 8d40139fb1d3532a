"""The router's stores in memory; they pass the same tests as the real ones (test_store_contract.py)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy.exc import IntegrityError

from services.router.domain.assignment import LIVE, PLACED_AGAIN, Actor, State
from services.router.domain.cause import RECEIVED, Cause
from services.router.domain.chase import TICKING, Clock, ClockState, Kind
from services.router.domain.county import County
from services.router.domain.decision import Decision
from services.router.ports import Due, Moved, Offer, Pausing, StoredDecision
from shared.errors import Conflict, NotFound, Unavailable
from shared.events import Event, Facts


@dataclass
class FakeReferrals:
    """Referrals in dictionaries. There is one caller at a time, so nothing needs locking."""

    sequences: dict[UUID, int] = field(default_factory=dict)
    cancelled_at: dict[UUID, datetime] = field(default_factory=dict)

    async def add(self, referral_id: UUID, reference: str, submitted_at: datetime) -> bool:
        if referral_id in self.sequences:
            return False
        self.sequences[referral_id] = 0
        return True

    async def next_sequence(self, referral_id: UUID) -> int:
        if referral_id not in self.sequences:
            raise NotFound("not-found", "The router has not heard of this referral.")
        self.sequences[referral_id] += 1
        return self.sequences[referral_id]

    async def cancel(self, referral_id: UUID, at: datetime) -> None:
        if referral_id in self.sequences:
            self.cancelled_at[referral_id] = at


@dataclass
class FakeDecisions:
    """Decisions in a list."""

    kept: list[StoredDecision] = field(default_factory=list)

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
    ) -> None:
        self.kept.append(
            StoredDecision(
                id=decision_id,
                referral_id=referral_id,
                reference=reference,
                rule_set=decision.rule_set,
                outcome=decision.outcome,
                facts=facts.model_dump(mode="json"),
                document=to_jsonable_python(asdict(decision)),
                decided_at=decided_at,
                cause=cause.trigger,
                cause_words=cause.words,
            )
        )

    async def latest(self, reference: str) -> StoredDecision | None:
        found = [decision for decision in self.kept if decision.reference == reference]
        # Of two made in the same instant, the one kept later.
        return max(reversed(found), key=lambda decision: decision.decided_at, default=None)

    async def all(self, reference: str) -> Sequence[StoredDecision]:
        found = [decision for decision in reversed(self.kept) if decision.reference == reference]
        return sorted(found, key=lambda decision: decision.decided_at, reverse=True)


@dataclass
class FakeOffers:
    """Offers in a dictionary, with the day whose place each took, and their moves."""

    kept: dict[UUID, Offer] = field(default_factory=dict)
    capacity_days: dict[UUID, date | None] = field(default_factory=dict)
    moves: list[tuple[UUID, Moved]] = field(default_factory=list)

    async def add(self, offer: Offer, *, capacity_day: date | None) -> None:
        held = {need for live in await self.live_of(offer.referral_id) for need in live.needs}
        if not held.isdisjoint(offer.needs):
            raise IntegrityError("a need has one live assignment", None, ValueError())
        self.kept[offer.id] = offer
        self.capacity_days[offer.id] = capacity_day
        self.moves.append((offer.id, Moved(offer.offered_at, Actor("router", "router"), None, offer.state, None)))

    async def live_of(self, referral_id: UUID) -> Sequence[Offer]:
        live = [offer for offer in self.kept.values() if offer.referral_id == referral_id and offer.state in LIVE]
        return sorted(live, key=lambda offer: (offer.service_id, offer.id))

    async def lock(self, assignment_id: UUID) -> Offer:
        if assignment_id not in self.kept:
            raise NotFound("not-found", "There is no assignment with this id.")
        return self.kept[assignment_id]

    async def move(
        self,
        offer: Offer,
        to: State,
        *,
        actor: Actor,
        at: datetime,
        reason: str | None,
        outcomes: Mapping[str, str] | None = None,
    ) -> Offer:
        if self.kept[offer.id].version != offer.version:
            raise Conflict("version-conflict", "This assignment has changed since it was read. Read it again.")
        ends = dict(outcomes or offer.outcomes)
        moved = replace(self.kept[offer.id], state=to, version=offer.version + 1, outcomes=ends)
        self.kept[offer.id] = moved
        self.moves.append((offer.id, Moved(at, actor, offer.state, to, reason)))
        return moved

    async def refusals(self, referral_id: UUID) -> Mapping[str, frozenset[str]]:
        said_no: dict[str, set[str]] = defaultdict(set)
        for assignment_id, move in self.moves:
            offer = self.kept[assignment_id]
            if offer.referral_id == referral_id and move.to in PLACED_AGAIN:
                for need in offer.needs:
                    said_no[need].add(offer.service_id)
        return {need: frozenset(services) for need, services in said_no.items()}

    async def history(self, assignment_id: UUID) -> Sequence[Moved]:
        return [move for moved, move in self.moves if moved == assignment_id]

    async def told(self, assignment_id: UUID, at: datetime) -> None:
        offer = self.kept.get(assignment_id)
        if offer is not None and offer.notified_at is None:
            self.kept[assignment_id] = replace(offer, notified_at=at)

    async def find(
        self,
        *,
        assignment_id: UUID | None = None,
        service: str | None = None,
        state: str | None = None,
        reference: str | None = None,
    ) -> Sequence[Offer]:
        found = [
            offer
            for offer in self.kept.values()
            if assignment_id in (None, offer.id)
            and service in (None, offer.service_id)
            and state in (None, offer.state)
            and reference in (None, offer.reference)
        ]
        return sorted(found, key=lambda offer: (offer.due_at, offer.id))[:200]


@dataclass
class FakeCapacity:
    """Places taken, by service and day. `meanwhile` are taken by others between being counted and being taken."""

    offers: FakeOffers
    places: Counter[tuple[str, date]] = field(default_factory=Counter)
    meanwhile: Counter[str] = field(default_factory=Counter)

    async def taken(self, day: date) -> Mapping[str, int]:
        return {service: count for (service, of_day), count in self.places.items() if of_day == day}

    async def take(self, day: date, places: Mapping[str, int], *, give_back: UUID | None = None) -> str | None:
        for service in places:
            self.places[service, day] += self.meanwhile.pop(service, 0)
        full = [service for service, count in sorted(places.items()) if self.places[service, day] >= count]
        if full:
            return full[0]
        if give_back is not None:
            await self.give_back(give_back)
        self.places.update((service, day) for service in places)
        return None

    async def give_back(self, assignment_id: UUID) -> None:
        day = self.offers.capacity_days[assignment_id]
        if day is not None:
            self.places[self.offers.kept[assignment_id].service_id, day] -= 1


@dataclass
class FakePauses:
    """Pauses in a list, those that were resumed taken out."""

    kept: list[Pausing] = field(default_factory=list)

    async def add(self, pausing: Pausing) -> None:
        self.kept.append(pausing)

    async def resume(self, service_id: str, actor: Actor, at: datetime) -> None:
        self.kept = [pausing for pausing in self.kept if pausing.service_id != service_id]

    async def running(self, at: datetime) -> Sequence[Pausing]:
        return [pausing for pausing in self.kept if pausing.until is None or pausing.until > at]

    async def in_force(self, at: datetime) -> frozenset[str]:
        return frozenset(pausing.service_id for pausing in await self.running(at))


@dataclass
class FakeClocks:
    """Clocks in a dictionary; `now` is what the database's clock would say."""

    offers: FakeOffers
    kept: dict[tuple[UUID, Kind], Clock] = field(default_factory=dict)
    now: Callable[[], datetime] | None = None

    async def start(self, clocks: Iterable[Clock]) -> None:
        self.kept.update({(clock.assignment_id, clock.kind): clock for clock in clocks})

    async def put(self, changed: Clock) -> None:
        self.kept[changed.assignment_id, changed.kind] = changed

    async def stop(self, assignment_id: UUID, kinds: Sequence[Kind]) -> None:
        for kind in kinds:
            clock = self.kept.get((assignment_id, kind))
            if clock is not None and clock.state in TICKING:
                self.kept[assignment_id, kind] = replace(clock, state=ClockState.STOPPED)

    async def due(self) -> Due | None:
        assert self.now is not None
        ringing = [clock for clock in self.kept.values() if clock.state in TICKING and clock.due_at <= self.now()]
        if not ringing:
            return None
        first = min(ringing, key=lambda clock: (clock.due_at, clock.assignment_id, clock.kind))
        return Due(first, self.offers.kept[first.assignment_id], self.now())

    async def postpone(self, late: Clock, by: timedelta) -> None:
        assert self.now is not None
        self.kept[late.assignment_id, late.kind] = replace(late, due_at=self.now() + by)

    async def of(self, assignment_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Clock]]:
        clocks: dict[UUID, list[Clock]] = defaultdict(list)
        for clock in sorted(self.kept.values(), key=lambda clock: (clock.due_at, clock.kind)):
            if clock.assignment_id in assignment_ids:
                clocks[clock.assignment_id].append(clock)
        return clocks


@dataclass
class FakeTransaction:
    """A transaction whose effects can be looked at, and the events `published`."""

    in_force: County | None
    referrals: FakeReferrals = field(default_factory=FakeReferrals)
    decisions: FakeDecisions = field(default_factory=FakeDecisions)
    offers: FakeOffers = field(default_factory=FakeOffers)
    pauses: FakePauses = field(default_factory=FakePauses)
    published: list[Event] = field(default_factory=list)
    capacity: FakeCapacity = field(init=False)
    clocks: FakeClocks = field(init=False)

    def __post_init__(self) -> None:
        self.capacity = FakeCapacity(self.offers)
        self.clocks = FakeClocks(self.offers)

    async def county(self) -> County:
        if self.in_force is None:
            raise Unavailable("configuration-missing", "No directory is loaded.")
        return self.in_force

    async def publish(self, event: Event) -> None:
        self.published.append(event)
