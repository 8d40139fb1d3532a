"""The events as an AsyncAPI 3.0 document, made from shared/events.py by a broker that is never started."""

import json
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shared.envelope import SPEC_VERSION, SWEEP_HEADER
from shared.events import CATALOGUE, AnyEvent

DESCRIPTION = """The events of Waymark's three services. Records are keyed by the referral's id, so events of one
referral arrive in order; each may arrive more than once, under the same `ce_id`. The value is JSON; the attributes are
those of CloudEvents 1.0 in Kafka's binary mode. No event holds personal data. Fields are only ever added."""

COMPONENTS = ("messages", "schemas")
Document = dict[str, Any]  # JSON of many shapes


def document() -> str:
    """The document as indented JSON, the same for the same events."""
    broker = KafkaBroker("kafka:9092")
    for event in CATALOGUE:
        broker.publisher(event.topic, title=event.type, description=event.__doc__, schema=event)
    specification = AsyncAPI(
        broker, title="Waymark events", version="1", description=DESCRIPTION, schema_version="3.0.0"
    )
    found: Document = json.loads(specification.to_specification().to_json())
    for event in CATALOGUE:
        _complete(found["components"]["messages"][f"{event.type}:Message"], event)
    for parent, child in ((found, "channels"), (found, "operations"), *((found["components"], c) for c in COMPONENTS)):
        # FastStream keeps its publishers in a set, whose order changes from run to run.
        parent[child] = dict(sorted(parent[child].items()))
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _complete(message: Document, event: type[AnyEvent]) -> None:
    """Add what FastStream does not know: the attributes that travel as headers."""
    message["name"] = event.type
    message["contentType"] = "application/json"
    message["correlationId"] = {"location": "$message.header#/ce_correlationid"}
    message["headers"] = _headers(event)


def _headers(event: type[AnyEvent]) -> Document:
    text: Document = {"type": "string"}
    identifier: Document = {"type": "string", "format": "uuid"}
    required: Document = {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": SPEC_VERSION},
        "ce_id": identifier | {"description": "The same at every delivery: the key for removing duplicates."},
        "ce_source": text | {"description": "The service that tells it, such as /waymark/intake."},
        "ce_type": {"const": event.type},
        "ce_subject": text | {"description": "What it is about: referral/ or service/ and the id."},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_partitionkey": text | {"description": "The id of what it is about; also the record's key."},
        "ce_sequence": text | {"description": "Ten digits that rise with each event a service tells of one subject."},
        "ce_correlationid": text | {"description": "Ties together all that follows from one request."},
    }
    optional: Document = {
        "ce_causationid": identifier | {"description": "The event that this one is an answer to."},
        "ce_traceparent": text | {"description": "W3C trace context."},
        SWEEP_HEADER: text
        | {"description": "The number of the sweep that handed it out again; absent the first time."},
    }
    return {"type": "object", "properties": required | optional, "required": list(required)}
