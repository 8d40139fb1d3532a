"""Whether a file's content fits its schema, and the sentence that says what does not."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from services.router.configuration.documents import CountyRefused, refused

Doc = TypeVar("Doc")


def fitted(name: str, schema: type[Doc], content: Mapping[str, Any], at: str = "") -> Doc:  # Any: checked here
    """The content of one file, or of the part of it that stands `at` a path, if it fits its schema. Raises Refused for
    the first thing that does not, and for an unknown key before a missing one: the one may be the other, misspelt."""
    adapter = TypeAdapter(schema)
    try:
        return adapter.validate_python(content[name])
    except ValidationError as error:
        problems = error.errors(include_url=False)
        first = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
        raise _refusal(name, at, first, adapter) from error


def _refusal(name: str, at: str, error: ErrorDetails, adapter: TypeAdapter[Doc]) -> CountyRefused:
    place, given = _place((*((at,) if at else ()), *error["loc"])), error["input"]
    where = f"{name}: {place}" if place else name
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        keys = sorted(set(_keys(adapter.json_schema())))
        return refused(where, f"there is no such key{_hint(key, keys)}", code=key)
    code = given if isinstance(given, str) else None
    expected = re.findall("'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
    return refused(where, f"{error['msg']}{_hint(code or '', expected)}", code=code)


def _place(parts: tuple[int | str, ...]) -> str:
    named = (part for part in parts if part != "[key]")
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in named).lstrip(".")


def _hint(code: str, known: list[str]) -> str:
    close = get_close_matches(code, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _keys(schema: Any) -> Iterator[str]:  # Any: a JSON schema
    """Every key that a file of this schema may have somewhere."""
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {})
