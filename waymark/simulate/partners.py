"""Partners as they are: prompt, slow, full, silent, of two minds; and what each does with an offer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import partial
from itertools import cycle
from random import Random

from services.router.domain.answers import Answers
from waymark.simulate.agenda import Agenda, Doors
from waymark.simulate.hands import Hands, spread
from waymark.simulate.ledger import Ledger

MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Temper(StrEnum):
    """How a service answers."""

    PROMPT = "prompt"
    SLOW = "slow"
    DECLINING = "declining"
    FULL = "full"
    HANDS_BACK = "hands_back"
    SILENT = "silent"


TEMPERS = {Temper.PROMPT: 46, Temper.SLOW: 20, Temper.DECLINING: 10, Temper.FULL: 8, Temper.HANDS_BACK: 8,
           Temper.SILENT: 8}  # fmt: skip
# From hearing of an offer to answering it, by priority; a slow service takes SLOWER times as long.
ANSWERS_WITHIN = {"P1": (MINUTES, 9 * MINUTES), "P2": (5 * MINUTES, 2 * HOURS), "P3": (HOURS, 20 * HOURS),
                  "P4": (HOURS, 30 * HOURS)}  # fmt: skip
SLOWER = 5
LOOKS_AGAIN = 3 * HOURS
LOOKS_MAX = 40
TRIES_MAX = 3
# What a service of each temper does whatever it is like: some refuse now and then, some forget.
REFUSES_ANYWAY, FORGETS_AFTER_ACCEPTING, FORGETS_AFTER_CONTACT = 0.06, 0.05, 0.04
OPENS_FIRST, READS_FIRST, REACHES, MEETS = 0.5, 0.2, 0.65, 0.7


@dataclass(frozen=True, slots=True)
class Offer:
    """One assignment as its service sees it; `id` as SQLite keeps it."""

    id: str
    service_id: str
    needs: tuple[str, ...]
    priority: str

    @property
    def path(self) -> str:
        """Where it is answered."""
        return f"/api/v1/assignments/{self.id}"


@dataclass(slots=True)
class Partners:
    """All services but the triage desk. The codes of the county are used in turn, so that each is."""

    now: Hands
    agenda: Agenda
    doors: Doors
    books: Ledger
    codes: Answers
    seed: int
    chance: Random
    _declines: Iterator[str] = field(init=False)
    _gives_back: Iterator[str] = field(init=False)
    _closes: Iterator[str] = field(init=False)
    _contacts: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._declines, self._gives_back = cycle(self.codes.decline), cycle(self.codes.hand_back)
        self._closes, self._contacts = cycle(self.codes.close), cycle(self.codes.contact)

    def temper(self, service_id: str) -> Temper:
        """What this service is like, all month long."""
        return Random(f"{self.seed} {service_id}").choices(list(TEMPERS), list(TEMPERS.values()))[0]

    def hear(self, offer: Offer) -> None:
        """Something is offered."""
        temper = self.temper(offer.service_id)
        if temper is not Temper.SILENT:
            least, most = ANSWERS_WITHIN[offer.priority]
            wait = spread(self.chance, least, most) * (SLOWER if temper is Temper.SLOW else 1)
            self.agenda.at(self.now() + wait, partial(self._look, offer, temper, 1))

    async def _look(self, offer: Offer, temper: Temper, looks: int) -> None:
        """Nobody answers what nobody told them of."""
        [[told, state]] = self.books.rows("router", "SELECT notified_at, state FROM assignment WHERE id = ?", offer.id)
        if told is None and state == "offered" and looks < LOOKS_MAX:
            self.agenda.at(self.now() + LOOKS_AGAIN, partial(self._look, offer, temper, looks + 1))
            return
        if self.chance.random() < OPENS_FIRST:
            await self._post(offer, "open", {})
        if temper is Temper.FULL:
            await self._post(offer, "decline", {"reason": "no_capacity"})
        elif temper is Temper.DECLINING or self.chance.random() < REFUSES_ANYWAY:
            await self._post(offer, "decline", {"reason": next(self._declines)})
        elif await self._post(offer, "accept", {}):
            self.work(offer, forgets=FORGETS_AFTER_ACCEPTING, gives_back=temper is Temper.HANDS_BACK)

    def work(self, offer: Offer, *, forgets: float = 0.0, gives_back: bool = False, role: str = "partner") -> None:
        """What was accepted is begun, unless it is forgotten."""
        if self.chance.random() >= forgets:
            wait = spread(self.chance, 20 * MINUTES, 26 * HOURS)
            self.agenda.at(self.now() + wait, partial(self._contact, offer, gives_back, role, 1))

    async def _contact(self, offer: Offer, gives_back: bool, role: str, tries: int) -> None:
        code = "reached" if self.chance.random() < REACHES else next(self._contacts)
        if not await self._post(offer, "contact", {"outcome": code}, role):
            return
        reached = self.codes.contact[code].reached
        if not reached and tries < TRIES_MAX:
            wait = spread(self.chance, 2 * HOURS, DAYS)
            self.agenda.at(self.now() + wait, partial(self._contact, offer, gives_back, role, tries + 1))
        elif self.chance.random() >= (FORGETS_AFTER_CONTACT if role == "partner" else 0):
            wait = spread(self.chance, 30 * MINUTES, 4 * DAYS)
            self.agenda.at(self.now() + wait, partial(self._end, offer, gives_back, role, reached))

    async def _end(self, offer: Offer, gives_back: bool, role: str, reached: bool) -> None:
        if gives_back and self.chance.random() < 0.7:
            await self.hand_back(offer, role)
        else:
            await self.complete(offer, role, reached=reached)

    async def hand_back(self, offer: Offer, role: str) -> None:
        """It cannot go on."""
        await self._post(offer, "hand-back", {"reason": next(self._gives_back)}, role)

    async def complete(self, offer: Offer, role: str, *, reached: bool = True) -> None:
        """It is done, met or not."""
        ends = {need: self._close() if reached else "could_not_contact" for need in offer.needs}
        await self._post(offer, "complete", {"outcomes": ends}, role)

    def _close(self) -> str:
        return "met" if self.chance.random() < MEETS else next(self._closes)

    async def _post(self, offer: Offer, move: str, body: Mapping[str, object], role: str = "partner") -> bool:
        """Whether it was taken; some read the assignment first and answer only what they have read."""
        version = None
        if self.chance.random() < READS_FIRST:
            version = (await self.doors.get(offer.path)).get("version")
        who = {"by": "desk-1", "role": role}
        return bool(await self.doors.post(f"{offer.path}/{move}", {**who, **body}, version=version))
