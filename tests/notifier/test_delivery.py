"""Claim, send, record: what leaves, in which order, how often, and what is told about it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Hook, Message, Receipt
from services.notifier.domain.notification import Channel, State
from services.notifier.ports import Lane
from services.notifier.store.insist import InsistOnDatabase
from services.notifier.store.transactions import NotifierTransaction, Transactions
from shared.envelope import Origin
from shared.events import NotificationFailed, NotificationSent
from tests.notifier.dying import Killed, die
from tests.notifier.heard import offered
from tests.notifier.world import ALL, EXPIRED, MOBILE, ScriptedSender, World

TRANSIENT = SendFailed(Failure.TRANSIENT, "450 4.2.0")
DAYS = timedelta(days=5)
IMPATIENT = InsistOnDatabase(pause_min_s=0.001, pause_max_s=0.001)


@dataclass(slots=True)
class Flaky:
    """Opens transactions, but finds the database away as often as `away` says, once the first was opened."""

    transactions: Transactions
    away: int
    opened: list[Origin] = field(default_factory=list)

    @asynccontextmanager
    async def __call__(self, origin: Origin) -> AsyncIterator[NotifierTransaction]:
        self.opened.append(origin)
        if 1 < len(self.opened) <= 1 + self.away:
            raise ConnectionRefusedError
        async with self.transactions(origin) as tx:
            yield tx


class Stalling(ScriptedSender):
    """Gets no answer to the first message before it may `go_on`; `most` were on their way at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on, self.under_way, self.most = asyncio.Event(), 0, 0

    async def send(self, message: Message | Hook) -> Receipt:
        self.taken.append(message)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await (self.go_on.wait() if len(self.taken) == 1 else asyncio.sleep(0))
        self.under_way -= 1
        return Receipt("sent")


async def test_what_is_planned_is_sent_once_and_told(world: World) -> None:
    await world.hear(offered(channels=("email", "sms")))
    email, text = ScriptedSender(), ScriptedSender()
    worker = world.worker(email, text)
    await worker.run_once()
    assert not await worker.run_once()
    assert [message.to for message in text.taken] == [MOBILE]
    assert len(email.taken) == 1
    assert {stored.state for stored in await world.stored()} == {State.SENT}
    told = await world.published()
    assert {(type(event), event.sequence) for event in told} == {(NotificationSent, 1), (NotificationSent, 2)}


async def test_what_was_sent_keeps_its_words_version_and_reference(world: World) -> None:
    await world.hear(offered())
    await world.worker(ScriptedSender()).run_once()
    [(stored, [attempt])] = await world.stored_with_attempts()
    assert (stored.template, stored.provider_reference) == ("offer.email@2", f"scripted:{stored.id}")
    assert attempt.outcome == "sent"


async def test_the_consequence_is_told_as_one_of_the_event_that_planned_it(world: World) -> None:
    origin = Origin("one-correlation", None, None)
    await world.hear(offered(), origin=origin)
    await world.worker(ScriptedSender()).run_once()
    async with world.begin() as tx:
        outbox = world.database.outbox
        headers = (await tx.tx.connection.execute(outbox.select())).one().headers
    assert headers["ce_correlationid"] == "one-correlation"


async def test_an_urgent_message_overtakes_older_ones(world: World) -> None:
    await world.hear(*(offered(name=name, priority="P4") for name in ("a", "b", "c")))
    await world.hear(offered(name="urgent", priority="P1"))
    sender = ScriptedSender()
    worker = world.worker(sender, lane=replace(ALL, width=1))
    while await worker.run_once():
        pass
    subjects = [message.subject for message in sender.taken if hasattr(message, "subject")]
    assert [subject.partition(":")[0] for subject in subjects] == ["Immediate", "Routine", "Routine", "Routine"]


