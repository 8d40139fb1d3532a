"""What failed is tried again: in order, not for ever, and at nobody else's cost."""

import asyncio

from shared.backoff import Backoff
from shared.clock import new_id
from shared.db import Database
from shared.errors import Refused, Unavailable
from shared.inbox import Inbox
from shared.retries import Retries
from shared.verdicts import RetryPolicy
from tests.shared.world import OpenDatabase, Scribe, a_cancellation, a_record, an_inbox, drain, effects, rows, states


def full() -> Unavailable:
    return Unavailable("full", "No room.")


async def test_a_referrals_events_are_tried_again_in_the_order_in_which_they_came(database: Database) -> None:
    inbox = an_inbox(database, Scribe({"first": [full(), full()], "second": [full()]}))
    key = new_id()
    for reason in ("first", "second", "third"):
        await inbox.process(a_record(a_cancellation(key, reason)))
    await drain(Retries(inbox))
    assert await effects(database) == ["first", "second", "third"]
    assert await states(database) == ["done", "done", "done"]


async def test_two_processes_keep_the_order_too(open_database: OpenDatabase) -> None:
    one, other = await open_database(), await open_database()
    scribe = Scribe({"first": [full(), full()]})
    key = new_id()
    for reason in ("first", "second", "third"):
        await an_inbox(one, scribe).process(a_record(a_cancellation(key, reason)))
    await asyncio.gather(*(drain(Retries(an_inbox(each, scribe))) for each in (one, other)))
    await drain(Retries(an_inbox(one, scribe)))
    assert await effects(one) == ["first", "second", "third"]


async def test_an_event_that_keeps_failing_becomes_a_dead_letter_and_lets_the_next_through(database: Database) -> None:
    inbox = an_inbox(database, Scribe({"first": [full() for _ in range(9)]}))
    key = new_id()
    for reason in ("first", "second"):
        await inbox.process(a_record(a_cancellation(key, reason)))
    await drain(Retries(inbox))
    assert await effects(database) == ["second"]
    assert [(row["state"], row["attempts"]) for row in await rows(database, database.inbox)] == [
        ("dead", 3),
        ("done", 1),
    ]


async def test_a_later_refusal_is_final(database: Database) -> None:
    inbox = an_inbox(database, Scribe({"moved away": [full(), Refused("closed", "It is closed.")]}))
    await inbox.process(a_record(a_cancellation(new_id())))
    await drain(Retries(inbox))
    assert await states(database) == ["dead"]


async def test_what_is_not_due_yet_is_left_alone(database: Database) -> None:
    patient = RetryPolicy(backoff=Backoff(first_s=3600, ceiling_s=3600))
    inbox = an_inbox(database, Scribe({"moved away": [full()]}), patient)
    await inbox.process(a_record(a_cancellation(new_id())))
    assert not await Retries(inbox).run_once()
    assert await states(database) == ["retry"]


async def test_an_event_whose_type_is_no_longer_handled_becomes_a_dead_letter(database: Database) -> None:
    await an_inbox(database, Scribe({"moved away": [full()]})).process(a_record(a_cancellation(new_id())))
    await drain(Retries(Inbox(database, [])))
    [row] = await rows(database, database.inbox)
    assert (row["state"], row["error"]) == ("dead", "no longer handled here")


async def test_a_finished_event_keeps_no_body(database: Database) -> None:
    inbox = an_inbox(database, Scribe({"moved away": [full()]}))
    await inbox.process(a_record(a_cancellation(new_id())))
    await drain(Retries(inbox))
    [row] = await rows(database, database.inbox)
    assert (row["body"], row["headers"], row["due_at"]) == (None, None, None)


def test_waits_grow_up_to_a_ceiling_and_differ() -> None:
    backoff = Backoff(first_s=1, ceiling_s=60, factor=4)
    assert 0.8 <= backoff.delay_s(1) <= 1.2
    assert 12.8 <= backoff.delay_s(3) <= 19.2
    assert 48 <= backoff.delay_s(10_000) <= 72
    assert len({backoff.delay_s(2) for _ in range(20)}) > 1
