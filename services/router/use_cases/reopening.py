"""Opening a finished referral again: needs that ended are placed once more."""

from dataclasses import dataclass, replace

from services.router.domain.again import Returned
from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.domain.vocabulary import Priority
from services.router.ports import Transaction
from services.router.use_cases.placing import last_case
from services.router.use_cases.rerouting import place_needs
from shared.clock import Clock, NewId
from shared.events import ReferralReopened

LEAST: Priority = "P4"


@dataclass(frozen=True, slots=True)
class ReopenReferral:
    """Decide anew for needs of a referral that was opened again, and offer them."""

    now: Clock
    new_id: NewId

    async def __call__(self, tx: Transaction, event: ReferralReopened) -> None:
        """The facts are those of the last decision, the clocks those of now. Who said no is not asked again unless the
        reason says so; three refusals still end at the triage desk (R57). A cancelled referral stays as it is, and so
        does a need that somebody has. Raises NotFound."""
        if not await tx.referrals.reopen(event.referral_id, forget_refusals=event.ask_everyone):
            return
        live = await tx.offers.live_of(event.referral_id)
        held = {need for offer in live for need in await tx.offers.held_by(offer.id)}
        needs = [need for need in event.needs if need not in held]
        if not needs:
            return
        county = await tx.county()
        await tx.offers.reopen(event.referral_id, needs)
        case = await last_case(tx, county, event.referral_id, event.reference, self.now())
        cause = Cause(Trigger.REOPENED, f"The referral was opened again: {event.reason.replace('_', ' ')}.")
        # What was once taken for a duplicate is now to be placed: that is why it was opened.
        facts = case.facts.model_copy(update={"open_matches": ()})
        returned = Returned(await _priorities(tx, county, event.reference, needs))
        await place_needs(tx, replace(case, facts=facts, cause=cause), returned, self.new_id)


async def _priorities(tx: Transaction, county: County, reference: str, needs: list[str]) -> dict[str, Priority]:
    """How urgent each need was; one that was never offered counts as the county's list says."""
    offers = await tx.offers.find(reference=reference)
    before = {need: offer.priority for offer in offers for need in offer.needs}
    return {need: before.get(need) or _usual(county, need) for need in needs}


def _usual(county: County, need: str) -> Priority:
    return county.needs[need].default_priority if need in county.needs else LEAST