async def test_an_urgent_message_does_not_wait_for_a_routine_one_that_is_on_its_way(world: World) -> None:
    on_its_way, may_go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        on_its_way.set()
        await may_go_on.wait()

    await world.hear(offered(name="routine", priority="P4"))
    urgent = ScriptedSender()
    slow = asyncio.create_task(world.worker(ScriptedSender(meanwhile=wait)).run_once())
    await on_its_way.wait()
    await world.hear(offered(name="urgent", priority="P1"))
    await world.worker(urgent, lane=Lane("urgent", ("P1",), 4, ALL.lease)).run_once()
    assert len(urgent.taken) == 1
    may_go_on.set()
    await slow


async def test_a_message_that_stalls_takes_up_its_own_place_and_no_other(world: World) -> None:
    """As the loop works: step after step, while the first message is on its way."""
    sender = Stalling()
    deliver = world.worker(sender, lane=replace(ALL, width=2)).deliver
    await world.hear(offered(name="stalls", priority="P3"), *(offered(name=name, priority="P4") for name in "abc"))
    while len(sender.taken) < 4:
        assert await deliver.run_once()
    await world.hear(offered(name="later", priority="P2"))
    while len(sender.taken) < 5:
        assert await deliver.run_once()
    assert [each.state for each in await world.stored()].count(State.SENDING) == 1
    sender.go_on.set()
    while await deliver.run_once():
        pass
    assert [each.state for each in await world.stored()] == [State.SENT] * 5
    assert sender.most == 2


async def test_what_is_on_its_way_when_the_loop_ends_is_let_end(world: World) -> None:
    sender = Stalling()
    deliver = world.worker(sender, lane=replace(ALL, width=2)).deliver
    await world.hear(offered(name="stalls"), *(offered(name=name, priority="P4") for name in "ab"))
    while len(sender.taken) < 3:
        await deliver.run_once()
    closing = asyncio.create_task(deliver.close())
    sender.go_on.set()
    await closing
    assert [each.state for each in await world.stored()] == [State.SENT] * 3


async def test_a_passing_failure_is_tried_again_until_it_is_sent(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender([TRANSIENT, SendFailed(Failure.RATE, "429", timedelta()), TRANSIENT])
    worker = world.worker(sender)
    for _ in range(4):
        await worker.run_once()
    [(stored, attempts)] = await world.stored_with_attempts()
    assert [(attempt.outcome, attempt.code) for attempt in attempts] == [
        ("transient", "450 4.2.0"),
        ("rate", "429"),
        ("transient", "450 4.2.0"),
        ("sent", None),
    ]
    assert stored.reason is None
    assert [type(event) for event in await world.published()] == [NotificationSent]


async def test_a_wrong_address_fails_at_once_and_is_told(world: World) -> None:
    await world.hear(offered())
    await world.worker(ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT, "550 5.1.1")])).run_once()
    [told] = await world.published()
    assert isinstance(told, NotificationFailed)
    assert (told.failure, told.purpose, told.sequence) == ("permanent_recipient", "offer", 1)
    assert [stored.state for stored in await world.stored()] == [State.FAILED]


async def test_a_worker_killed_before_recording_leads_to_the_same_message_again(world: World) -> None:
    await world.hear(offered())
    before, after = ScriptedSender(), ScriptedSender()
    with pytest.raises(Killed):
        await world.worker(before, lane=EXPIRED, insist=die).run_once()
    await world.worker(after).run_once()
    assert [message.id for message in before.taken] == [message.id for message in after.taken]
    [(stored, attempts)] = await world.stored_with_attempts()
    assert (stored.state, [attempt.outcome for attempt in attempts]) == (State.SENT, ["lost", "sent"])


async def test_a_message_that_kills_every_worker_is_given_up_and_told(world: World) -> None:
    await world.hear(offered())
    sender = ScriptedSender()
    for _ in range(2):
        with pytest.raises(Killed):
            await world.worker(sender, lane=EXPIRED, insist=die).run_once()
    await world.worker(sender).run_once()
    [told] = await world.published()
    assert isinstance(told, NotificationFailed)
    assert told.failure == "ambiguous"


