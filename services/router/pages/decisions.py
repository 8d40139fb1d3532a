"""The page that says why a referral went where it went, and why not to another service."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.router.domain.cause import Trigger
from services.router.domain.county import County
from services.router.domain.decision import Decision, NeedDecision
from services.router.domain.explaining.shapes import Explanation, Looked, NeedExplained
from services.router.domain.vocabulary import NeedState
from services.router.facts import decision_of
from services.router.pages.words import TEMPLATES, district_name
from services.router.ports import Transaction
from services.router.use_cases.explaining import Explained, Story, explain_referral
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.pages import renderer
from shared.reference import wanted_reference
from shared.wording import moment_words

Stores = Callable[[DatabaseTransaction], Transaction]
HEADINGS: Mapping[str, str] = {
    Trigger.SUBMITTED: "First decision",
    Trigger.REOPENED: "Placed again, for it was opened again",
}
STATES = {
    NeedState.ASSIGNED: "Went to",
    NeedState.HELD: "Held",
    NeedState.DUPLICATE: "In hand already",
}
SIGNS: Mapping[bool | None, tuple[str, str]] = {
    True: ("✓", "holds"),
    False: ("✗", "does not hold"),
    None: ("?", "nobody can tell"),
}
"""How a condition is marked, for the eye and for the ear."""


def routes(database: Database, stores: Stores) -> APIRouter:
    """The page of a referral's decisions, for staff."""
    router = APIRouter(include_in_schema=False)
    render = renderer(TEMPLATES)

    @router.get("/decisions/{reference}")
    async def decision_page(
        request: Request,
        reference: str,
        why_not: Annotated[str, Query(max_length=64)] = "",
        need: Annotated[str, Query(max_length=64)] = "",
    ) -> HTMLResponse:
        async with database.begin(request.state.origin) as transaction:
            tx = stores(transaction)
            story = await explain_referral(tx, wanted_reference(reference))
            county = await tx.county()
        values = {**_story_values(story, county), **_asking(story, county), "asked": why_not, "asked_need": need}
        answers = story.why_not(why_not, need or None) if why_not else ()
        return render("decision.html", {**values, "answers": answers, "signs": SIGNS})

    return router


def _story_values(story: Story, county: County) -> Mapping[str, object]:
    """Every decision of a referral, newest first, and what their rules say."""
    made = [decision_of(each.stored.document) for each in story.decisions]
    rules = {rule for each in made for rule in _rules_of(each)}
    texts = {**county.rules.texts, **(story.decisions[0].made.county.rules.texts if story.decisions[0].made else {})}
    newest = story.decisions[0].explanation
    return {
        "reference": story.decisions[0].stored.reference,
        "sentence": newest.sentence if newest else _outcome(made[0]),
        "decisions": [_decision_values(told, each, county) for told, each in zip(story.decisions, made, strict=True)],
        "passed_on": [each.sentence for each in story.passed_on],
        "rules": {f"{rule} {texts[rule].title}": texts[rule].text for rule in sorted(rules) if rule in texts},
    }


def _rules_of(made: Decision) -> set[str]:
    return {*made.because}.union(*(need.because for need in made.needs), *(ask.rules for ask in made.asks))


def _asking(story: Story, county: County) -> Mapping[str, object]:
    """What may be asked of other services: each by its organisation, for each need that was decided."""
    known = next((each.made.county for each in story.decisions if each.made is not None), county)
    by_organisation: dict[str, dict[str, str]] = {}
    for service in sorted(known.services.values(), key=lambda each: each.name):
        by_organisation.setdefault(known.organisations[service.organization_id].name, {})[service.id] = service.name
    needs = {need.need: need.label for each in story.decisions for need in _needs(each.explanation)}
    return {"services": dict(sorted(by_organisation.items())), "needs": needs}


def _needs(explanation: Explanation | None) -> Sequence[NeedExplained]:
    return explanation.needs if explanation else ()


def _decision_values(told: Explained, made: Decision, county: County) -> Mapping[str, object]:
    explained = {need.need: need for need in _needs(told.explanation)}
    named = told.made.county if told.made else county
    return {
        "heading": HEADINGS.get(told.stored.cause, "Placed again"),
        "why": told.explanation.before if told.explanation and told.explanation.before else told.stored.cause_words,
        "decided": moment_words(told.stored.decided_at),
        "district": district_name(named, made.district),
        "method": made.district_method,
        "flags": [flag.replace("_", " ") for flag in made.flags],
        "rule_set": made.rule_set[:12],
        "asks": [(named.rules.questions.get(ask.fact, ask.fact), ask.rules) for ask in made.asks],
        "needs": [_need_values(need, explained.get(need.need), named) for need in made.needs],
        "told": told.explanation,
    }


def _outcome(made: Decision) -> str:
    """What became of a referral whose decision cannot be explained any more."""
    outcome = made.outcome.replace("_", " ")
    return f"Outcome: {outcome}. Sent to {' and '.join(a.service_name for a in made.assignments) or 'nobody new'}."


def _need_values(need: NeedDecision, told: NeedExplained | None, county: County) -> Mapping[str, object]:
    return {
        "label": told.label if told else need.need,
        "sentence": told.sentence if told else "",
        "state": STATES[need.state],
        "went_to": _service_name(county, need.service_id) if need.service_id else "nobody new",
        "priority": need.priority,
        "raised": need.raised,
        "because": need.because,
        "searches": [_search_values(search) for search in told.searches] if told else [],
    }


def _search_values(search: Looked) -> Mapping[str, object]:
    rows = [
        {"track": track.label, "service": each.service, "reason": each.reason}
        for track in search.tracks
        for each in track.services
    ]
    return {"place": search.place, "offered": search.offered, "tracks": search.tracks, "rows": rows}


def _service_name(county: County, service_id: str) -> str:
    # Where the directory of that time is not kept, the service may have left it.
    known = county.services.get(service_id)
    return f"{known.name} ({county.organisations[known.organization_id].name})" if known else service_id
