"""Surges in a county's folder: rows that go before those of the rules file while an authority has switched them on."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import Field

from services.router.configuration.checking.cases import TESTS
from services.router.configuration.directory_schema import Closed, Text
from services.router.configuration.documents import RULES, CountyRefused, pointed_out, refused, tree_of
from services.router.configuration.fitting import fitted
from services.router.configuration.tables import PLACES
from shared.document_set import Documents
from shared.errors import NotFound

FILE = re.compile(r"surges/([a-z][a-z0-9_]{1,30})\.yaml")
Json = Any  # what YAML holds, not checked against a schema yet


class SurgeDoc(Closed):
    """A surge: rows and tables by their place in the rules file, the texts of their rules, and tests of its own.
    `not_then` names tests of the county that do not hold while it is on."""

    title: Text
    rows: dict[str, list[Json]] = Field(min_length=1)
    rules: dict[str, Json] = Field(default_factory=dict)
    tests: list[Json] = Field(default_factory=list)
    not_then: list[Text] = Field(default_factory=list)


def surges_in(documents: Documents) -> dict[str, str]:
    """The title of each surge by its name. Raises Refused for a file that is none."""
    return {name: _doc(documents, name).title for name in names_of(documents)}


def overlaid(documents: Documents, names: Sequence[str]) -> Documents:
    """The documents of a version while surges are on: the rules file has their rows before its own, and the file of
    tests theirs. A surge that the version does not have changes nothing. Raises Refused."""
    for name in names:
        if name in names_of(documents):
            documents = _overlaid(documents, _doc(documents, name), _file(name))
    return documents


def wanted(documents: Documents, name: str) -> None:
    """Raises NotFound where a version has no such surge."""
    if name not in names_of(documents):
        known = ", ".join(names_of(documents)) or "none"
        raise NotFound("not-found", f"The version in force has no surge of this name. It has: {known}.")


def _overlaid(documents: Documents, doc: SurgeDoc, file: str) -> Documents:
    rules = tree_of(RULES, documents[RULES])
    for place, rows in doc.rows.items():
        if place not in {each.path for each in PLACES}:
            raise refused(f"{file}: rows", f"{place!r} is not a place for rows", place)
        _put_before(rules, place.split("."), rows)
    twice = doc.rules.keys() & rules.get("rules", {}).keys()
    if twice:
        raise refused(f"{file}: rules", f"{min(twice)!r} is a rule of {RULES} already", min(twice))
    rules["rules"] = {**rules.get("rules", {}), **doc.rules}
    return {**documents, RULES: _text(rules), **_tests(documents, doc)}


def _put_before(rules: Json, path: list[str], rows: list[Json]) -> None:
    """Rows before those of a place; a table that stood there alone is one among others now, and needs a name."""
    *above, last = path
    for key in above:
        rules = rules.setdefault(key, {})
    there = rules.get(last) or []
    if isinstance(there, dict):
        there = [{"table": last.replace("_", " "), **there}]
    rules[last] = [*rows, *there]


def _tests(documents: Documents, doc: SurgeDoc) -> Mapping[str, str]:
    if TESTS not in documents:
        return {TESTS: _text({"version": "1.0", "tests": doc.tests})} if doc.tests else {}
    tests = tree_of(TESTS, documents[TESTS])
    kept = [test for test in tests["tests"] if test["name"] not in doc.not_then]
    return {TESTS: _text({**tests, "tests": [*kept, *doc.tests]})}


def _doc(documents: Documents, name: str) -> SurgeDoc:
    file = _file(name)
    try:
        return fitted(file, SurgeDoc, {file: tree_of(file, documents[file])})
    except CountyRefused as error:
        raise pointed_out(error, documents) from error


def names_of(documents: Documents) -> list[str]:
    """The names of the surges of a version, in the order of the alphabet."""
    return sorted(match[1] for match in map(FILE.fullmatch, documents) if match)


def _file(name: str) -> str:
    return f"surges/{name}.yaml"


def _text(content: Json) -> str:
    text: str = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=1_000)
    return text
