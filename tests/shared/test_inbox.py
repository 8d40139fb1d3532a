"""One effect for each event, whatever happens on the way."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.clock import new_id
from shared.db import Database, Transaction
from shared.errors import Refused, Unavailable
from shared.events import NotificationSent, ReferralCancelled
from shared.inbox import Inbox
from shared.transport import Subscription
from tests.shared.world import OpenDatabase, Scribe, a_cancellation, a_record, an_inbox, effects, publish, rows, states


async def test_an_event_delivered_twice_has_one_effect(database: Database) -> None:
    inbox = an_inbox(database, Scribe())
    record = a_record(a_cancellation(new_id()))
    await inbox.process(record)
    await inbox.process(record)
    assert await effects(database) == ["moved away"]
    assert await states(database) == ["done"]


async def test_of_two_deliveries_at_the_same_moment_one_wins(open_database: OpenDatabase) -> None:
    one, other = await open_database(), await open_database()
    record = a_record(a_cancellation(new_id()))
    await asyncio.gather(*(an_inbox(each, Scribe()).process(record) for each in (one, other, one, other)))
    assert await effects(one) == ["moved away"]


async def test_a_claim_is_undone_with_work_that_was_broken_off(database: Database) -> None:
    record = a_record(a_cancellation(new_id()))
    broken_off = Scribe(failures={"moved away": [asyncio.CancelledError()]})
    with pytest.raises(asyncio.CancelledError):
        await an_inbox(database, broken_off).process(record)
    assert await states(database) == []
    await an_inbox(database, Scribe()).process(record)
    assert await effects(database) == ["moved away"]


@pytest.mark.real
async def test_a_lost_connection_gives_no_verdict(open_any_database: OpenDatabase, postgresql_database: str) -> None:
    database = await open_any_database(postgresql_database)

    async def lose_connection(transaction: Transaction, _: ReferralCancelled) -> None:
        await transaction.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    record = a_record(a_cancellation(new_id()))
    with pytest.raises(Exception, match=r"connection|terminat"):
        await Inbox(database, [Subscription(ReferralCancelled, lose_connection)]).process(record)
    assert await states(database) == []
    await an_inbox(database, Scribe()).process(record)
    assert await effects(database) == ["moved away"]


async def test_what_a_failing_handler_did_is_undone_and_its_verdict_kept(database: Database) -> None:
    scribe = Scribe(
        failures={"moved away": [Unavailable("full", "No room.")]},
        answer=lambda event: a_cancellation(event.referral_id),
    )
    await an_inbox(database, scribe).process(a_record(a_cancellation(new_id())))
    assert await effects(database) == []
    assert await rows(database, database.outbox) == []
    assert await states(database) == ["retry"]


@pytest.mark.parametrize(
    ("fault", "state", "error"),
    [
        (Refused("not_open", "Ann Other moved."), "dead", "Refused: not_open"),
        (Unavailable("full", "Ann Other waits."), "retry", "Unavailable: full"),
        (KeyError("Ann Other"), "retry", "KeyError at "),
        (TypeError("Ann Other"), "retry", "TypeError at "),
        (ValueError("Ann Other"), "retry", "ValueError at "),
    ],
)
async def test_only_a_refusal_is_final_and_no_error_quotes_a_person(
    database: Database, fault: Exception, state: str, error: str
) -> None:
    await an_inbox(database, Scribe({"moved away": [fault]})).process(a_record(a_cancellation(new_id())))
    [row] = await rows(database, database.inbox)
    assert row["state"] == state
    assert str(row["error"]).startswith(error)
    assert "Ann Other" not in str(row["error"])


async def test_later_events_of_a_failing_referral_wait_and_those_of_others_do_not(database: Database) -> None:
    inbox = an_inbox(database, Scribe({"first": [Unavailable("full", "No room.")]}))
    failing, other = new_id(), new_id()
    for key, reason in ((failing, "first"), (failing, "second"), (other, "elsewhere"), (failing, "third")):
        await inbox.process(a_record(a_cancellation(key, reason)))
    assert await effects(database) == ["elsewhere"]
    assert await states(database) == ["retry", "retry", "done", "retry"]


async def test_an_event_of_a_type_that_is_not_handled_here_is_passed_over(database: Database) -> None:
    sent = a_record(a_cancellation(new_id()), headers={"ce_type": NotificationSent.type})
    unheard_of = a_record(a_cancellation(new_id()), headers={"ce_type": "org.waymark.referral.cancelled.v9"})
    inbox = an_inbox(database, Scribe())
    await inbox.process(sent)
    await inbox.process(unheard_of)
    assert await states(database) == []


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"ce_type": ""}, "no ce_type"),
        ({"ce_specversion": "0.3"}, "ce_specversion is not 1.0"),
        ({"ce_id": "17"}, "ce_id is missing or no UUID"),
        ({"ce_source": ""}, "no ce_source"),
    ],
)
async def test_a_record_without_our_attributes_becomes_a_dead_letter(
    database: Database, headers: dict[str, str], error: str
) -> None:
    await an_inbox(database, Scribe()).process(a_record(a_cancellation(new_id()), headers=headers))
    [row] = await rows(database, database.inbox)
    assert (row["state"], row["error"]) == ("dead", error)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", ": json_invalid"),
        ("\x00\x01 nonsense", ": json_invalid"),
        ('{"referral_id": "Ann Other", "reference": 5}', "referral_id: uuid_parsing; reference: string_type"),
    ],
)
async def test_a_body_that_is_no_event_becomes_a_dead_letter_that_quotes_nothing(
    database: Database, body: str, error: str
) -> None:
    record = replace(a_record(a_cancellation(new_id())), body=body)
    await an_inbox(database, Scribe()).process(record)
    [row] = await rows(database, database.inbox)
    assert row["state"] == "dead"
    assert str(row["error"]).startswith(error)
    assert "Ann" not in str(row["error"])


async def test_a_strangers_record_with_odd_bytes_and_sizes_is_stored_like_any_other(database: Database) -> None:
    odd = "\x00" * 300 + "é" * 300
    record = replace(a_record(a_cancellation(new_id())), key=odd, headers={odd[:20]: odd})
    await an_inbox(database, Scribe()).process(record)
    assert await states(database) == ["dead"]


async def test_an_event_under_the_key_of_another_referral_is_refused(database: Database) -> None:
    record = replace(a_record(a_cancellation(new_id())), key=str(new_id()))
    await an_inbox(database, Scribe()).process(record)
    [row] = await rows(database, database.inbox)
    assert (row["state"], row["error"]) == ("dead", "the key is not the id of its subject")


async def published_answers(database: Database) -> dict[UUID, tuple[bool, int]]:
    """By event id: whether it has left the outbox, and how often it was handed out again."""
    found = await rows(database, database.outbox)
    return {UUID(str(row["id"])): (row["published_at"] is not None, int(str(row["sweeps"]))) for row in found}


async def all_leave(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(database.outbox.update().values(published_at=database.instant))


async def test_a_swept_duplicate_is_answered_with_all_that_was_told_of_its_referral(database: Database) -> None:
    inbox = an_inbox(database, Scribe(answer=lambda event: a_cancellation(event.referral_id, "answer")))
    record = a_record(a_cancellation(new_id()))
    await publish(database, a_cancellation(new_id(), "unrelated"))
    await inbox.process(record)
    await publish(database, a_cancellation(UUID(record.key), "told because of a request"))
    await all_leave(database)
    unrelated, answer, on_request = await published_answers(database)

    await inbox.process(record)
    assert set((await published_answers(database)).values()) == {(True, 0)}
    database.wake.clear()

    await inbox.process(replace(record, headers=record.headers | {"x-sweep": "1"}))
    assert await published_answers(database) == {unrelated: (True, 0), answer: (False, 1), on_request: (False, 1)}
    assert database.wake.is_set()
    assert await effects(database) == ["moved away"]


async def test_one_sweep_is_answered_once_however_many_of_its_records_come(database: Database) -> None:
    inbox = an_inbox(database, Scribe(answer=lambda event: a_cancellation(event.referral_id, "answer")))
    record = a_record(a_cancellation(new_id()))
    await inbox.process(record)
    left = []
    for number in ("3", "3", "2", "4", "not a number", "99999999999999999999", "999999999", "\u0663"):
        await all_leave(database)
        await inbox.process(replace(record, headers=record.headers | {"x-sweep": number}))
        left += [number for is_published, _ in (await published_answers(database)).values() if not is_published]
    assert left == ["3", "4", "999999999"]


async def test_a_swept_event_that_was_never_seen_is_simply_handled(database: Database) -> None:
    await an_inbox(database, Scribe()).process(a_record(a_cancellation(new_id()), headers={"x-sweep": "2"}))
    assert await effects(database) == ["moved away"]
