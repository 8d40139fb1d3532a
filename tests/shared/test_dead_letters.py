"""What failed for good can be seen, mended and handled again."""

from dataclasses import replace

from shared.clock import new_id
from shared.db import Database
from shared.dead_letters import DeadLetters
from shared.errors import Refused, Unavailable
from shared.events import ReferralCancelled
from shared.inbox import Inbox
from shared.retries import Retries
from tests.shared.world import Scribe, a_cancellation, a_record, an_inbox, drain, effects, states


def refusing(*reasons: str) -> Scribe:
    return Scribe({reason: [Refused("not_open", "It is not open.")] for reason in reasons})


async def bury(inbox: Inbox, *events: ReferralCancelled) -> None:
    for event in events:
        await inbox.process(a_record(event))


async def test_a_dead_letter_names_consumer_event_and_fault(database: Database) -> None:
    record = a_record(a_cancellation(new_id()))
    await an_inbox(database, refusing("moved away")).process(record)
    [letter] = await DeadLetters(database).latest()
    assert (letter.consumer, letter.id, letter.type) == ("router.referrals", record.id, ReferralCancelled.type)
    assert (letter.key, letter.attempts, letter.error) == (record.key, 1, "Refused: not_open")


async def test_the_latest_come_first_and_a_limit_holds(database: Database) -> None:
    key = new_id()
    await bury(an_inbox(database, refusing("a", "b", "c")), *(a_cancellation(key, reason) for reason in "abc"))
    letters = await DeadLetters(database).latest(2)
    shown = [await DeadLetters(database).show(letter.id) for letter in letters]
    assert ['"reason": "c"' in str(one[0].event) for one in shown] == [True, False]
    assert len(letters) == 2


async def test_our_own_events_are_shown_and_a_strangers_record_is_not(database: Database) -> None:
    inbox = an_inbox(database, refusing("moved away"))
    ours = a_record(a_cancellation(new_id()))
    strange = replace(a_record(a_cancellation(new_id())), body='{"name": "Ann Other"}')
    await inbox.process(ours)
    await inbox.process(strange)
    letters = DeadLetters(database)
    [shown] = await letters.show(ours.id)
    [hidden] = await letters.show(strange.id)
    assert shown.event is not None
    assert ReferralCancelled.model_validate_json(shown.event).reason == "moved away"
    assert (hidden.event, hidden.body_bytes) == (None, 21)


async def test_fields_that_our_event_does_not_have_are_not_shown(database: Database) -> None:
    event = a_cancellation(new_id())
    body = event.model_dump_json()[:-1] + ', "name": "Ann Other"}'
    record = replace(a_record(event), body=body)
    await an_inbox(database, refusing("moved away")).process(record)
    [shown] = await DeadLetters(database).show(record.id)
    assert "Ann Other" not in str(shown)


async def test_after_a_replay_it_is_handled_and_the_first_try_counts_anew(database: Database) -> None:
    inbox = an_inbox(database, refusing("moved away", "deceased"))
    await bury(inbox, a_cancellation(new_id()), a_cancellation(new_id(), "deceased"))
    [later, _] = await DeadLetters(database).latest()
    assert await DeadLetters(database).replay(later.id) == 1
    await drain(Retries(inbox))
    assert await effects(database) == ["deceased"]
    assert await DeadLetters(database).replay() == 1
    await drain(Retries(inbox))
    assert await effects(database) == ["deceased", "moved away"]
    assert await DeadLetters(database).latest() == ()


async def test_replayed_events_go_in_their_old_order_in_front_of_those_that_wait(database: Database) -> None:
    scribe = refusing("first", "second")
    scribe.failures["third"] = [Unavailable("full", "No room.")]
    inbox = an_inbox(database, scribe)
    key = new_id()
    await bury(inbox, *(a_cancellation(key, reason) for reason in ("first", "second", "third")))
    assert await states(database) == ["dead", "dead", "retry"]
    assert await DeadLetters(database).replay() == 2
    await drain(Retries(inbox))
    assert await effects(database) == ["first", "second", "third"]


async def test_an_unknown_id_replays_and_shows_nothing(database: Database) -> None:
    letters = DeadLetters(database)
    assert await letters.replay(new_id()) == 0
    assert await letters.show(new_id()) == ()
