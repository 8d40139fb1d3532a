"""The router's stores in memory; they pass the same tests as the real ones (test_store_contract.py)."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from services.router.domain.assignment import Actor
from services.router.domain.basis import Basis
from services.router.domain.capacity import Pausing
from services.router.domain.cause import RECEIVED, Cause
from services.router.domain.county import County
from services.router.domain.decision import Decision
from services.router.domain.links import Revoked
from services.router.domain.watch import DueForReview, Unowned, unasked
from services.router.facts import document_of
from services.router.ports import FirstDecision, StoredDecision
from shared.errors import NotFound, Unavailable
from shared.events import AnyEvent, Facts
from tests.router.fake_clocks import FakeClocks, FakeWatch
from tests.router.fake_confirmations import FakeConfirmations
from tests.router.fake_offers import FakeOffers
from tests.router.fake_rule_sets import FakeRuleSets, FakeSurges


@dataclass
class FakeReferrals:
    """Referrals in dictionaries. There is one caller at a time, so nothing needs locking."""

    offers: FakeOffers
    sequences: dict[UUID, int] = field(default_factory=dict)
    cancelled_at: dict[UUID, datetime] = field(default_factory=dict)
    references: dict[UUID, str] = field(default_factory=dict)
    review_at: dict[UUID, datetime] = field(default_factory=dict)
    asked_at: dict[UUID, datetime] = field(default_factory=dict)
    now: Callable[[], datetime] | None = None

    async def add(self, referral_id: UUID, reference: str, submitted_at: datetime) -> bool:
        if referral_id in self.sequences:
            return False
        self.sequences[referral_id] = 0
        self.references[referral_id] = reference
        return True

    async def next_sequence(self, referral_id: UUID) -> int:
        if referral_id not in self.sequences:
            raise NotFound("not-found", "The router has not heard of this referral.")
        self.sequences[referral_id] += 1
        return self.sequences[referral_id]

    async def cancel(self, referral_id: UUID, at: datetime) -> None:
        if referral_id in self.sequences:
            self.cancelled_at[referral_id] = at
            self.review_at.pop(referral_id, None)

    async def review(self, referral_id: UUID, at: datetime | None) -> None:
        self.review_at.pop(referral_id, None)
        if at is not None:
            self.review_at[referral_id] = at

    async def asked(self, referral_id: UUID, at: datetime) -> None:
        self.asked_at[referral_id] = at

    async def due_for_review(self) -> DueForReview | None:
        assert self.now is not None
        due = [(at, referral_id) for referral_id, at in self.review_at.items() if at <= self.now()]
        if not due:
            return None
        at, referral_id = min(due)
        return DueForReview(referral_id, self.references[referral_id], at, self.now())

    async def reopen(self, referral_id: UUID, *, forget_refusals: bool) -> bool:
        if referral_id not in self.sequences or referral_id in self.cancelled_at:
            return False
        if forget_refusals:
            self.offers.forgotten[referral_id] = len(self.offers.moves)
        return True


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
        basis: Basis | None = None,
    ) -> None:
        self.kept.append(
            StoredDecision(
                id=decision_id,
                referral_id=referral_id,
                reference=reference,
                rule_set=decision.rule_set,
                outcome=decision.outcome,
                facts=facts.model_dump(mode="json"),
                document=document_of(decision),
                decided_at=decided_at,
                cause=cause.trigger,
                cause_words=cause.words,
                basis=basis,
            )
        )

    async def latest(self, reference: str) -> StoredDecision | None:
        found = [decision for decision in self.kept if decision.reference == reference]
        # Of two made in the same instant, the one kept later.
        return max(reversed(found), key=lambda decision: decision.decided_at, default=None)

    async def all(self, reference: str) -> Sequence[StoredDecision]:
        found = [decision for decision in reversed(self.kept) if decision.reference == reference]
        return sorted(found, key=lambda decision: decision.decided_at, reverse=True)

    async def sample(self, since: datetime, most: int) -> Sequence[StoredDecision]:
        return [decision for decision in self.kept if decision.decided_at >= since][:most]

    async def first_ones(self, since: datetime, most: int) -> AsyncIterator[Sequence[FirstDecision]]:
        made = [each for each in self.kept if each.decided_at >= since and each.cause == RECEIVED.trigger]
        newest = sorted(made, key=lambda each: (-each.decided_at.timestamp(), each.id))[:most]
        yield [FirstDecision(each.reference, each.facts, each.basis.load if each.basis else None) for each in newest]

    async def causes(self, since: datetime) -> Mapping[str, int]:
        return Counter(each.cause for each in self.kept if each.decided_at >= since)


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
    ended: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def add(self, pausing: Pausing) -> None:
        self.kept.append(pausing)

    async def resume(self, service_id: str, actor: Actor, at: datetime, *, reason: str | None = None) -> None:
        ended = [each for each in self.kept if each.service_id == service_id and reason in (None, each.reason)]
        self.kept = [each for each in self.kept if each not in ended]
        self.ended.update({(each.service_id, each.reason): at for each in ended})

    async def resumed(self, reason: str) -> Mapping[str, datetime]:
        return {service_id: at for (service_id, because), at in self.ended.items() if because == reason}

    async def running(self, at: datetime) -> Sequence[Pausing]:
        return [pausing for pausing in self.kept if pausing.until is None or pausing.until > at]

    async def in_force(self, at: datetime) -> frozenset[str]:
        return frozenset(pausing.service_id for pausing in await self.running(at))


@dataclass
class FakeLinks:
    """Revocations in a list."""

    kept: list[Revoked] = field(default_factory=list)

    async def revoke(self, revoked: Revoked) -> None:
        self.kept.append(revoked)

    async def revoked_at(self, assignment_id: UUID, notification_id: UUID) -> datetime | None:
        of_it = (each for each in self.kept if each.notification_id in (None, notification_id))
        return next((each.at for each in of_it if each.assignment_id == assignment_id), None)


@dataclass
class FakeTransaction:
    """A transaction whose effects can be looked at, and the events `published`."""

    in_force: County | None
    decisions: FakeDecisions = field(default_factory=FakeDecisions)
    offers: FakeOffers = field(default_factory=FakeOffers)
    pauses: FakePauses = field(default_factory=FakePauses)
    links: FakeLinks = field(default_factory=FakeLinks)
    rule_sets: FakeRuleSets = field(default_factory=FakeRuleSets)
    surges: FakeSurges = field(default_factory=FakeSurges)
    referrals: FakeReferrals = field(init=False)
    confirmations: FakeConfirmations = field(default_factory=FakeConfirmations)
    published: list[AnyEvent] = field(default_factory=list)
    capacity: FakeCapacity = field(init=False)
    clocks: FakeClocks = field(init=False)
    watch: FakeWatch = field(init=False)

    def __post_init__(self) -> None:
        self.referrals = FakeReferrals(self.offers)
        self.capacity = FakeCapacity(self.offers)
        self.clocks = FakeClocks(self.offers)
        self.watch = FakeWatch(self.offers, self.clocks, self.referrals.cancelled_at, self._left_over)

    def _left_over(self) -> list[Unowned]:
        known = self.referrals
        newest = {each.referral_id: each for each in self.decisions.kept}.values()
        return [
            Unowned(each.referral_id, each.reference, need=need)
            for each in sorted(newest, key=lambda each: each.referral_id)
            if each.referral_id not in known.cancelled_at and each.referral_id not in known.review_at
            for need in unasked(each.document, known.asked_at.get(each.referral_id))
        ]

    async def county(self) -> County:
        if self.in_force is None:
            raise Unavailable("configuration-missing", "No directory is loaded.")
        return self.in_force

    async def county_of(self, version: str) -> County:
        if self.in_force is None or self.in_force.version != version:
            raise NotFound("not-found", "There is no version of the rules with this name.")
        return self.in_force

    async def publish(self, event: AnyEvent) -> None:
        self.published.append(event)
