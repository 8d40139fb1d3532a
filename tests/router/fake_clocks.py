"""Clocks in memory, and the questions about what has none."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.router.domain.assignment import LIVE
from services.router.domain.chase import TICKING, Clock, ClockState, Kind
from services.router.domain.watch import Unowned
from services.router.ports import Due
from tests.router.fake_offers import FakeOffers, Holds


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

    async def late(self, state: ClockState) -> frozenset[UUID]:
        live = {clock.assignment_id for clock in self.kept.values() if clock.state is state}
        return frozenset(each for each in live if self.offers.kept[each].state in LIVE)

    async def of(self, assignment_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Clock]]:
        clocks: dict[UUID, list[Clock]] = defaultdict(list)
        for clock in sorted(self.kept.values(), key=lambda clock: (clock.due_at, clock.kind)):
            if clock.assignment_id in assignment_ids:
                clocks[clock.assignment_id].append(clock)
        return clocks


@dataclass
class FakeWatch:
    """The same questions, asked of dictionaries."""

    offers: FakeOffers
    clocks: FakeClocks
    cancelled_at: Mapping[UUID, datetime]
    left_over: Callable[[], Sequence[Unowned]]

    async def unowned(self, limit: int) -> Sequence[Unowned]:
        rows = [(offer, need) for offer in self.offers.kept.values() for need in offer.needs]
        kept = {(o.referral_id, need) for o, need in rows if self.offers.needs[o.id][need] in (Holds.LIVE, Holds.DONE)}
        lost = {
            (offer.referral_id, offer.reference, need)
            for offer, need in rows
            if (offer.referral_id, need) not in kept and offer.referral_id not in self.cancelled_at
        }
        silent = [
            Unowned(offer.referral_id, offer.reference, assignment_id=offer.id)
            for offer in sorted(self.offers.kept.values(), key=lambda offer: offer.id)
            if offer.state in LIVE and not any(c.state in TICKING for c in (await self.clocks.of([offer.id]))[offer.id])
        ]
        return [*(Unowned(*each) for each in sorted(lost)[:limit]), *self.left_over()[:limit], *silent[:limit]]
