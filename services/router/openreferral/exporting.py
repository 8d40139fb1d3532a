"""The public directory as files: one JSON document of nested services, or a folder of tables with a data package."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from services.router.openreferral.publishing import Publisher, Row

VERSION = "HSDS-UK-3.0"
PROFILE = "https://docs.openreferraluk.org/en/latest/"
# Nested lists and objects by their name, and the table that each belongs to.
TABLES = {
    "schedules": "schedules",
    "service_areas": "service_areas",
    "service_at_locations": "service_at_locations",
    "location": "locations",
    "addresses": "addresses",
    "languages": "languages",
    "phones": "phones",
    "organization": "organizations",
    "attributes": "attributes",
    "taxonomy_term": "taxonomy_terms",
}
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_document(publisher: Publisher, today: date) -> str:
    """Everything as one JSON document: services nested as the feed gives them, the taxonomy beside them."""
    document = {
        "version": VERSION,
        "profile": PROFILE,
        "services": list(publisher.services(today)),
        "taxonomies": [publisher.taxonomy()],
        "taxonomy_terms": list(publisher.taxonomy_terms()),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def export_tables(publisher: Publisher, today: date) -> dict[str, str]:
    """The same as CSV tables, by file name, and `datapackage.json`, which says what is in them."""
    tables: dict[str, dict[str, Row]] = defaultdict(dict)
    for service in publisher.services(today):
        _take_apart("services", service, tables)
    for term in publisher.taxonomy_terms():
        _take_apart("taxonomy_terms", term, tables)
    _take_apart("taxonomies", publisher.taxonomy(), tables)
    columns = {name: tuple(dict.fromkeys(key for row in rows.values() for key in row)) for name, rows in tables.items()}
    files = {f"{name}.csv": _csv(columns[name], rows.values()) for name, rows in tables.items()}
    return {**files, "datapackage.json": _package(columns)}


def write_export(publisher: Publisher, today: date, to: Path) -> None:
    """A JSON document when `to` ends with .json, else a folder of tables."""
    if to.suffix == ".json":
        to.write_text(export_document(publisher, today), encoding="utf-8")
        return
    to.mkdir(parents=True, exist_ok=True)
    for name, text in export_tables(publisher, today).items():
        (to / name).write_text(text, encoding="utf-8", newline="")


def _take_apart(table: str, row: Row, tables: dict[str, dict[str, Row]]) -> None:
    """One row for each object, found again by its id, in the table that it belongs to."""
    flat: Row = {}
    for key, value in row.items():
        if key not in TABLES:
            flat[key] = value
            continue
        for part in _parts(value):
            _take_apart(TABLES[key], part, tables)
    tables[table][str(row["id"])] = flat


def _parts(value: object) -> Iterator[Row]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each


def _csv(columns: tuple[str, ...], rows: Iterable[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({key: safe_cell(value) for key, value in row.items()})
    return out.getvalue()


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet runs as a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _package(columns: Mapping[str, tuple[str, ...]]) -> str:
    resources = [
        {
            "name": name,
            "path": f"{name}.csv",
            "profile": "tabular-data-resource",
            "schema": {"fields": [{"name": column, "type": "string"} for column in found], "primaryKey": "id"},
        }
        for name, found in sorted(columns.items())
    ]
    document = {"name": "human_services_data", "profile": "tabular-data-package", "resources": resources}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
