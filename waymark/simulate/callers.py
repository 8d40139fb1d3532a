"""Whoever asks for help: they submit, some twice, some again within the week, and some no longer want it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import cycle
from random import Random

from services.intake.domain.progress import CANCEL_REASONS
from waymark.simulate.agenda import Agenda, Doors
from waymark.simulate.hands import Hands, spread
from waymark.simulate.mix import Body, Requests
from waymark.simulate.planted import Resident
from waymark.simulate.staff import Staff

AGAIN_WITHIN = timedelta(days=6)
CANCELS_WITHIN = timedelta(days=5)


@dataclass(slots=True)
class Callers:
    """Submits requests through intake's door. `submitted` counts what was taken, `postcodes` are what they typed."""

    now: Hands
    agenda: Agenda
    doors: Doors
    staff: Staff
    requests: Requests
    residents: Iterator[Resident]
    chance: Random
    submitted: int = 0
    postcodes: set[str] = field(default_factory=set)
    _reasons: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._reasons = cycle(CANCEL_REASONS)

    async def ask(self) -> None:
        """Somebody new asks; they may do so again."""
        body = self.requests.one(next(self.residents))
        if body["postcode"]:
            self.postcodes.add(body["postcode"])
        await self._submit(body)
        if self.chance.random() < self.requests.mix.bad.repeated:
            self.agenda.at(self.now() + spread(self.chance, timedelta(), AGAIN_WITHIN), partial(self._submit, body))

    async def _submit(self, body: Body) -> None:
        receipt = await self.doors.post("/api/v1/referrals", body, again=self.requests.mix.bad.sent_twice)
        if not receipt:
            return
        self.submitted += 1
        self.staff.took(receipt["reference"])
        if self.chance.random() < self.requests.mix.bad.cancelled:
            when = self.now() + spread(self.chance, timedelta(), CANCELS_WITHIN)
            self.agenda.at(when, partial(self._cancel, receipt["reference"]))

    async def _cancel(self, reference: str) -> None:
        await self.doors.post(f"/api/v1/referrals/{reference}/cancel", {"reason": next(self._reasons)})
