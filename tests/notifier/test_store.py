"""The store's promises, on both kinds of database."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid5

from services.notifier.domain.notification import CallOutcome, Channel, State
from services.notifier.ports import Attempt, Lane, Search
from shared.clock import utc_now
from shared.envelope import Origin
from tests.notifier.world import (
    ALL,
    ASSIGNMENT,
    EXPIRED,
    IDS,
    ORIGIN,
    REFERRAL,
    World,
    a_notification,
    an_offer,
)

P1_ONLY = Lane("urgent", ("P1",), width=8, lease=timedelta(minutes=2))


async def plan(world: World, *names: str, priority: str = "P3", channel: Channel = Channel.EMAIL) -> None:
    for name in names:
        offer = an_offer(assignment_id=uuid5(IDS, name), priority=priority)
        async with world.begin() as tx:
            planned_at = await tx.present()
            assert await tx.notifications.add(a_notification(offer=offer, channel=channel, planned_at=planned_at))


async def claim(world: World, lane: Lane = ALL) -> list[str]:
    """The priorities of what was claimed, in order."""
    async with world.begin() as tx:
        return [claim.notification.offer.priority for claim in await tx.notifications.claim(lane, await tx.present())]


async def test_a_message_comes_back_as_it_was_stored(world: World) -> None:
    planned = a_notification(offer=an_offer(priority="P2", district=None, safe_contact_only=True))
    async with world.begin() as tx:
        await tx.notifications.add(planned)
    async with world.begin() as tx:
        assert await tx.notifications.read(planned.id) == (planned, ())


async def test_a_message_is_planned_once(world: World) -> None:
    planned = a_notification()
    async with world.begin() as tx:
        assert await tx.notifications.add(planned)
        assert not await tx.notifications.add(replace(planned, address="other@dva.example"))
    assert [stored.address for stored in await world.stored()] == [planned.address]


async def test_a_contact_is_told_once_for_each_occasion_whatever_the_ids(world: World) -> None:
    planned = a_notification()
    again = replace(planned, id=uuid5(IDS, "again"))
    async with world.begin() as tx:
        assert await tx.notifications.add(planned)
        assert not await tx.notifications.add(again)
        assert await tx.notifications.add(replace(again, occasion="second"))
        assert not await tx.notifications.add(replace(again, id=uuid5(IDS, "third"), occasion="second"))
    assert sorted(stored.occasion for stored in await world.stored()) == ["", "second"]


async def test_the_most_urgent_is_claimed_first_and_then_the_oldest(world: World) -> None:
    await plan(world, "old", priority="P4")
    await plan(world, "middle", priority="P2")
    await plan(world, "new", priority="P1")
    assert await claim(world, replace(ALL, width=2)) == ["P1", "P2"]
    assert await claim(world) == ["P4"]


async def test_the_oldest_of_equals_is_claimed_first(world: World) -> None:
    await plan(world, "first", "second", "third")
    async with world.begin() as tx:
        claims = await tx.notifications.claim(replace(ALL, width=2), await tx.present())
    assert [claim.notification.offer.assignment_id for claim in claims] == [uuid5(IDS, "first"), uuid5(IDS, "second")]


async def test_a_lane_takes_only_its_own_priorities(world: World) -> None:
    await plan(world, "routine", priority="P4")
    assert await claim(world, P1_ONLY) == []


async def test_what_is_claimed_is_nobody_elses(world: World) -> None:
    await plan(world, "one")
    assert len(await claim(world)) == 1
    assert await claim(world) == []


async def test_only_e_mails_and_texts_that_are_queued_are_claimed(world: World) -> None:
    states = (State.AWAITING_CALL, State.POSTED, State.SENT, State.FAILED, State.SKIPPED)
    async with world.begin() as tx:
        for state in states:
            offer = an_offer(assignment_id=uuid5(IDS, state))
            await tx.notifications.add(a_notification(offer=offer, state=state))
    assert await claim(world) == []


async def test_what_is_put_off_is_not_due_before_its_time(world: World) -> None:
    async with world.begin() as tx:
        now = await tx.present()
        await tx.notifications.add(replace(a_notification(planned_at=now), try_at=now + timedelta(hours=1)))
    assert await claim(world) == []


async def test_a_claim_remembers_the_work_it_was_planned_in(world: World) -> None:
    async with world.begin(Origin("other-correlation", uuid5(IDS, "other"), "00-ab-cd-01")) as tx:
        await tx.notifications.add(a_notification())
    async with world.begin() as tx:
        [claimed] = await tx.notifications.claim(ALL, await tx.present())
    assert claimed.origin == Origin("other-correlation", uuid5(IDS, "other"), "00-ab-cd-01")


async def test_a_lease_that_has_run_out_gives_the_message_to_another_and_says_so(world: World) -> None:
    await plan(world, "one")
    await claim(world, EXPIRED)
    async with world.begin() as tx:
        [again] = await tx.notifications.claim(ALL, await tx.present())
    assert (again.notification.attempts, again.notification.unsure) == (2, 1)
    [(_, attempts)] = await world.stored_with_attempts()
    assert [attempt.outcome for attempt in attempts] == ["lost", None]


async def test_only_the_current_attempt_can_be_recorded(world: World) -> None:
    await plan(world, "one")
    async with world.begin() as tx:
        [first] = await tx.notifications.claim(EXPIRED, await tx.present())
    async with world.begin() as tx:
        [second] = await tx.notifications.claim(ALL, await tx.present())
    now = utc_now()
    async with world.begin() as tx:
        assert not await tx.notifications.end_attempt(first.notification.sent(now), "sent", now, None)
        assert await tx.notifications.end_attempt(second.notification.sent(now), "sent", now, None)
        assert not await tx.notifications.end_attempt(second.notification.sent(now), "sent", now, None)
    [(stored, attempts)] = await world.stored_with_attempts()
    assert (stored.state, stored.attempts) == (State.SENT, 2)
    assert [attempt.outcome for attempt in attempts] == ["lost", "sent"]


async def test_an_attempt_keeps_its_class_its_figures_and_its_times(world: World) -> None:
    await plan(world, "one")
    async with world.begin() as tx:
        [claimed] = await tx.notifications.claim(ALL, await tx.present())
        ended_at = await tx.present()
        ended = replace(claimed.notification, state=State.FAILED)
        await tx.notifications.end_attempt(ended, "policy", ended_at, "550 5.7.1")
    [(_, [attempt])] = await world.stored_with_attempts()
    assert attempt == Attempt(1, attempt.started_at, ended_at, "policy", "550 5.7.1")
    assert attempt.started_at <= ended_at


async def test_a_call_is_kept_with_who_rang(world: World) -> None:
    await plan(world, "one", channel=Channel.PHONE)
    async with world.begin() as tx:
        [(planned, _)] = await tx.notifications.find(Search())
        await tx.notifications.save(replace(planned, state=State.AWAITING_CALL))
    async with world.begin() as tx:
        waiting = await tx.notifications.get(planned.id)
        assert waiting is not None
        now = await tx.present()
        rung = waiting.rung(CallOutcome.NO_ANSWER, now)
        await tx.notifications.add_call(rung, Attempt(1, now, now, "no_answer", None, "cru-duty-2"))
    assert await world.stored_with_attempts() == [(rung, [Attempt(1, now, now, "no_answer", None, "cru-duty-2")])]


async def test_a_search_matches_all_that_is_given(world: World) -> None:
    await plan(world, "one", "two")
    async with world.begin() as tx:
        assert len(await tx.notifications.find(Search(reference="7K3M-2QX"))) == 2
        assert await tx.notifications.find(Search(reference="0000-000")) == []
        assert await tx.notifications.find(Search(reference="7K3M-2QX", state=State.SENT)) == []
        [(one, _)] = await tx.notifications.find(Search(assignment_id=uuid5(IDS, "one")))
        [(newest, _)] = await tx.notifications.find(Search(limit=1))
    assert one.offer.assignment_id == uuid5(IDS, "one")
    assert newest.offer.assignment_id == uuid5(IDS, "two")


async def test_the_messages_of_an_assignment_are_found_whatever_their_state(world: World) -> None:
    await plan(world, "one", "two")
    await claim(world)
    async with world.begin() as tx:
        [found] = await tx.notifications.of_assignment(uuid5(IDS, "one"))
        assert found.state is State.SENDING
        assert await tx.notifications.waiting_of_referral(REFERRAL) == []
        assert await tx.notifications.get(uuid5(IDS, "nothing")) is None
        assert await tx.notifications.read(uuid5(IDS, "nothing")) is None


async def test_what_is_closed_stays_closed_for_its_first_reason(world: World) -> None:
    async with world.begin() as tx:
        await tx.closures.add(ASSIGNMENT, "recalled", utc_now())
        await tx.closures.add(ASSIGNMENT, "cancelled", utc_now())
        assert await tx.closures.reasons((ASSIGNMENT, REFERRAL)) == {ASSIGNMENT: "recalled"}
        assert await tx.closures.reasons((REFERRAL,)) == {}


async def test_the_numbers_of_a_referrals_events_rise_by_one_also_under_races(
    open_world: Callable[[], World],
) -> None:
    worlds = [open_world(), open_world()]

    async def count(world: World) -> int:
        async with world.begin() as tx:
            return await tx.next_sequence(REFERRAL)

    numbers = await asyncio.gather(*(count(worlds[turn % 2]) for turn in range(20)))
    assert sorted(numbers) == list(range(1, 21))


async def test_two_workers_never_claim_the_same_message(open_world: Callable[[], World]) -> None:
    worlds = [open_world(), open_world()]
    await plan(worlds[0], *(f"message {number}" for number in range(40)))

    async def claim_all(world: World) -> list[object]:
        claimed: list[object] = []
        while True:
            async with world.begin() as tx:
                batch = await tx.notifications.claim(replace(ALL, width=3), await tx.present())
            if not batch:
                return claimed
            claimed += [claim.notification.id for claim in batch]

    first, second = await asyncio.gather(*(claim_all(world) for world in worlds))
    assert len(first) + len(second) == len({*first, *second}) == 40


async def test_the_bell_rings_after_the_commit_and_not_after_a_rollback(world: World) -> None:
    bell = asyncio.Event()
    world.database.bells.append(bell)
    try:
        async with world.begin(ORIGIN) as tx:
            tx.wake_delivery()
            raise RuntimeError("undone")
    except RuntimeError:
        assert not bell.is_set()
    async with world.begin(ORIGIN) as tx:
        await tx.present()
    assert not bell.is_set()
    async with world.begin(ORIGIN) as tx:
        tx.wake_delivery()
        assert not bell.is_set()
    assert bell.is_set()
