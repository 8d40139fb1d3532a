"""Placing needs again that came back from a service: at once, and never with anyone who has said no."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.domain.again import Returned, place_again, why_the_desk, without_the_desk
from services.router.domain.assembling import Beside
from services.router.domain.cause import Cause
from services.router.domain.county import County
from services.router.domain.decision import Assignment, Decision
from services.router.domain.load import Load
from services.router.facts import domain_facts
from services.router.ports import Offer, Transaction
from services.router.use_cases.placing import Case, place
from shared.clock import NewId
from shared.errors import NotFound
from shared.events import Facts


@dataclass(frozen=True, slots=True)
class CameBack:
    """An assignment that has just ended without its needs being met, and why; `for_a_person` keeps others from being
    asked before somebody has looked at it."""

    offer: Offer
    at: datetime
    cause: Cause
    for_a_person: bool = False


@dataclass(frozen=True, slots=True)
class PlaceAgain:
    """Decide anew for the needs of one assignment, and offer them (R57)."""

    new_id: NewId

    async def __call__(self, tx: Transaction, county: County, back: CameBack) -> None:
        """The facts are those of the last decision; the clocks and the opening times are those of now."""
        stored = await tx.decisions.latest(back.offer.reference)
        if stored is None:
            raise NotFound("not-found", "There is no decision of a referral with this reference.")
        facts = Facts.model_validate(stored.facts).model_copy(update={"received_at": back.at})
        beside = await _beside(tx, back.offer, stored.document)
        desk = county.rules.triage_desk
        said_no = without_the_desk(await tx.offers.refusals(back.offer.referral_id), desk)
        returned = Returned(dict.fromkeys(back.offer.needs, back.offer.priority), back.for_a_person)

        def decide(remaining: Mapping[str, int]) -> Decision:
            load = Load(remaining=remaining, declined_by=said_no)
            return place_again(domain_facts(facts), county, load, returned, beside)

        def why(assignment: Assignment) -> str | None:
            if assignment.service_id != desk:
                return None
            refusals = max(len(said_no.get(need, ())) for need in assignment.needs)
            limit = county.rules.selection.declines_limit
            return f"{back.cause.words} {why_the_desk(refusals, limit, for_a_person=back.for_a_person)}"

        offer = back.offer
        case = Case(offer.referral_id, offer.reference, facts, county, back.at, left=offer.id, cause=back.cause)
        await place(tx, case, self.new_id, decide, why)


async def _beside(tx: Transaction, offer: Offer, latest: Mapping[str, Any]) -> Beside:  # Any: a decision as JSON
    """What stands of the referral beside the needs that came back."""
    live = await tx.offers.live_of(offer.referral_id)
    return Beside(
        tracks=tuple(other.track for other in live),
        priorities=tuple(other.priority for other in live),
        held_needs=tuple(latest["held_needs"]),
        flags=tuple(latest["flags"]),
        duplicate_of=latest["duplicate_of"],
    )
