"""The unit's own staff: they ring, they work through the triage desk slowly, and they look after what is late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from services.router.domain.hours import Calendar
from waymark.simulate.agenda import Agenda, Doors, Json
from waymark.simulate.hands import Hands
from waymark.simulate.partners import Offer, Partners

RING_FROM, RING_TO = 8, 20
DESK_HOURS = frozenset({10, 14})
LATE_HOUR, PAUSES_HOUR = 9, 12
# Of what waits, the share that one round gets done; a few cases nobody gets to the bottom of.
RINGS, TAKES_UP, FOLLOWS_UP, RESUMES = 0.6, 0.3, 0.5, 0.35
NEVER = 0.03
GIVES_BACK = 0.25
FORGOTTEN_AFTER = timedelta(days=4)
RINGS_ABOUT_CONSENT = timedelta(days=2)
CALLS = {"reached": 70, "no_answer": 17, "left_message": 10, "wrong_number": 3}
STAFF = {"by": "cru-duty-1", "role": "staff"}


@dataclass(slots=True)
class Staff:
    """People with a list and not enough hours."""

    now: Hands
    agenda: Agenda
    doors: Doors
    partners: Partners
    desk: str
    calendar: Calendar
    chance: Random
    stuck: Callable[[str], bool] = field(init=False)

    def __post_init__(self) -> None:
        self.stuck = lambda assignment: Random(f"{self.partners.seed} {assignment}").random() < NEVER

    async def hour(self) -> None:
        """What they do at this hour of this day."""
        local = self.now().astimezone(self.calendar.zone)
        if RING_FROM <= local.hour < RING_TO:
            await self._ring()
        if local.weekday() >= 5 or local.date() in self.calendar.bank_holidays:
            return
        if local.hour in DESK_HOURS:
            await self._work_at_the_desk()
        if local.hour == LATE_HOUR:
            await self._look_after_what_is_late()
        if local.hour == PAUSES_HOUR:
            await self._resume()

    def took(self, reference: str) -> None:
        """They will ring whoever made this referral, should it be held for want of consent."""
        self.agenda.at(self.now() + RINGS_ABOUT_CONSENT, partial(self._ask_consent, reference))

    async def _ask_consent(self, reference: str) -> None:
        """Held needs are nobody's: either the person agrees and asks anew, or it ends."""
        seen = await self.doors.get(f"/api/v1/referrals/{reference}")
        if seen.get("status") == "on_hold" and any(need["state"] == "held" for need in seen["needs"]):
            await self.doors.post(f"/api/v1/referrals/{reference}/cancel", {"reason": "consent_withdrawn"})

    async def _ring(self) -> None:
        waiting = await self.doors.get("/api/v1/notifications", state="awaiting_call", limit="500")
        for call in waiting["notifications"]:
            if self.chance.random() < RINGS:
                outcome = self.chance.choices(list(CALLS), list(CALLS.values()))[0]
                body = {"outcome": outcome, "rung_by": STAFF["by"]}
                await self.doors.post(f"/api/v1/notifications/{call['id']}/called", body, again=0.0)

    async def _work_at_the_desk(self) -> None:
        for seen in await self._assignments(service=self.desk, state="offered"):
            if self.stuck(seen["id"]) or self.chance.random() >= TAKES_UP:
                continue
            if await self.doors.post(f"/api/v1/assignments/{seen['id']}/accept", STAFF):
                if self.chance.random() < GIVES_BACK:
                    await self.partners.hand_back(_offer(seen), "staff")
                else:
                    self.partners.work(_offer(seen), role="staff")

    async def _look_after_what_is_late(self) -> None:
        """Who has accepted and not rung, or rung and not ended it, is asked what became of it."""
        for state in ("accepted", "contacted"):
            for seen in await self._assignments(state=state):
                if self._is_forgotten(seen) and self.chance.random() < FOLLOWS_UP:
                    if self.chance.random() < GIVES_BACK:
                        await self.partners.hand_back(_offer(seen), "staff")
                    else:
                        await self.partners.complete(_offer(seen), "staff")

    def _is_forgotten(self, seen: Json) -> bool:
        """Long after it was due; whoever said no in time is not late."""
        return datetime.fromisoformat(seen["due_at"]) + FORGOTTEN_AFTER < self.now()

    async def _resume(self) -> None:
        for pause in await self.doors.get("/api/v1/services/pauses"):
            if self.chance.random() < RESUMES:
                await self.doors.post(f"/api/v1/services/{pause['service_id']}/resume", STAFF)

    async def _assignments(self, **wanted: str) -> Sequence[Json]:
        found: Sequence[Json] = await self.doors.get("/api/v1/assignments", **wanted)
        return found


def _offer(seen: Json) -> Offer:
    return Offer(seen["id"].replace("-", ""), seen["service_id"], tuple(seen["needs"]), seen["priority"])
