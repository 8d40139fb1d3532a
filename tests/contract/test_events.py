"""What was once published can be read for ever: fields are added, never renamed, retyped or removed."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.events import BY_TYPE, CATALOGUE, AnyEvent
from tests.contract.schema import Schema, breaks, inlined

HERE = Path(__file__).parent
SAMPLES: dict[str, Any] = json.loads((HERE / "samples.json").read_text())  # payloads of many shapes
SCHEMAS: dict[str, Schema] = json.loads((HERE / "schemas.json").read_text())

every_event = pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.type)


def test_every_version_ever_published_is_still_known() -> None:
    assert set(SAMPLES) == set(SCHEMAS) == set(BY_TYPE)


@every_event
def test_an_old_payload_is_still_read_and_none_of_it_is_lost(event: type[AnyEvent]) -> None:
    sample = SAMPLES[event.type]
    assert json.loads(event.model_validate_json(json.dumps(sample)).model_dump_json()) == sample


@every_event
def test_a_payload_is_kept_of_every_field(event: type[AnyEvent]) -> None:
    assert set(SAMPLES[event.type]) == set(event.model_fields)


@every_event
def test_the_schema_has_only_grown_and_what_was_added_is_written_down(event: type[AnyEvent]) -> None:
    kept, now = SCHEMAS[event.type], inlined(event.model_json_schema())
    assert list(breaks(kept, now, event.type)) == []
    assert kept == now, "add the new field to tests/contract/schemas.json"


@every_event
def test_a_newer_publishers_fields_stop_no_older_consumer(event: type[AnyEvent]) -> None:
    event.model_validate_json(json.dumps(SAMPLES[event.type] | {"added_next_year": 1}))


@pytest.mark.parametrize(
    ("fields", "required", "told"),
    [
        ({"a": {"type": "string"}}, ["a"], ["x.b was removed"]),
        ({"a": {"type": "string"}, "b": {"enum": [1]}}, ["a"], ["x.b has fewer values"]),
        ({"a": {"type": "integer"}, "b": {"enum": [1, 2]}}, ["a"], ["x.a was retyped"]),
        ({"a": {"type": "string"}, "b": {"enum": [1, 2]}, "c": {}}, ["a", "c"], ["x now demands c"]),
        ({"a": {"type": "string"}, "b": {"enum": [1, 2, 3]}, "c": {}}, ["a"], []),
    ],
    ids=["removed", "narrowed", "retyped", "demanded", "added"],
)
def test_a_change_that_breaks_a_promise_is_named(fields: Schema, required: list[str], told: list[str]) -> None:
    old = {"properties": {"a": {"type": "string"}, "b": {"enum": [1, 2]}}, "required": ["a"]}
    assert list(breaks(old, {"properties": fields, "required": required}, "x")) == told
