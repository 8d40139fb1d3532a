"""Compares two JSON Schemas of the same event and names what an older reader or writer would trip over."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]  # JSON Schema of many shapes
WORDS = {"title", "description", "default"}


def inlined(schema: Schema) -> Schema:
    """`schema` with its references replaced by what they refer to, without words that bind nobody."""
    whole: Schema = _inlined({key: value for key, value in schema.items() if key != "$defs"}, schema.get("$defs", {}))
    return whole


def breaks(old: Any, new: Any, path: str) -> Iterator[str]:  # parts of a schema
    """What changed from `old` to `new` other than by addition, both inlined."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{path} was retyped"
        return
    for name, field in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from breaks(field, new["properties"][name], f"{path}.{name}")
        else:
            yield f"{path}.{name} was removed"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{path} now demands {name}"
    if not set(old.get("enum", ())) <= set(new.get("enum", ())):
        yield f"{path} has fewer values"
    yield from _retyped(old, new, path)


def _retyped(old: Schema, new: Schema, path: str) -> Iterator[str]:
    own = ("properties", "required", "enum", "items", "anyOf")
    if {key: old[key] for key in old if key not in own} != {key: new[key] for key in new if key not in own}:
        yield f"{path} was retyped"
    if "items" in old or "items" in new:
        yield from breaks(old.get("items"), new.get("items"), f"{path}[]")
    old_kinds, new_kinds = old.get("anyOf", []), new.get("anyOf", [])
    if len(old_kinds) != len(new_kinds):
        yield f"{path} was retyped"
    for old_kind, new_kind in zip(old_kinds, new_kinds, strict=False):
        yield from breaks(old_kind, new_kind, path)


def _inlined(part: Any, definitions: Schema) -> Any:  # parts of a schema
    if isinstance(part, list):
        return [_inlined(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions)
    # Below "properties" the keys are the event's own, and one may be called "title".
    return {
        key: {name: _inlined(field, definitions) for name, field in value.items()}
        if key == "properties"
        else _inlined(value, definitions)
        for key, value in part.items()
        if key not in WORDS
    }
