"""A county's files as text: which there are, and how they are read."""

import csv
import io
import json
import re
from collections.abc import Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from services.router.configuration.positions import Position, Source, check_nesting
from shared.errors import Refused

PARTNERS = "partners.yaml"
TAXONOMY = "need_taxonomy.yaml"
CALENDAR = "calendar.yaml"
DISTRICTS = "districts.csv"
RULES = "rules.yaml"
NOTICES = "notices.yaml"
NAMES = (PARTNERS, TAXONOMY, CALENDAR, DISTRICTS, RULES, NOTICES)


class CountyRefused(Refused):
    """A county's files are not usable: `place` is a file and a path or line in it, `code` what stands there.

    With a `position` the path is one within its file.
    """

    def __init__(self, place: str, sentence: str, code: str | None = None, position: Position | None = None) -> None:
        self.place = place
        self.sentence = sentence
        self.code_there = code
        self.position = position
        what = f"{place}: {sentence}" if place else sentence
        super().__init__("county_refused", f"{position}: {what}\n{position.shown()}" if position else what)


def refused(place: str, sentence: str, code: str | None = None) -> CountyRefused:
    """The refusal of a county's files: where, and what is wrong there. Without `code`, it is what a sentence such as
    "'food.shoping' is not a need" begins with."""
    begins = re.match(r"'([^']*)'", sentence)
    return CountyRefused(place, sentence, code or (begins[1] if begins else None))


def pointed_out(error: CountyRefused, texts: Mapping[str, str]) -> CountyRefused:
    """The same refusal with line and column, and the line itself under it, where its place is in one of these texts."""
    parts = re.match(r"((?:surges/)?[a-z0-9_]+\.(?:yaml|csv))[:,]? ?(.*)", error.place)
    if parts is None or parts[1] not in texts:
        return error
    path = parts[2]
    position = Source(parts[1], texts[parts[1]]).find(path, error.code_there)
    return CountyRefused("" if path.startswith("line ") else path, error.sentence, error.code_there, position)


def read_documents(directory: Path) -> dict[str, str]:
    """The text of each file by name. Raises Refused when one is missing or is not UTF-8."""
    return {name: read_text(directory, name) for name in NAMES}


def read_text(directory: Path, name: str) -> str:
    """The text of one file of a county. Raises Refused when it is missing or is not UTF-8."""
    try:
        return (directory / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise refused(name, f"there is no such file in {directory}") from error
    except UnicodeDecodeError as error:
        raise refused(name, "this is not UTF-8 text") from error


def parse_documents(texts: Mapping[str, str]) -> dict[str, Any]:  # Any: not checked against the schema yet
    """The content of each file that the router reads, unchecked; a version has others beside them. Raises Refused for a
    missing file and for broken text."""
    for name in NAMES:
        if name not in texts:
            raise refused(name, "the file is missing")
    return {name: _rows(name, texts[name]) if name.endswith(".csv") else tree_of(name, texts[name]) for name in NAMES}


class _Loader(yaml.CSafeLoader):
    """YAML in which a key may not be given twice, and dates stay text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # Any: unchecked
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _NotPlain(Exception):
    """JSON with a key given twice."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: whatever JSON can hold
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise _NotPlain
    return unique


def tree_of(name: str, text: str) -> Any:  # Any: not checked against the schema yet
    """The content of one YAML file, unchecked. Raises Refused for broken text and for a key given twice.

    JSON is YAML, and is read as such a hundred times faster: the way for programs to write a directory of thousands.
    """
    if text.startswith("{"):
        with suppress(_NotPlain, json.JSONDecodeError):
            return json.loads(text, object_pairs_hook=_each_once)
    try:
        check_nesting(text)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with stricter keys
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}, line {mark.line + 1}, column {mark.column + 1}" if mark else name
        raise refused(place, error.problem or "this is not YAML") from error
    except yaml.YAMLError as error:
        raise refused(name, "this is not YAML") from error


def _rows(name: str, text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text), restkey="more", strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise refused(f"{name}, line {reader.line_num}", "this is not CSV") from error
    for number, row in enumerate(rows, start=2):
        if "more" in row or None in row.values():
            raise refused(f"{name}, line {number}", "the row does not have as many fields as the header")
    return rows
