"""One message as every transport carries it: the event's bytes and its CloudEvents 1.0 attributes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events import AnyEvent

SPEC_VERSION = "1.0"
SWEEP_HEADER = "x-sweep"
# More than one referral is ever swept; a stranger's number must fit its column.
SWEEPS_MAX = 999_999


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a piece of work came from.

    `correlation_id` ties a request to the message sent for it, `causation_id` is the event being handled (None at the
    HTTP edge), `traceparent` the W3C trace it belongs to.
    """

    correlation_id: str
    causation_id: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Topic, key (the subject's id), event id, body (JSON text) and headers (CloudEvents binary mode, `ce_` names)."""

    topic: str
    key: str
    id: UUID
    body: str
    headers: dict[str, str]

    @property
    def type(self) -> str:
        """The CloudEvents type, "" when the sender gave none."""
        return self.headers.get("ce_type", "")

    @property
    def sweep(self) -> int:
        """The number of the sweep that this is a deliberate further delivery of, 0 when it is none."""
        number = self.headers.get(SWEEP_HEADER, "")
        return min(int(number), SWEEPS_MAX) if number.isascii() and number.isdecimal() and len(number) < 10 else 0

    @property
    def origin(self) -> Origin:
        """The origin for whatever is done because of this record."""
        return Origin(
            correlation_id=self.headers.get("ce_correlationid", self.key),
            causation_id=self.id,
            traceparent=self.headers.get("ce_traceparent"),
        )


def headers_for(event: AnyEvent, event_id: UUID, source: str, time: datetime, origin: Origin) -> dict[str, str]:
    """CloudEvents attributes of `event`: `source` such as "/waymark/intake", `time` an aware UTC instant."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(event_id),
        "ce_source": source,
        "ce_type": event.type,
        "ce_subject": event.subject,
        "ce_time": time.isoformat().replace("+00:00", "Z"),
        "ce_partitionkey": event.key,
        "ce_sequence": f"{event.sequence:010d}",
        "ce_correlationid": origin.correlation_id,
    }
    if origin.causation_id is not None:
        headers["ce_causationid"] = str(origin.causation_id)
    if origin.traceparent is not None:
        headers["ce_traceparent"] = origin.traceparent
    return headers
