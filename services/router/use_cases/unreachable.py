"""A service that no message reached: its offer ends at once, and a person sees to the needs."""

from dataclasses import dataclass

from services.router.domain.assignment import Actor, Move, State, after
from services.router.domain.cause import Cause, Trigger
from services.router.domain.chase import Kind
from services.router.ports import Transaction
from services.router.use_cases.chasing import Late, tell_late
from services.router.use_cases.moving import Step, take
from services.router.use_cases.rerouting import CameBack, PlaceAgain
from shared.clock import Clock
from shared.events import NotificationExhausted

ROUTER = Actor("router", "router")
UNREACHABLE = "unreachable"
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
    """End an offer of which its service cannot know, before the deadline for its answer."""

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
        await self.place_again(tx, county, CameBack(ended, ended.needs, now, cause, for_a_person=True))
