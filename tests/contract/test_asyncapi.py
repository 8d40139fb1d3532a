"""The document that describes our events to others is the one that follows from the code."""

import json
from pathlib import Path

from shared.asyncapi import document
from shared.events import CATALOGUE

COMMITTED = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_text() == document(), "write what shared.asyncapi.document() gives to docs/asyncapi.json"


def test_it_tells_of_every_event_with_its_headers_and_fields() -> None:
    told = json.loads(document())
    assert told["asyncapi"] == "3.0.0"
    assert len(told["channels"]) == len(CATALOGUE)
    for event in CATALOGUE:
        message = told["components"]["messages"][f"{event.type}:Message"]
        assert told["channels"][event.type]["address"] == event.topic
        assert message["headers"]["properties"]["ce_type"] == {"const": event.type}
        fields = told["components"]["schemas"][event.__name__]["properties"]
        assert set(fields) == set(event.model_fields)
