"""Placing needs again that came back from a service: at once, and never with anyone who has said no."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.router.domain.again import Returned, place_again, why_the_desk, without_the_desk
from services.router.domain.assembling import Beside
from services.router.domain.cause import Cause
from services.router.domain.county import County
from services.router.domain.decision import Assignment, Decision
from services.router.domain.load import Load
from services.router.facts import domain_facts
from services.router.ports import Offer, Transaction
from services.router.use_cases.family import Returned as ToParent
from services.router.use_cases.family import came_back
from services.router.use_cases.placing import last_case, place
from shared.clock import NewId


@dataclass(frozen=True, slots=True)
class CameBack:
    """An assignment that has just ended without the needs that it had itself being met, and why; `for_a_person` keeps
    others from being asked before somebody has looked at it."""

    offer: Offer
    needs: tuple[str, ...]
    at: datetime
    cause: Cause
    for_a_person: bool = False


@dataclass(frozen=True, slots=True)
class PlaceAgain:
    """Decide anew for the needs of one assignment, and offer them (R57)."""

    new_id: NewId

    async def __call__(self, tx: Transaction, county: County, back: CameBack) -> None:
        """The facts are those of the last decision; the clocks and the opening times are those of now. Needs that were
        passed on go back to who did, while that is still at work on them."""
        if not back.needs or await came_back(tx, county, ToParent(back.offer, back.needs, back.at)):
            return
        offer, desk = back.offer, county.rules.triage_desk
        case = await last_case(tx, county, offer.referral_id, offer.reference, back.at)
        case, facts = replace(case, left=offer.id, cause=back.cause), domain_facts(case.facts)
        beside = await beside_of(tx, offer.referral_id, offer.reference)
        said_no = without_the_desk(await tx.offers.refusals(offer.referral_id), desk)
        returned = Returned(dict.fromkeys(back.needs, offer.priority), back.for_a_person)

        def decide(remaining: Mapping[str, int]) -> Decision:
            load = Load(remaining=remaining, declined_by=said_no)
            return place_again(facts, county, load, returned, beside)

        def why(assignment: Assignment) -> str | None:
            if assignment.service_id != desk:
                return None
            refusals = max(len(said_no.get(need, ())) for need in assignment.needs)
            limit = county.rules.selection.declines_limit
            return f"{back.cause.words} {why_the_desk(refusals, limit, for_a_person=back.for_a_person)}"

        await place(tx, case, self.new_id, decide, why)


async def beside_of(tx: Transaction, referral_id: UUID, reference: str) -> Beside:
    """What stands of a referral beside needs that are to be placed again."""
    live = await tx.offers.live_of(referral_id)
    latest = await tx.decisions.latest(reference)
    document: Mapping[str, Any] = latest.document if latest else {}  # a decision as JSON
    return Beside(
        tracks=tuple(other.track for other in live),
        priorities=tuple(other.priority for other in live),
        held_needs=tuple(document.get("held_needs", ())),
        flags=tuple(document.get("flags", ())),
        duplicate_of=document.get("duplicate_of"),
    )
