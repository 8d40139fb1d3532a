"""Checking a document against the published tables, their formats included."""

import json
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = json.loads((Path(__file__).parent / "schemas" / "hsds-uk-3.0.json").read_text("utf-8"))
FORMATS = FormatChecker(formats=("uuid", "email", "date"))


def is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)


def is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


FORMATS.checks("uri", raises=ValueError)(is_uri)
FORMATS.checks("date-time", raises=ValueError)(is_instant)


def faults(table: str, document: object) -> list[str]:
    """What is wrong with a document by the schema of one table."""
    schema = {"$ref": f"#/$defs/{table}", "$defs": SCHEMAS["$defs"]}
    errors = Draft202012Validator(schema, format_checker=FORMATS).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in errors]
