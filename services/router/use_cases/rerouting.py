"""Placing needs again that came back from a service: at once, and never with anyone who has said no."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.router.domain.again import Returned, why_the_desk, without_the_desk
from services.router.domain.assembling import Beside
from services.router.domain.basis import Again, Basis
from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.domain.decision import Assignment
from services.router.domain.load import Load
from services.router.ports import Offer, Transaction
from services.router.use_cases.family import Returned as ToParent
from services.router.use_cases.family import came_back
from services.router.use_cases.holding import duplicates_of
from services.router.use_cases.placing import Case, last_case, place
from shared.clock import NewId
from shared.events import Facts
from shared.wording import moment_words

BEGINNINGS = frozenset({Trigger.SUBMITTED, Trigger.REOPENED})


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
        """The facts are those of the last decision, the opening times those of now; the deadline is the one that the
        resident was promised, while it is still ahead. Needs that were passed on go back to who did, while that is
        still at work on them."""
        if not back.needs or await came_back(tx, county, ToParent(back.offer, back.needs, back.at)):
            return
        offer = back.offer
        case = await last_case(tx, county, offer.referral_id, offer.reference, back.at)
        since = await _waiting_since(tx, offer.reference)
        returned = Returned(dict.fromkeys(back.needs, offer.priority), back.for_a_person, since)
        await place_needs(tx, replace(case, left=offer.id, cause=back.cause), returned, self.new_id)


async def place_needs(tx: Transaction, case: Case, returned: Returned, new_id: NewId) -> None:
    """Decide and offer needs of a referral again, and no others; with each offer to the triage desk goes why."""
    county = case.county
    desk, limit = county.rules.triage_desk, county.rules.selection.declines_limit
    beside = await _beside(tx, case.referral_id, case.reference)
    said_no = without_the_desk(await tx.offers.refusals(case.referral_id), desk)
    knew = without_the_desk(await tx.offers.refusals(case.referral_id, told=True), desk)
    asked = Load(declined_by=said_no, untold={need: said_no[need] - knew.get(need, frozenset()) for need in said_no})

    def why(assignment: Assignment) -> str | None:
        if assignment.service_id != desk:
            return None
        refusals = max(asked.refusals(need) for need in assignment.needs)
        words = f"{case.cause.words} {why_the_desk(refusals, limit, for_a_person=returned.for_a_person)}"
        since = returned.waiting_since
        return f"{words} The person has waited since {moment_words(since)}." if since else words

    await place(tx, case, new_id, Basis(asked, Again(returned, beside)), why)


async def _waiting_since(tx: Transaction, reference: str) -> datetime | None:
    """When the resident began to wait: with the referral, or when it was last opened again."""
    made = await tx.decisions.all(reference)
    began = next((each for each in made if each.cause in BEGINNINGS), None)
    return Facts.model_validate(began.facts).received_at if began else None


async def _beside(tx: Transaction, referral_id: UUID, reference: str) -> Beside:
    """What stands of a referral beside needs that are to be placed again."""
    live = await tx.offers.live_of(referral_id)
    latest = await tx.decisions.latest(reference)
    document: Mapping[str, Any] = latest.document if latest else {}  # a decision as JSON
    return Beside(
        tracks=tuple(other.track for other in live),
        priorities=tuple(other.priority for other in live),
        held_needs=tuple(document.get("held_needs", ())),
        duplicate_needs=duplicates_of(document),
        flags=tuple(document.get("flags", ())),
        duplicate_of=document.get("duplicate_of"),
    )
