"""Onward referral: a service passes needs that it took on to another one, and its own assignment stays open."""

from dataclasses import dataclass

from services.router.domain.answers import known
from services.router.domain.assignment import Move
from services.router.domain.load import Load
from services.router.domain.onward import NeedsNotHeld, Onward, OnwardRefused, pass_on
from services.router.domain.vocabulary import Verdict
from services.router.facts import domain_facts
from services.router.ports import Offer, Transaction
from services.router.use_cases.confirming import room
from services.router.use_cases.family import hands_of
from services.router.use_cases.given import Given, answerable
from services.router.use_cases.moving import Step, take
from services.router.use_cases.placing import Ids, last_case, offer_of, tell_and_wait
from shared.clock import Clock, NewId


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be passed on, to whom and why; `needs` None are all that the assignment still has itself."""

    service_id: str
    reason: str
    needs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class PassOn:
    """Offer needs that a service took on to another one: the new assignment is a child of its own."""

    now: Clock
    new_id: NewId

    async def __call__(self, tx: Transaction, given: Given, wish: Wish) -> Offer:
        """The child. Raises NotFound, UnknownCode, IllegalMove, NeedsNotHeld, OnwardRefused, Conflict
        (version-conflict)."""
        county, now = await tx.county(), self.now()
        known(county.rules.answers.pass_on, wish.reason)
        parent, to = await answerable(tx, county, given, Move.PASS_ON)
        needs = _wanted(wish.needs, await tx.offers.held_by(parent.id))
        case = await last_case(tx, county, parent.referral_id, parent.reference, now)
        onward = Onward(needs, wish.service_id, parent.priority, await hands_of(tx, parent), parent.safe_contact_only)
        found = await room(tx, county, now)
        load = Load(found.remaining, await tx.offers.refusals(parent.referral_id))
        assignment = pass_on(domain_facts(case.facts), county, load, onward)
        places = {service: places for service, places in found.places.items() if service == wish.service_id}
        if await tx.capacity.take(county.today(now), places) is not None:
            raise OnwardRefused(Verdict.FULL, needs)
        await tx.offers.let_go(parent.id, needs)
        await take(tx, parent, Step(to, given.actor, now, wish.reason, move=Move.PASS_ON, needs=needs))
        ids = Ids(self.new_id(), parent.decision_id, parent.id)
        child = offer_of(case, assignment, ids, parent.district)
        await tx.offers.add(child, capacity_day=county.today(now) if places else None)
        await tell_and_wait(tx, case, child)
        return child


def _wanted(wanted: tuple[str, ...] | None, held: tuple[str, ...]) -> tuple[str, ...]:
    needs = held if wanted is None else tuple(dict.fromkeys(wanted))
    if not needs or not set(needs) <= set(held):
        raise NeedsNotHeld(held)
    return needs
