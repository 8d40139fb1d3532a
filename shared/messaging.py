"""A service's messaging, assembled: its inbox on the transport, and the loops that move its events."""

from shared.db import Database
from shared.embedded import Embedded
from shared.housekeeping import Measure, Purge
from shared.inbox import Inbox
from shared.kafka import Kafka
from shared.ownership import Ownership, ownership_of
from shared.relay import BATCH_ROWS, Relay
from shared.retries import Retries
from shared.service import Loop, Service
from shared.transport import Transport
from shared.verdicts import RetryPolicy

# Within one process, to publish an event is to have it handled: no step may keep Ctrl-C waiting.
DELIVERED_ROWS = 24
RELAY_POLL_S = 0.25
RETRY_POLL_S = 0.5
MEASURE_EVERY_S = 5.0
PURGE_EVERY_S = 3_600.0


class Messaging:
    """What `service` needs to hear and tell events over `transport`. Made once, before the transport is started."""

    def __init__(self, service: Service, transport: Transport, policy: RetryPolicy | None = None) -> None:
        self._database = service.database
        self._ownership = ownership_of(service.database)
        self.inbox = Inbox(service.database, service.subscriptions, policy)
        for topic in self.inbox.topics:
            transport.subscribe(service.name, topic, self.inbox.process)
        self.loops = _loops(service.database, transport, self.inbox, self._ownership)

    async def claim_data(self) -> None:
        """Raise Conflict("data_in_use") when another process runs on the same SQLite file. Called before `loops`."""
        if not self._database.is_postgresql:
            await self._ownership.held()


def make_transport(kafka_url: str | None) -> Transport:
    """Kafka at `kafka_url` ("host:port", several with commas between), or delivery within this process."""
    return Kafka(kafka_url) if kafka_url else Embedded()


def _loops(database: Database, transport: Transport, inbox: Inbox, ownership: Ownership) -> tuple[Loop, ...]:
    batch_rows = BATCH_ROWS if database.is_postgresql else DELIVERED_ROWS
    relay = Relay(database, transport, ownership, batch_rows=batch_rows)
    name = database.name
    return (
        Loop(f"{name}.relay", relay, RELAY_POLL_S, database.wake, relay.close),
        Loop(f"{name}.retries", Retries(inbox), RETRY_POLL_S),
        Loop(f"{name}.measure", Measure(database), MEASURE_EVERY_S),
        Loop(f"{name}.purge", Purge(database), PURGE_EVERY_S),
    )
