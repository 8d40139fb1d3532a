"""The three services on a simulated clock: their doors, and their background work done until none is left."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx

from shared.app import application
from shared.log import set_up_logging
from shared.service import Loop
from waymark import embedded
from waymark.simulate.carrier import Carrier
from waymark.simulate.faults import Post, with_rough_ways, with_weak_handlers
from waymark.simulate.hands import Hands, Ids
from waymark.simulate.ledger import Ledger, ledger

URL = "https://waymark.example"
# Nothing that is simulated waits for these: once a day is often enough.
HOUSEKEEPING = ("measure", "purge", "idempotency")
# When the work of a loop is next due. What is neither here nor woken by anybody is looked at every hour.
RETRIES = """SELECT min(due_at) FROM inbox WHERE state = 'retry' AND NOT EXISTS (SELECT 1 FROM inbox AS earlier
    WHERE earlier.consumer = inbox.consumer AND earlier.key = inbox.key AND earlier.state = 'retry'
    AND earlier.seq < inbox.seq)"""
DUE: Mapping[str, tuple[str, str]] = {
    "intake.sweeper": ("intake", "SELECT min(sweep_at) FROM referral WHERE sweep_at IS NOT NULL"),
    "intake.retries": ("intake", RETRIES),
    "router.retries": ("router", RETRIES),
    "notifier.retries": ("notifier", RETRIES),
    "router.chase": ("router", "SELECT min(due_at) FROM clock WHERE state IN ('running', 'warned')"),
    "notifier.deliver-urgent": (
        "notifier",
        "SELECT min(CASE state WHEN 'queued' THEN try_at ELSE lease_until END) FROM notification"
        " WHERE state IN ('queued', 'sending') AND priority = 'P1'",
    ),
    "notifier.deliver-all": (
        "notifier",
        "SELECT min(CASE state WHEN 'queued' THEN try_at ELSE lease_until END) FROM notification"
        " WHERE state IN ('queued', 'sending')",
    ),
}
# Intake asks after silence, and counts callers, less eagerly than it would: there is one caller, who is in a hurry, and
# much silence, of which each sweep repeats all that was ever told.
LENIENT: Mapping[str, object] = {"sweep_patience_s": 900.0, "requests_per_minute": 1_000_000}
TRY_AGAIN = timedelta(seconds=5)


@dataclass(slots=True)
class System:
    """What runs, and how to drive it. `failures` counts the steps of each loop that failed."""

    now: Hands
    fresh_id: Ids
    client: httpx.AsyncClient
    books: Ledger
    carrier: Carrier
    post: Post
    log: Path
    loops: Sequence[Loop]
    failures: dict[str, int] = field(default_factory=dict)
    _again: dict[str, datetime] = field(default_factory=dict)

    def next_due(self) -> datetime | None:
        """When something is next to be done by itself."""
        dues = [self.carrier.next_due(), *(self._due(loop) for loop in self.loops)]
        return min((due for due in dues if due is not None), default=None)

    async def settle(self, *, hour: int | None = None) -> None:
        """Do all that is due at this instant, and what follows from it. On the `hour` look also at the loops of which
        nobody knows whether they have anything to do."""
        look_at = {loop.name for loop in self.loops if hour is not None and self._is_looked_at(loop, hour)}
        while True:
            found = await self.carrier.step()
            for loop in self.loops:
                if loop.name in look_at or self._is_due(loop):
                    look_at.discard(loop.name)
                    found = True
                    await self._work(loop)
            if not found:
                return

    def _is_looked_at(self, loop: Loop, hour: int) -> bool:
        return hour == 0 if loop.name.endswith(HOUSEKEEPING) else loop.name not in DUE and loop.wake is None

    def _is_due(self, loop: Loop) -> bool:
        due = self._due(loop)
        return (loop.wake is not None and loop.wake.is_set()) or (due is not None and due <= self.now())

    def _due(self, loop: Loop) -> datetime | None:
        if loop.name in self._again:
            return self._again[loop.name]
        return self.books.earliest(*DUE[loop.name]) if loop.name in DUE else None

    async def _work(self, loop: Loop) -> None:
        """As shared/loops.py does it: at once while there is more, and again a little later after a failure."""
        self._again.pop(loop.name, None)
        if loop.wake is not None:
            loop.wake.clear()
        try:
            while await loop.work.run_once():
                pass
            due = self._due(loop)
            if due is not None and due <= self.now():
                # It had its reasons, and looks again when it would have.
                self._again[loop.name] = self.now() + timedelta(seconds=max(loop.idle_s, 0.1))
        except Exception:  # as the loop itself would take it
            self.failures[loop.name] = self.failures.get(loop.name, 0) + 1
            self._again[loop.name] = self.now() + TRY_AGAIN


@asynccontextmanager
async def running(data: Path, directory: Path, start: datetime, seed: int) -> AsyncIterator[System]:
    """The system of an empty folder `data` with the county's files, from the instant `start` on."""
    now, post = Hands(start), Post()
    carrier = Carrier(now, seed)
    ids, chance = Ids(now, Random(f"{seed} ids")), Random(f"{seed} services")
    embedded.prepare(data)
    log = embedded.open_log(data / embedded.LOG_FILE)
    set_up_logging(stream=log)
    built = embedded.build(data, public_url=URL, now=now, fresh_id=ids, chance=chance, of_intake=LENIENT)
    services = [with_weak_handlers(service, seed) for service in built]
    app = application(services, carrier, public_url=URL, new_id=ids)
    loops = [with_rough_ways(loop, post, f"{seed}", now) for loop in app.state.loops]
    await embedded.load(services, directory)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL)
    try:
        with ledger(data) as books:
            yield System(now, ids, client, books, carrier, post, data / embedded.LOG_FILE, loops)
    finally:
        await client.aclose()
        for loop in loops:
            if loop.close is not None:
                await loop.close()
        for service in services:
            if service.close is not None:
                await service.close()
            await service.database.close()
        log.close()