async def test_recording_is_repeated_while_the_database_is_away_and_sending_is_not(world: World) -> None:
    await world.hear(offered())
    sender, begin = ScriptedSender(), Flaky(world.transactions, away=3)
    sends: list[int] = []

    async def count() -> None:
        sends.append(1)

    sender.meanwhile = count
    await world.worker(sender, begin=begin, insist=IMPATIENT).run_once()
    assert (len(sends), len(begin.opened)) == (1, 5)
    assert [stored.state for stored in await world.stored()] == [State.SENT]


async def test_an_outdated_attempt_changes_nothing(world: World) -> None:
    await world.hear(offered())
    other = ScriptedSender()

    async def overtake() -> None:
        await world.worker(other).run_once()

    slow = ScriptedSender([SendFailed(Failure.POLICY)], meanwhile=overtake)
    await world.worker(slow, lane=EXPIRED).run_once()
    [(stored, attempts)] = await world.stored_with_attempts()
    assert (stored.state, [attempt.outcome for attempt in attempts]) == (State.SENT, ["lost", "sent"])
    assert [type(event) for event in await world.published()] == [NotificationSent]


async def test_two_workers_send_two_hundred_messages_two_hundred_times(open_world: Callable[[], World]) -> None:
    worlds = [open_world(), open_world()]
    await worlds[0].hear(*(offered(name=f"offer {number}") for number in range(200)))
    sent: list[object] = []

    class Counting(ScriptedSender):
        async def send(self, message: object) -> Receipt:
            sent.append(message)
            return Receipt("counted")

    async def work(world: World) -> None:
        worker = world.worker(Counting())
        while await worker.run_once():
            pass

    await asyncio.gather(*(work(world) for world in worlds))
    assert len(sent) == 200
    assert {stored.state for stored in await worlds[0].stored()} == {State.SENT}
    sequences = [event.sequence for event in await worlds[1].published()]
    assert sorted(sequences) == list(range(1, 201))


async def test_a_fault_of_ours_in_one_message_does_not_cut_the_others_off(world: World) -> None:
    await world.hear(*(offered(name=name) for name in ("a", "b", "c")))

    class Faulty(ScriptedSender):
        async def send(self, message: object) -> Receipt:
            if not self.taken:
                self.taken.append(None)  # type: ignore[arg-type]  # only that there was one matters
                raise ZeroDivisionError
            return Receipt("fine")

    with pytest.raises(ZeroDivisionError):
        await world.worker(Faulty()).run_once()
    assert sorted(stored.state for stored in await world.stored()) == [State.SENDING, State.SENT, State.SENT]


async def test_an_idle_loop_lets_go_of_its_connections(world: World) -> None:
    rests: list[str] = []

    class Resting(ScriptedSender):
        async def rest(self) -> None:
            rests.append("rest")

    worker = world.worker(Resting(), Resting(), Resting())
    await world.hear(offered())
    await worker.run_once()
    assert rests == []
    await worker.run_once()
    assert rests == ["rest"] * 3


@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.PORTAL])
async def test_nothing_is_sent_for_calls_and_the_portal(world: World, channel: Channel) -> None:
    await world.hear(offered().model_copy(update={"channels": (channel.value,)}))
    sender = ScriptedSender()
    assert not await world.worker(sender, sender).run_once()
    assert sender.taken == []


async def test_an_urgent_offer_beyond_the_daily_limit_is_told_as_failed_at_once(world: World) -> None:
    await world.hear(offered(name="urgent", priority="P2"), offered(name="routine", priority="P4", due_in=DAYS))
    sender = ScriptedSender([SendFailed(Failure.DAILY_CAP, "429 TooManyRequestsError")] * 2)
    await world.worker(sender).run_once()
    [told] = await world.published()
    assert isinstance(told, NotificationFailed)
    assert told.failure == "daily_cap"
    assert sorted(stored.state for stored in await world.stored()) == [State.FAILED, State.QUEUED]
