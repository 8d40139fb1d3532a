"""Keeping a next clock on whatever is live: after first contact, and after a deadline that passed, comes a review."""

from datetime import datetime

from services.router.domain.chase import TICKING, Clock, Kind
from services.router.domain.county import County
from services.router.ports import Offer, Transaction


async def start_review(tx: Transaction, county: County, offer: Offer, at: datetime) -> None:
    """Let somebody look at an assignment again, a while after `at`; a review that was awaited begins anew."""
    due_at = county.rules.review[offer.priority].ends(at, None, county.deadlines.calendar)
    await tx.clocks.start((Clock(offer.id, Kind.REVIEW, due_at),))


async def keep_a_clock(tx: Transaction, county: County, offer: Offer, at: datetime) -> None:
    """Start a review of a live assignment of which nothing else is awaited."""
    clocks = (await tx.clocks.of([offer.id])).get(offer.id, ())
    if not any(clock.state in TICKING for clock in clocks):
        await start_review(tx, county, offer, at)
