"""Where each field of the standard stands in a county's file on partners, as YAML has it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.router.openreferral.reading import Incoming

Tree = dict[str, Any]  # YAML as it is read

ELIGIBILITY = frozenset({"minimum_age", "maximum_age"})
LISTING = frozenset({"url", "email", "fees", "accreditations", "alert", "phones", "service_at_locations"})
AREAS_OF_OURS = frozenset({"elsewhere"})
ANY = "any"


def apply_field(tree: Tree, name: str, before: object, after: object) -> None:
    """Put a service's field in its place; None takes it out. What is ours in it stays: the needs that `before`, as the
    public was told, did not name, places outside, and interpreters."""
    if name in ELIGIBILITY:
        tree["eligibility"][name] = after
    elif name in LISTING:
        _put(tree["listing"], "locations" if name == "service_at_locations" else name, plain(after))
    elif name == "service_areas":
        known = {(area["type"], area["code"]): area for area in tree[name]}
        ours = [area for area in tree[name] if area["type"] in AREAS_OF_OURS]
        tree[name] = [*(known.get((area["type"], area["code"]), area) for area in plain(after)), *ours]
    elif name == "languages":
        tree[name] = [*plain(after), *([ANY] if ANY in tree[name] else [])]
    elif name == "taxonomy_terms":
        tree[name] = _needs(tree[name], _codes(before), _codes(after))
    else:
        _put(tree, name, plain(after))


def apply_organisation_field(tree: Tree, name: str, after: str) -> None:
    """Put an organisation's field in its place; its e-mail address for the office is ours."""
    tree["public_email" if name == "email" else name] = after


def unrouted_row(incoming: Incoming, source: str | None) -> Tree:
    """A service that nobody has given routing fields yet."""
    fields, organisation = incoming.fields, incoming.organisation
    row: Tree = {
        "hsds_id": incoming.id,
        "source": source,
        **{name: fields.get(name) for name in ("assured_date", "assurer_email", "last_modified")},
        "name": incoming.name,
        "description": fields.get("description", ""),
        "status": fields["status"],
        "organization": _known(
            {
                "hsds_id": organisation.id,
                "name": organisation.name,
                "description": organisation.description,
                "website": organisation.website,
                "email": organisation.email,
            }
        ),
        "taxonomy_terms": plain(fields.get("taxonomy_terms", ())),
        "terms": list(incoming.unknown_terms),
        "service_areas": plain(fields.get("service_areas", ())),
        "schedules": plain(fields.get("schedules", ())),
        "languages": plain(fields.get("languages", ())),
        "listing": _known(
            {
                "locations" if name == "service_at_locations" else name: plain(fields[name])
                for name in sorted(LISTING)
                if name in fields
            }
        ),
    }
    return {**_known(row), **{name: fields.get(name) for name in sorted(ELIGIBILITY)}}


def plain(value: object) -> Any:  # whatever YAML can hold
    """A value as YAML has it: documents as mappings without what they do not say, tuples as lists."""
    if isinstance(value, BaseModel):
        return {name: plain(each) for name, each in value.model_dump(exclude_none=True).items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def shown(value: object) -> str:
    """A value as people read it in a list of differences."""
    if value is None or value in ((), [], {}):
        return "nothing"
    if isinstance(value, BaseModel):
        return shown(plain(value))
    if isinstance(value, Mapping):
        return " ".join(str(each) for each in value.values() if isinstance(each, str | int | float))
    if isinstance(value, tuple | list):
        return ", ".join(shown(each) for each in value)
    return str(value)


def _needs(patterns: list[str], before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """Patterns such as "food.*" stay while nothing is taken away; else each need stands for itself."""
    if set(before) <= set(after):
        return [*patterns, *(code for code in after if code not in before)]
    return [*(code for code in patterns if code in after), *(code for code in after if code not in patterns)]


def _codes(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()


def _put(tree: Tree, name: str, value: object) -> None:
    if value is None:
        tree.pop(name, None)
    else:
        tree[name] = value


def _known(row: Tree) -> Tree:
    return {name: value for name, value in row.items() if value is not None}
