"""A service that no message reached: its offer ends at once, and a person sees to the needs."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.answers import Pause
from services.router.domain.assignment import Actor, Move, State, after
from services.router.domain.capacity import UNREACHABLE
from services.router.domain.cause import Cause, Trigger
from services.router.domain.chase import Kind
from services.router.domain.county import County
from services.router.domain.named import named_services
from services.router.ports import Transaction
from services.router.use_cases.chasing import Late, tell_late
from services.router.use_cases.moving import Step, take
from services.router.use_cases.pausing import pause
from services.router.use_cases.rerouting import CameBack, PlaceAgain
from shared.clock import Clock
from shared.events import NotificationExhausted, ServiceReachable

ROUTER = Actor("router", "router")
# Why no message got through, by the class of the fault (services/notifier/domain/failure.py).
FAILURES = {
    "permanent_recipient": "every address of it is wrong or switched off",
    "no_contact": "the directory has no address of it",
    "suppressed": "what was sent to its addresses came back",
    "policy": "what we sent was refused",
    "ambiguous": "no message is known to have arrived",
}


@dataclass(frozen=True, slots=True)
class NoteUnreachable:
    """End an offer of which its service cannot know, before the deadline for its answer; a service that nothing can be
    told to pauses, until it is mended."""

    now: Clock
    place_again: PlaceAgain

    async def __call__(self, tx: Transaction, event: NotificationExhausted) -> None:
        """Once somebody has looked at it or answered nothing is changed. The triage desk keeps what it has: it is told
        to be late, for nobody else is there to ask. Raises NotFound."""
        offer = await tx.offers.lock(event.assignment_id)
        if offer.state is not State.OFFERED:
            return
        county, now = await tx.county(), self.now()
        if offer.service_id == county.rules.triage_desk:
            await tell_late(tx, county, Late(offer, Kind.RESPOND, offer.due_at, now))
            return
        ended = await take(tx, offer, Step(after(offer.state, Move.EXPIRE), ROUTER, now, UNREACHABLE))
        why = FAILURES.get(event.failure, "no message got through")
        cause = Cause(Trigger.UNREACHABLE, f"{offer.service_name} could not be reached: {why}.")
        if event.contacts_unusable and offer.service_id not in named_services(county.rules):
            await _pause(tx, county, offer.service_id, now)
        await self.place_again(tx, county, CameBack(ended, ended.needs, now, cause, for_a_person=True))


@dataclass(frozen=True, slots=True)
class NoteReachable:
    """End the pause of a service that could not be reached, once somebody has mended a contact of it."""

    async def __call__(self, tx: Transaction, event: ServiceReachable) -> None:
        """No other pause ends."""
        staff = Actor("staff", event.lifted_by)
        await tx.pauses.resume(event.service_id, staff, event.lifted_at, reason=UNREACHABLE)


async def _pause(tx: Transaction, county: County, service_id: str, at: datetime) -> None:
    """Once, however many of its offers come back: the next referral is offered to others at once (R57)."""
    paused = any(each.service_id == service_id and each.reason == UNREACHABLE for each in await tx.pauses.running(at))
    if not paused:
        await pause(tx, county, service_id, UNREACHABLE, Pause.RESUMED, ROUTER, at)
