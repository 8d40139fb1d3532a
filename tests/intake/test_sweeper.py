"""Referrals of which no news comes are handed out again, and only those."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import RowMapping, func, insert, select, update

from services.intake import news
from services.intake.domain.progress import Progress
from services.intake.domain.status import cancelled, decided, offered, told
from services.intake.store.referrals import ReferralTable
from services.intake.store.sweeps import SweepTable
from services.intake.store.tables import outbox, referral
from services.intake.sweeper import BATCH, WAITING_MAX, Sweeper
from shared.clock import new_id
from shared.db import Database
from shared.envelope import Origin
from shared.events import ReferralCancelled, ReferralSubmitted
from shared.outbox import record_of
from shared.vault import Vault
from tests.intake.builders import NOON, a_decision, a_message_sent, a_referral, an_offer
from tests.intake.conftest import Hands, OpenDatabase

MINUTE = timedelta(minutes=1)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def database(open_database: OpenDatabase, database_url: str) -> Database:
    return await open_database(database_url)


@pytest.fixture
def sweeper(database: Database) -> Sweeper:
    return Sweeper(database, partial(SweepTable, first_patience=MINUTE))


class Desk:
    """Stores referrals and news of them, and lets their events leave."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self.database = database
        self.vault = vault

    async def submit(self) -> Progress:
        new = a_referral()
        async with self.database.begin(Origin("test")) as tx:
            await ReferralTable(tx, self.vault, MINUTE).add(new)
            await tx.publish(
                ReferralSubmitted(
                    referral_id=new.progress.id, reference=new.progress.reference, sequence=1, facts=new.facts
                )
            )
        await self.all_leave()
        return new.progress

    async def keep(self, progress: Progress) -> None:
        async with self.database.begin(Origin("test")) as tx:
            referrals = ReferralTable(tx, self.vault, MINUTE)
            for assignment in progress.assignments:
                await referrals.save_assignment(progress.id, assignment)
            await referrals.save(progress)

    async def all_leave(self) -> None:
        async with self.database.engine.begin() as connection:
            await connection.execute(update(outbox).values(published_at=self.database.instant))

    async def waiting(self) -> list[RowMapping]:
        """The rows of the outbox that are to leave, in their order."""
        async with self.database.engine.connect() as connection:
            query = select(outbox).where(outbox.c.published_at.is_(None)).order_by(outbox.c.seq)
            return list((await connection.execute(query)).mappings())

    async def swept_at(self, sweeper: Sweeper, clock: Hands, *, minutes: Sequence[int]) -> list[int]:
        """Those of `minutes` after noon, in which the sweeper was asked, at which it handed something out again."""
        found = []
        for minute in minutes:
            clock.at = NOON + timedelta(minutes=minute)
            await sweeper.run_once()
            if await self.waiting():
                found.append(minute)
            await self.all_leave()
        return found

    async def sweeps(self, referral_id: UUID) -> int:
        async with self.database.engine.connect() as connection:
            return int(
                (await connection.execute(select(referral.c.sweeps).where(referral.c.id == referral_id))).scalar_one()
            )


@pytest.fixture
def desk(database: Database, vault: Vault) -> Desk:
    return Desk(database, vault)


