"""How long an answer to an offer is waited for: the county's wait, within the offer's deadline where that presses."""

from datetime import datetime

from services.router.domain.chase import Clock, ClockState, Window
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


def reply_by(county: County, offer: Offer, respond: Clock) -> datetime:
    """The UTC instant that the service of an offer is told to reply by: when others are asked, after one reminder and a
    second wait (R60), and no later than the resident is to be reached (R53). `respond` is its clock as it stands.

    From the triage desk nothing goes to others; an offer that is overdue when it is made has the plain waits.
    """
    if respond.state is not ClockState.RUNNING:
        return respond.due_at
    if offer.service_id == county.rules.triage_desk:
        return offer.due_at
    ends = answer_by(county, offer, respond.due_at)
    return min(ends, offer.due_at) if offer.due_at > offer.offered_at else ends
