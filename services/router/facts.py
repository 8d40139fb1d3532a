"""Between wire formats and the domain: facts of events as the router's own, and decisions as plain values."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from services.router.domain.decision import Decision
from services.router.domain.facts import Facts, OpenMatch, Place
from shared import events

DECISION = TypeAdapter(Decision)


def domain_facts(facts: events.Facts) -> Facts:
    """The same facts, field by field."""
    fields = {name: getattr(facts, name) for name in type(facts).model_fields}
    place = Place(**dict(facts.place))
    matches = tuple(OpenMatch(**dict(match)) for match in facts.open_matches)
    return Facts(**fields | {"place": place, "open_matches": matches})


def document_of(decision: Decision) -> dict[str, Any]:  # JSON
    """The whole of a decision as plain JSON values, as it is kept for ever."""
    document: dict[str, Any] = to_jsonable_python(asdict(decision))  # JSON
    return document


def decision_of(document: Mapping[str, Any]) -> Decision:  # JSON
    """A decision as it was kept, whatever release kept it."""
    return DECISION.validate_python(document)
