"""The facts of an event as the router's own, so that its decisions depend on no wire format."""

from services.router.domain.facts import Facts, OpenMatch, Place
from shared import events


def domain_facts(facts: events.Facts) -> Facts:
    """The same facts, field by field."""
    fields = {name: getattr(facts, name) for name in type(facts).model_fields}
    place = Place(**dict(facts.place))
    matches = tuple(OpenMatch(**dict(match)) for match in facts.open_matches)
    return Facts(**fields | {"place": place, "open_matches": matches})
