"""What is given with every answer to an assignment, and whether it may be answered so."""

from dataclasses import dataclass
from uuid import UUID

from services.router.domain.assignment import Actor, Move, State, after
from services.router.domain.county import County
from services.router.ports import Offer, Transaction
from shared.errors import Conflict


@dataclass(frozen=True, slots=True)
class Given:
    """To which assignment an answer was given, by whom, and the version that was read; None is whichever it is."""

    assignment_id: UUID
    actor: Actor
    version: int | None = None


async def answerable(tx: Transaction, county: County, given: Given, move: Move) -> tuple[Offer, State]:
    """The assignment, locked, and the state that `move` leads to. Raises NotFound, IllegalMove, Conflict
    (version-conflict)."""
    offer = await tx.offers.lock(given.assignment_id)
    if given.version not in (None, offer.version):
        raise Conflict("version-conflict", "This assignment has changed since it was read. Read it again.")
    return offer, after(offer.state, move, at_desk=offer.service_id == county.rules.triage_desk)