@SQLITE
async def test_a_referral_that_is_not_decided_in_time_is_handed_out_again_under_the_same_id(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    await desk.submit()
    async with desk.database.engine.connect() as connection:
        first = (await connection.execute(select(outbox))).mappings().one()
    clock.move(59)
    await sweeper.run_once()
    assert await desk.waiting() == []
    clock.move(1)
    await sweeper.run_once()
    [again] = await desk.waiting()
    assert (again["id"], again["body"], record_of(again).sweep) == (first["id"], first["body"], 1)
    assert desk.database.wake.is_set()


@SQLITE
async def test_it_waits_twice_as_long_before_each_further_time_up_to_an_hour(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    await desk.submit()
    minutes = (1, 2, 3, 6, 7, 14, 15, 30, 31, 62, 63, 122, 123, 182, 183)
    assert await desk.swept_at(sweeper, clock, minutes=minutes) == [1, 3, 7, 15, 31, 63, 123, 183]


@SQLITE
async def test_an_event_that_has_not_left_yet_is_not_handed_out_again(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    await desk.submit()
    async with desk.database.engine.begin() as connection:
        await connection.execute(update(outbox).values(published_at=None))
    clock.move(60)
    await sweeper.run_once()
    [row] = await desk.waiting()
    assert row["sweeps"] == 0


@SQLITE
async def test_silence_of_a_service_that_was_told_is_asked_after_for_as_long_as_it_has_the_referral(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    progress = await desk.submit()
    offer = an_offer(progress)
    ruling = a_decision(progress)
    after = decided(progress, news.decision_of(ruling), news.needs_of(ruling))
    await desk.keep(told(offered(after, news.offer_of(offer)), news.notice_of(a_message_sent(offer))))
    assert await desk.swept_at(sweeper, clock, minutes=(14, 15, 44, 45, 104, 105)) == [15, 45, 105]
    assert REGISTRY.get_sample_value("waymark_referrals_stuck") == 0


@SQLITE
async def test_a_referral_whose_service_was_not_told_is_handed_out_again(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    progress = await desk.submit()
    ruling = a_decision(progress)
    clock.move(50)
    await desk.keep(
        offered(decided(progress, news.decision_of(ruling), news.needs_of(ruling)), news.offer_of(an_offer(progress)))
    )
    clock.move(50)
    await sweeper.run_once()
    assert await desk.waiting() == []
    clock.move(10)
    await sweeper.run_once()
    assert [record_of(row).type for row in await desk.waiting()] == [ReferralSubmitted.type]


@SQLITE
async def test_a_cancellation_is_told_again_after_the_referral_until_what_was_offered_is_recalled(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    progress = await desk.submit()
    stopped = cancelled(offered(progress, news.offer_of(an_offer(progress))), "died", NOON)
    async with desk.database.begin(Origin("test")) as tx:
        await tx.publish(
            ReferralCancelled(
                referral_id=progress.id, reference=progress.reference, sequence=2, reason="died", cancelled_at=NOON
            )
        )
    await desk.keep(stopped)
    await desk.all_leave()
    clock.move(60)
    await sweeper.run_once()
    assert [record_of(row).type for row in await desk.waiting()] == [ReferralSubmitted.type, ReferralCancelled.type]


@SQLITE
async def test_a_referral_of_which_nothing_is_live_is_told_once_more_so_that_all_have_heard_of_it(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    await desk.keep(cancelled(await desk.submit(), "died", NOON))
    assert await desk.swept_at(sweeper, clock, minutes=(14, 15, 30, 1_440, 14_400)) == [15]


@SQLITE
async def test_nothing_is_handed_out_again_while_too_much_is_waiting(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    progress = await desk.submit()
    row = {"topic": "referrals", "key": "other", "body": "{}", "headers": {}, "created_at": NOON}
    async with desk.database.engine.begin() as connection:
        await connection.execute(insert(outbox), [{"id": new_id(), **row} for _ in range(WAITING_MAX + 1)])
    clock.move(60)
    await sweeper.run_once()
    assert await desk.sweeps(progress.id) == 0
    await desk.all_leave()
    await sweeper.run_once()
    assert await desk.sweeps(progress.id) == 1


@SQLITE
async def test_a_batch_takes_those_that_have_waited_longest(desk: Desk, sweeper: Sweeper, clock: Hands) -> None:
    progresses = []
    for _ in range(BATCH + 1):
        progresses.append(await desk.submit())
        clock.move(0.001)
    clock.move(60)
    assert await sweeper.run_once()
    assert await desk.sweeps(progresses[-1].id) == 0
    await desk.all_leave()
    assert not await sweeper.run_once()
    assert [await desk.sweeps(progress.id) for progress in progresses] == [1] * (BATCH + 1)


@SQLITE
async def test_a_referral_that_stays_without_news_is_counted_as_stuck(
    desk: Desk, sweeper: Sweeper, clock: Hands
) -> None:
    progress = await desk.submit()
    async with desk.database.engine.begin() as connection:
        await connection.execute(update(referral).values(sweeps=5))
    await sweeper.run_once()
    assert REGISTRY.get_sample_value("waymark_referrals_stuck") == 1
    await desk.keep(cancelled(progress, "died", NOON))
    await sweeper.run_once()
    assert REGISTRY.get_sample_value("waymark_referrals_stuck") == 0


@SQLITE
async def test_news_makes_the_next_wait_short_again(desk: Desk, sweeper: Sweeper, clock: Hands) -> None:
    progress = await desk.submit()
    clock.move(60)
    await sweeper.run_once()
    held = a_decision(progress, outcome="held_no_consent")
    await desk.keep(decided(progress, news.decision_of(held), ()))
    assert await desk.sweeps(progress.id) == 0


@pytest.mark.real
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_sweepers_at_once_hand_each_referral_out_once(desk: Desk, sweeper: Sweeper) -> None:
    for _ in range(20):
        await desk.submit()
    async with desk.database.engine.begin() as connection:
        await connection.execute(update(referral).values(sweep_at=desk.database.instant_in(-1)))
    await asyncio.gather(*(sweeper.run_once() for _ in range(4)))
    async with desk.database.engine.connect() as connection:
        for column in (referral.c.sweeps, outbox.c.sweeps):
            assert (await connection.execute(select(column, func.count()).group_by(column))).all() == [(1, 20)]
