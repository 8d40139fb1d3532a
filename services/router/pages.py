"""The router's pages: why a referral went where it went, and what a partner was asked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import TypeAdapter

from services.router.domain.assignment import State
from services.router.domain.cause import Trigger
from services.router.domain.county import County
from services.router.domain.decision import Decision, NeedDecision, Search
from services.router.domain.vocabulary import NeedState
from services.router.ports import StoredDecision, Transaction
from shared.clock import Clock
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.errors import NotFound
from shared.pages import renderer
from shared.reference import wanted_reference
from shared.wording import moment_words, reply_by_words

Stores = Callable[[DatabaseTransaction], Transaction]
DECISION = TypeAdapter(Decision)
VERDICTS = {
    "not_active": "is closed at present",
    "age": "does not take this age",
    "circumstances": "is for other circumstances",
    "declined": "has said no to this need",
    "full": "has no place left today",
    "closed": "does not open before the reply is due",
    "taken": "taken",
    "ranked_after": "would have been next",
}
HEADINGS: Mapping[str, str] = {
    Trigger.SUBMITTED: "First decision",
    Trigger.REOPENED: "Placed again, for it was opened again",
}
STATES = {
    NeedState.ASSIGNED: "Went to",
    NeedState.HELD: "Held",
    NeedState.DUPLICATE: "In hand already",
}


ENDED = {
    State.ACCEPTED: "You have taken this on.",
    State.CONTACTED: "You have taken this on and reached the person.",
    State.DONE: "This is done. There is nothing more to do.",
    State.DECLINED: "You have said no to this request. There is nothing more to do.",
    State.EXPIRED: "There was no answer in time, so others are asked. There is nothing more to do.",
    State.RECALLED: "This request was taken back. There is nothing more to do.",
    State.HANDED_BACK: "You have handed this back. There is nothing more to do.",
}


def routes(database: Database, stores: Stores, now: Clock) -> APIRouter:
    """Pages without personal data: a decision for staff, an assignment for whoever was told of it."""
    router = APIRouter(include_in_schema=False)
    render = renderer(Path(__file__).parent / "templates")

    @router.get("/decisions/{reference}")
    async def decision_page(request: Request, reference: str) -> HTMLResponse:
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            stored = await tx.decisions.all(wanted_reference(reference))
            county = await tx.county()
        if not stored:
            raise NotFound("not-found", "There is no decision of a referral with this reference.")
        return render("decision.html", _history_values(stored, county))

    @router.get("/assignments/{assignment_id}")
    async def assignment_page(request: Request, assignment_id: UUID) -> HTMLResponse:
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            offers = await tx.offers.find(assignment_id=assignment_id)
            county = await tx.county()
        if not offers:
            raise NotFound("not-found", "There is no assignment with this id.")
        offer = offers[0]
        desk = county.services[county.rules.triage_desk]
        values = {
            "reference": offer.reference,
            "reason": offer.reason,
            "sentence": _standing(offer.state, offer.due_at, now()),
            "service": offer.service_name,
            "organization": offer.organization_name,
            "needs": [_need_label(county, need) for need in offer.needs],
            "district": _district(county, offer.district),
            "priority": offer.priority,
            "priority_name": county.priorities[offer.priority].name,
            "due": reply_by_words(offer.due_at, now()),
            "desk": county.organisations[desk.organization_id].name,
            "desk_phone": desk.contact.phone,
        }
        return render("assignment.html", values)

    return router


def _standing(state: State, due_at: datetime, now: datetime) -> str:
    return ENDED.get(state) or f"Please answer {reply_by_words(due_at, now)}."


def _history_values(stored: Sequence[StoredDecision], county: County) -> Mapping[str, object]:
    """Every decision of a referral, newest first, and what their rules say."""
    made = [DECISION.validate_python(each.document) for each in stored]
    rules = {rule for each in made for rule in (*each.because, *(rule for need in each.needs for rule in need.because))}
    texts = county.rules.texts
    return {
        "reference": stored[0].reference,
        "sentence": _sentence(made[0]),
        "decisions": [_decision_values(kept, each, county) for kept, each in zip(stored, made, strict=True)],
        "rules": {f"{rule} {texts[rule].title}": texts[rule].text for rule in sorted(rules) if rule in texts},
    }


def _decision_values(kept: StoredDecision, made: Decision, county: County) -> Mapping[str, object]:
    return {
        "heading": HEADINGS.get(kept.cause, "Placed again"),
        "why": kept.cause_words,
        "decided": moment_words(kept.decided_at),
        "district": _district(county, made.district),
        "method": made.district_method,
        "flags": [flag.replace("_", " ") for flag in made.flags],
        "rule_set": made.rule_set[:12],
        "needs": [_need_values(need, county) for need in made.needs],
    }


def _sentence(made: Decision) -> str:
    outcome = made.outcome.replace("_", " ")
    if not made.assignments:
        return f"Outcome: {outcome}. Nothing was sent to anyone."
    return f"Outcome: {outcome}. Sent to {' and '.join(a.service_name for a in made.assignments)}."


def _need_values(need: NeedDecision, county: County) -> Mapping[str, object]:
    return {
        "label": _need_label(county, need.need),
        "state": STATES[need.state],
        "went_to": _service_name(county, need.service_id) if need.service_id else "nobody new",
        "priority": need.priority,
        "raised": need.raised,
        "because": need.because,
        "moves": [
            {
                "from_service": _service_name(county, move.from_service),
                "to_service": _service_name(county, move.to_service),
                "rules": move.rules,
            }
            for move in need.moves
        ],
        "searches": [_search_values(search, county) for search in need.searches],
    }


def _search_values(search: Search, county: County) -> Mapping[str, object]:
    rows = [
        {
            "track": county.tracks.get(tried.track, tried.track),
            "service": _service_name(county, candidate.service_id),
            "verdict": VERDICTS[candidate.verdict],
        }
        for tried in search.tracks
        for candidate in tried.candidates
    ]
    return {"district": _district(county, search.district), "rows": rows}


def _need_label(county: County, code: str) -> str:
    # A need may have left the list since the decision.
    known = county.needs.get(code)
    return known.label if known else code


def _service_name(county: County, service_id: str) -> str:
    # A service may have left the directory since the decision.
    known = county.services.get(service_id)
    return f"{known.name} ({county.organisations[known.organization_id].name})" if known else service_id


def _district(county: County, code: str | None) -> str:
    if code is None:
        return "not known"
    known = county.districts.get(code)
    return known.name if known else code
