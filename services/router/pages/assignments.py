"""The page of an offer that texts lead to: what is asked, how it stands, and whom to ring."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.router.domain.assignment import AWAITING_ANSWER, UNDER_WAY, State
from services.router.domain.chase import Kind
from services.router.pages.words import TEMPLATES, line, offer_facts, reply_words
from services.router.ports import Transaction
from services.router.use_cases.waiting import reply_by
from shared.clock import Clock
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.errors import NotFound
from shared.pages import renderer

Stores = Callable[[DatabaseTransaction], Transaction]
AWAITED = "It waits for an answer."
ENDED = {
    State.ACCEPTED: "You have taken this on.",
    State.CONTACTED: "You have taken this on and reached the person.",
    State.DONE: "This is done. There is nothing more to do.",
    State.DECLINED: "You have said no to this request. There is nothing more to do.",
    State.EXPIRED: "There was no answer, so we take it from here. There is nothing more to do.",
    State.RECALLED: "This request was taken back. There is nothing more to do.",
    State.HANDED_BACK: "You have handed this back. There is nothing more to do.",
}


def routes(database: Database, stores: Stores, now: Clock) -> APIRouter:
    """Nothing can be done on this page: a text may be read by anyone near its phone, so its link proves nothing."""
    router = APIRouter(include_in_schema=False)
    render = renderer(TEMPLATES)

    @router.get("/assignments/{assignment_id}")
    async def assignment_page(request: Request, assignment_id: UUID) -> HTMLResponse:
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            offers = await tx.offers.find(assignment_id=assignment_id)
            county = await tx.county()
            clocks = (await tx.clocks.of([assignment_id])).get(assignment_id, ())
        if not offers:
            raise NotFound("not-found", "There is no assignment with this id.")
        offer = offers[0]
        respond = next((clock for clock in clocks if clock.kind is Kind.RESPOND), None)
        ends = reply_by(county, offer, respond) if respond else offer.due_at
        values = {
            "reference": offer.reference,
            "reason": offer.reason,
            "sentence": ENDED.get(offer.state) or reply_words(offer, ends, now()) or AWAITED,
            "awaited": offer.state in AWAITING_ANSWER,
            "under_way": offer.state in UNDER_WAY,
            "facts": offer_facts(offer, county),
            **line(county),
        }
        return render("assignment.html", values)

    return router
