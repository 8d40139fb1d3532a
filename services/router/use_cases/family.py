"""What an assignment and those that it was passed on to mean for each other: parent and children."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.answers import Answers, Close
from services.router.domain.assignment import LIVE, UNDER_WAY, Actor, Move, State
from services.router.domain.chase import Clock, Kind
from services.router.domain.county import County
from services.router.ports import Offer, Transaction
from services.router.use_cases.moving import Step, take
from services.router.use_cases.watching import start_review
from shared.errors import Conflict

ROUTER = Actor("router", "router")
RETURNED = "returned"
REACHED = frozenset({State.CONTACTED, State.DONE})


class ChildrenOpen(Conflict):
    """Needs that were passed on are still in others' hands; `extensions` names their assignments (409)."""

    def __init__(self, children: Sequence[Offer]) -> None:
        words = "Wait until those to whom needs were passed on are done, or give one of the county's reasons not to."
        super().__init__("children-open", words)
        self.extensions = {"children": [{"id": str(child.id), "service_id": child.service_id} for child in children]}


@dataclass(frozen=True, slots=True)
class Returned:
    """Needs that come back to the assignment that passed them on, with the child that had them."""

    child: Offer
    needs: tuple[str, ...]
    at: datetime


async def hands_of(tx: Transaction, offer: Offer) -> frozenset[str]:
    """The services through whose hands the needs of an assignment have come, its own included."""
    hands = {offer.service_id}
    while offer.parent_id is not None:
        [offer] = await tx.offers.find(assignment_id=offer.parent_id)
        hands.add(offer.service_id)
    return frozenset(hands)


async def came_back(tx: Transaction, county: County, returned: Returned) -> bool:
    """Put needs back into the hands that passed them on, and start its clock again; False when it has ended."""
    if returned.child.parent_id is None:
        return False
    parent = await tx.offers.lock(returned.child.parent_id)
    if parent.state not in UNDER_WAY:
        return False
    await tx.offers.take_back(parent.id, returned.needs)
    await tx.capacity.give_back(returned.child.id)
    # Whoever was reached before has yet to hear of these.
    due_at = county.deadlines.due_at(parent.priority, returned.at)
    await tx.clocks.start((Clock(parent.id, Kind.FIRST_CONTACT, due_at),))
    step = Step(parent.state, ROUTER, returned.at, RETURNED, move=Move.RETURN, needs=returned.needs)
    await take(tx, parent, step)
    return True


async def tell_parent_of_contact(tx: Transaction, county: County, child: Offer, at: datetime) -> None:
    """Stop waiting for the parent's own first contact once each need it was answerable for has seen one."""
    if child.parent_id is None:
        return
    parent = await tx.offers.lock(child.parent_id)
    children = await tx.offers.children_of(parent.id)
    reached = all(each.state in REACHED for each in children if each.state in LIVE | REACHED)
    if parent.state in UNDER_WAY and reached and not await tx.offers.held_by(parent.id):
        await tx.clocks.stop(parent.id, (Kind.FIRST_CONTACT,))
        await start_review(tx, county, parent, at)


async def outcomes_of_children(
    tx: Transaction, answers: Answers, parent: Offer, reason: str | None
) -> Mapping[str, tuple[str, Close]]:
    """The close code and meaning of each need that was passed on and has ended. Raises ChildrenOpen unless there is a
    `reason` not to wait for the others."""
    children = await tx.offers.children_of(parent.id)
    still_open = [child for child in children if child.state in LIVE]
    if still_open and reason is None:
        raise ChildrenOpen(still_open)
    ended = [ending for child in children if child.state is State.DONE for ending in child.outcomes.items()]
    return {need: (code, answers.close[code]) for need, code in ended if code in answers.close}
