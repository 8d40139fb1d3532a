"""The page that says why a referral went where it went."""

from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import TypeAdapter

from services.router.domain.cause import Trigger
from services.router.domain.county import County
from services.router.domain.decision import Decision, NeedDecision, Search
from services.router.domain.vocabulary import NeedState
from services.router.pages.words import TEMPLATES, district_name
from services.router.ports import StoredDecision, Transaction
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.errors import NotFound
from shared.pages import renderer
from shared.reference import wanted_reference
from shared.wording import moment_words

Stores = Callable[[DatabaseTransaction], Transaction]
DECISION = TypeAdapter(Decision)
VERDICTS = {
    "not_active": "is closed at present",
    "age": "does not take this age",
    "circumstances": "is for other circumstances",
    "declined": "has said no to this need",
    "full": "has no place left today",
    "closed": "does not open before the reply is due",
    "limited": "has to assess first, or has not confirmed its capacity: asked after others",
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


def routes(database: Database, stores: Stores) -> APIRouter:
    """The page of a referral's decisions, for staff."""
    router = APIRouter(include_in_schema=False)
    render = renderer(TEMPLATES)

    @router.get("/decisions/{reference}")
    async def decision_page(request: Request, reference: str) -> HTMLResponse:
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            stored = await tx.decisions.all(wanted_reference(reference))
            county = await tx.county()
        if not stored:
            raise NotFound("not-found", "There is no decision of a referral with this reference.")
        return render("decision.html", _history_values(stored, county))

    return router


def _history_values(stored: Sequence[StoredDecision], county: County) -> Mapping[str, object]:
    """Every decision of a referral, newest first, and what their rules say."""
    made = [DECISION.validate_python(each.document) for each in stored]
    rules = {rule for each in made for rule in _rules_of(each)}
    texts = county.rules.texts
    return {
        "reference": stored[0].reference,
        "sentence": _sentence(made[0]),
        "decisions": [_decision_values(kept, each, county) for kept, each in zip(stored, made, strict=True)],
        "rules": {f"{rule} {texts[rule].title}": texts[rule].text for rule in sorted(rules) if rule in texts},
    }


def _rules_of(made: Decision) -> set[str]:
    return {*made.because}.union(*(need.because for need in made.needs), *(ask.rules for ask in made.asks))


def _decision_values(kept: StoredDecision, made: Decision, county: County) -> Mapping[str, object]:
    return {
        "heading": HEADINGS.get(kept.cause, "Placed again"),
        "why": kept.cause_words,
        "decided": moment_words(kept.decided_at),
        "district": district_name(county, made.district),
        "method": made.district_method,
        "flags": [flag.replace("_", " ") for flag in made.flags],
        "rule_set": made.rule_set[:12],
        "asks": [(county.rules.questions.get(ask.fact, ask.fact), ask.rules) for ask in made.asks],
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
    return {"district": district_name(county, search.district), "rows": rows}


def _need_label(county: County, code: str) -> str:
    # A need may have left the list since the decision.
    known = county.needs.get(code)
    return known.label if known else code


def _service_name(county: County, service_id: str) -> str:
    # A service may have left the directory since the decision.
    known = county.services.get(service_id)
    return f"{known.name} ({county.organisations[known.organization_id].name})" if known else service_id
