"""How long an answer to an offer is waited for: the county's wait, within the offer's deadline where that presses."""

from datetime import datetime

from services.router.domain.chase import Window
from services.router.domain.county import County
from services.router.ports import Offer


def answer_by(county: County, offer: Offer, since: datetime) -> datetime:
    """The UTC instant at which a wait for the answer that begins at `since` is over (R60 within R53)."""
    service, calendar = county.services.get(offer.service_id), county.deadlines.calendar
    hours = service.hours if service else None
    ends = county.rules.chase[offer.priority].ends(since, hours, calendar)
    if offer.priority not in county.rules.chased_before_due:
        return ends
    return Window.of(offer.offered_at, offer.due_at, hours, calendar).within(ends, since)
