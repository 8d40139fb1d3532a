"""A county's files, checked before they go live: what is wrong, what deserves a look, and what is good to know."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from services.router.configuration import Compiled, compile_county
from services.router.configuration.checking.areas import INTAKE, told, untold
from services.router.configuration.checking.cases import TESTS, Cases, TestsDoc
from services.router.configuration.checking.findings import Finding, Found, Severity
from services.router.configuration.checking.overlaps import OverlapChecks
from services.router.configuration.checking.reach import ReachChecks
from services.router.configuration.checking.rows import RowChecks
from services.router.configuration.documents import (
    RULES,
    CountyRefused,
    pointed_out,
    read_documents,
    read_text,
    tree_of,
)
from services.router.configuration.fitting import fitted
from services.router.configuration.positions import Position, Source
from services.router.configuration.tables import Layout

SECTORS = "postcode_sectors.csv"


def check_directory(directory: Path) -> list[Finding]:
    """What there is to say of a county's folder, errors first. Files that cannot be read at all are one error."""
    texts: dict[str, str] = {}
    try:
        texts |= read_documents(directory)
        extra = {name: read_text(directory, name) for name in (TESTS, SECTORS, INTAKE) if (directory / name).exists()}
        return check_documents(texts, extra)
    except CountyRefused as error:
        return [_refusal(error)]


def check_documents(texts: Mapping[str, str], extra: Mapping[str, str]) -> list[Finding]:
    """The same for texts by file name; `extra` may have its tests, its postcode sectors and what intake tells."""
    try:
        compiled = compile_county(texts)
        found = list(_found(compiled, extra))
    except CountyRefused as error:
        return [_refusal(error)]
    sources: dict[str, Source] = {}
    for file in {each.file for each in found}:
        sources[file] = Source(file, {**texts, **extra}[file])
    findings = [Finding(each.severity, _position(each, sources, compiled.layout), each.sentence) for each in found]
    order = list(Severity)
    return sorted(findings, key=lambda each: order.index(each.severity))


def _found(compiled: Compiled, extra: Mapping[str, str]) -> Iterator[Found]:
    rows = RowChecks.of(compiled)
    yield from rows.findings()
    yield from OverlapChecks(compiled, rows.world).findings()
    if INTAKE in extra:
        yield from untold(rows.rows(), told(extra[INTAKE]))
    yield from ReachChecks(compiled, rows.world, _outcodes(extra.get(SECTORS))).findings()
    if TESTS not in extra:
        return
    try:
        tests = fitted(TESTS, TestsDoc, {TESTS: tree_of(TESTS, extra[TESTS])})
        yield from Cases(compiled.county, tests).findings()
    except CountyRefused as error:
        raise pointed_out(error, extra) from error


def _outcodes(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    return frozenset(row["code"] for row in csv.DictReader(io.StringIO(text)) if row["level"] == "outcode")


def _position(found: Found, sources: Mapping[str, Source], layout: Layout) -> Position:
    path = layout.path(found.path) if found.file == RULES else found.path
    return sources[found.file].find(path, found.code)


def _refusal(error: CountyRefused) -> Finding:
    what = f"{error.place}: {error.sentence}" if error.place else error.sentence
    return Finding(Severity.ERROR, error.position, what)
