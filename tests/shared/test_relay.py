"""Events leave after their transaction, in order, once they are safe, and from one process at a time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.clock import new_id
from shared.db import Database
from shared.envelope import Record
from shared.errors import Conflict, Unavailable
from shared.outbox import hand_out_again
from shared.relay import Relay
from tests.eventually import eventually
from tests.shared.world import REQUEST, OpenDatabase, a_cancellation, publish, rows


class Carrier:
    """A transport that takes what it is given, except for keys in `refused`; `taken` tells what it got, in order."""

    def __init__(self) -> None:
        self.taken: list[Record] = []
        self.batches: list[int] = []
        self.refused: set[str] = set()
        self.up = True

    async def publish(self, records: Sequence[Record]) -> set[UUID]:
        self.batches.append(len(records))
        if not self.up:
            return set()
        taken = [record for record in records if record.key not in self.refused]
        self.taken += taken
        return {record.id for record in taken}

    def healthy(self) -> bool:
        return self.up

    def subscribe(self, service: str, topic: str, deliver: object) -> None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    def reasons(self) -> list[str]:
        return [record.body.partition('"reason":"')[2].partition('"')[0] for record in self.taken]


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
async def relay(database: Database, carrier: Carrier) -> AsyncIterator[Relay]:
    found = Relay(database, carrier)
    yield found
    await found.close()


async def drain(relay: Relay) -> None:
    while await relay.run_once():
        pass


async def waiting(database: Database) -> int:
    return sum(row["published_at"] is None for row in await rows(database, database.outbox))


async def test_an_event_leaves_once_its_transaction_has_committed(
    database: Database, relay: Relay, carrier: Carrier
) -> None:
    async with database.begin(REQUEST) as transaction:
        await transaction.publish(a_cancellation(new_id()))
        assert not database.wake.is_set()
    assert database.wake.is_set()
    await drain(relay)
    assert carrier.reasons() == ["moved away"]
    assert await waiting(database) == 0


async def test_a_transaction_that_was_rolled_back_tells_nothing(
    database: Database, relay: Relay, carrier: Carrier
) -> None:
    async def refused() -> None:
        async with database.begin(REQUEST) as transaction:
            await transaction.publish(a_cancellation(new_id()))
            raise Unavailable("full", "No room.")

    with pytest.raises(Unavailable):
        await refused()
    await drain(relay)
    assert carrier.taken == []
    assert not database.wake.is_set()


async def test_an_event_that_could_not_leave_stays_and_leaves_later(
    database: Database, relay: Relay, carrier: Carrier
) -> None:
    carrier.up = False
    await publish(database, a_cancellation(new_id()))
    with pytest.raises(Unavailable):
        await relay.run_once()
    assert await waiting(database) == 1
    carrier.up = True
    await drain(relay)
    assert carrier.reasons() == ["moved away"]
    assert await waiting(database) == 0


async def test_a_referral_that_cannot_leave_holds_back_its_own_events_only(
    database: Database, relay: Relay, carrier: Carrier
) -> None:
    stuck, free = new_id(), new_id()
    carrier.refused = {str(stuck)}
    await publish(database, *(a_cancellation(key, f"{n}") for n in range(3) for key in (stuck, free)))
    with pytest.raises(Unavailable):
        await drain(relay)
    await publish(database, a_cancellation(free, "later"), a_cancellation(stuck, "later"))
    with pytest.raises(Unavailable):
        await drain(relay)
    assert [record.key for record in carrier.taken] == [str(free)] * 4
    carrier.refused.clear()
    await drain(relay)
    assert carrier.reasons()[4:] == ["0", "1", "2", "later"]


async def test_a_batch_is_bounded_in_rows_and_in_bytes(database: Database, relay: Relay, carrier: Carrier) -> None:
    await publish(database, *(a_cancellation(new_id()) for _ in range(250)))
    await publish(database, *(a_cancellation(new_id(), "x" * 400_000) for _ in range(3)))
    await drain(relay)
    assert carrier.batches == [200, 52, 1]


async def test_an_event_that_is_handed_out_again_says_so_and_keeps_its_id(
    database: Database, relay: Relay, carrier: Carrier
) -> None:
    swept, other = new_id(), new_id()
    await publish(database, a_cancellation(swept), a_cancellation(other))
    await drain(relay)
    for _ in range(2):
        async with database.begin(REQUEST) as transaction:
            assert await hand_out_again(transaction, database.outbox.c.key == str(swept)) == 1
            assert await hand_out_again(transaction, database.outbox.c.key == str(swept)) == 0
        await drain(relay)
    assert [record.headers.get("x-sweep") for record in carrier.taken] == [None, None, "1", "2"]
    assert Counter(record.id for record in carrier.taken).most_common(1) == [(carrier.taken[0].id, 3)]


@pytest.mark.real
async def test_a_second_relay_stands_by_until_the_first_ones_connection_dies(
    open_any_database: OpenDatabase, postgresql_database: str
) -> None:
    one, other = await open_any_database(postgresql_database), await open_any_database(postgresql_database)
    first_carrier, second_carrier = Carrier(), Carrier()
    first, second = Relay(one, first_carrier), Relay(other, second_carrier)
    await publish(one, a_cancellation(new_id(), "before"))
    await drain(first)
    await publish(one, a_cancellation(new_id(), "after"))
    assert not await second.run_once()
    assert second_carrier.taken == []

    async with other.engine.connect() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
                "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
            )
        )
    # The server takes a moment to end a session.
    await eventually(second.run_once)
    assert second_carrier.reasons() == ["after"]
    with pytest.raises(Exception, match="connection"):
        await first.run_once()
    assert not await first.run_once()
    assert first_carrier.reasons() == ["before"]
    await first.close()
    await second.close()


@pytest.mark.real
async def test_a_relay_that_is_closed_lets_the_next_one_lead(
    open_any_database: OpenDatabase, postgresql_database: str
) -> None:
    one, other = await open_any_database(postgresql_database), await open_any_database(postgresql_database)
    carrier = Carrier()
    first, second = Relay(one, Carrier()), Relay(other, carrier)
    assert not await first.run_once()
    await publish(one, a_cancellation(new_id()))
    assert not await second.run_once()
    await first.close()
    await drain(second)
    assert carrier.reasons() == ["moved away"]
    await second.close()


async def test_a_second_process_on_the_same_file_is_told_so_in_a_sentence(
    open_any_database: OpenDatabase, sqlite_database: str
) -> None:
    one, other = await open_any_database(sqlite_database), await open_any_database(sqlite_database)
    first, second = Relay(one, Carrier()), Relay(other, Carrier())
    await first.run_once()
    with pytest.raises(Conflict, match=r"Another Waymark process is using the data in .*\. Stop it first"):
        await second.run_once()
    await first.close()
    assert not await second.run_once()
    await second.close()


async def test_events_stored_side_by_side_all_leave(database: Database, relay: Relay, carrier: Carrier) -> None:
    await asyncio.gather(*(publish(database, a_cancellation(new_id(), str(n))) for n in range(20)))
    await drain(relay)
    assert sorted(carrier.reasons(), key=int) == [str(n) for n in range(20)]
