"""Silence is chased: a reminder, then somebody else, and what is late is told; each clock rings once."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from services.router.chaser import Chase
from services.router.domain.chase import TICKING
from services.router.domain.county import County
from services.router.main import counties
from services.router.store.tables import clock as clock_table
from services.router.store.transaction import RouterTransaction
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RouteReferral
from shared.clock import new_id
from shared.db import Database, Transaction
from shared.documents import save_documents
from shared.envelope import Origin
from shared.events import (
    BY_TYPE,
    AssignmentMoved,
    AssignmentOffered,
    AssignmentOverdue,
    AssignmentReminded,
    Event,
    ReferralSubmitted,
)
from tests.router.builders import CREATIVE, LEAD, NOON, a_submission, documents_with_places
from tests.router.conftest import Hands, OpenDatabase

REQUEST = Origin("test-request")
LONG_AGO = timedelta(days=3000)


class Router:
    """Routes referrals and lets clocks ring on a database with the county's directory."""

    def __init__(self, database: Database, hands: Hands) -> None:
        in_force = counties()

        def stores(transaction: Transaction) -> RouterTransaction:
            return RouterTransaction(transaction, in_force)

        self.database = database
        self.stores = stores
        self.chase = Chase(database, stores, RingClock(PlaceAgain(new_id)))
        self._route = RouteReferral(hands, new_id)

    async def route(self, *needs: str) -> ReferralSubmitted:
        event = a_submission(*(needs or ("mind.creative_wellbeing",)))
        async with self.database.begin(REQUEST) as transaction:
            await self._route(self.stores(transaction), event)
        return event

    async def ring_all(self) -> int:
        """How many clocks rang."""
        count = 0
        while await self.chase.run_once():
            count += 1
        return count

    async def told(self, kind: type[Event]) -> list[Event]:
        outbox = self.database.outbox
        async with self.database.engine.connect() as connection:
            rows = (await connection.execute(select(outbox).order_by(outbox.c.seq))).mappings().all()
        events = [BY_TYPE[row["headers"]["ce_type"]].model_validate_json(row["body"]) for row in rows]
        return [event for event in events if isinstance(event, kind)]

    async def next_ring(self) -> datetime:
        """When the next clock rings."""
        ticking = clock_table.c.state.in_(TICKING)
        async with self.database.engine.connect() as connection:
            next_at: datetime = (
                await connection.execute(select(func.min(clock_table.c.due_at)).where(ticking))
            ).scalar_one()
        return next_at

    async def states(self, event: ReferralSubmitted) -> dict[tuple[str, str], str]:
        """The state of each clock, by service and kind."""
        async with self.database.begin(REQUEST) as transaction:
            tx = self.stores(transaction)
            offers = await tx.offers.find(reference=event.reference)
            clocks = await tx.clocks.of([offer.id for offer in offers])
        return {(offer.service_id, each.kind): each.state for offer in offers for each in clocks[offer.id]}


@pytest.fixture
async def router(open_database: OpenDatabase, sqlite_database: str, clock: Hands) -> Router:
    database = await open_database(sqlite_database)
    async with database.begin(REQUEST) as transaction:
        await save_documents(transaction, documents_with_places({}))
    return Router(database, clock)


async def test_silence_is_answered_by_one_reminder_and_then_by_asking_somebody_else(
    router: Router, clock: Hands
) -> None:
    event = await router.route()
    clock.at = NOON + timedelta(days=5)
    assert await router.ring_all() == 1
    [reminder] = await router.told(AssignmentReminded)
    assert isinstance(reminder, AssignmentReminded)
    assert (reminder.service_id, reminder.reminded_at, reminder.channels) == (CREATIVE, clock.at, ("email",))
    assert reminder.answer_by > clock.at
    clock.at = reminder.answer_by
    # By now the first contact is late too.
    assert await router.ring_all() == 1 + 1
    [expired] = await router.told(AssignmentMoved)
    assert isinstance(expired, AssignmentMoved)
    assert (expired.to_state, expired.actor, expired.reason) == ("expired", "clock", "no_answer")
    assert await router.states(event) == {
        (CREATIVE, "respond"): "breached",
        (CREATIVE, "first_contact"): "breached",
        (LEAD, "respond"): "running",
        (LEAD, "first_contact"): "running",
    }


@pytest.mark.parametrize(("need", "priority", "second"), [("food.infant_formula", "P2", True), (None, "P4", False)])
async def test_the_county_says_at_which_priorities_a_second_contact_is_reminded_too(
    router: Router, clock: Hands, need: str | None, priority: str, second: bool
) -> None:
    await (router.route(need) if need else router.route())
    clock.at += timedelta(days=10)
    await router.ring_all()
    told = [each for each in await router.told(AssignmentReminded) if isinstance(each, AssignmentReminded)]
    assert [(each.priority, each.second_contact) for each in told] == [(priority, second)]


async def test_what_is_due_today_is_chased_while_somebody_else_can_still_be_asked(router: Router, clock: Hands) -> None:
    clock.at = NOON + timedelta(hours=4, minutes=30)
    event = await router.route("food.infant_formula")
    async with router.database.begin(REQUEST) as transaction:
        [offer] = await router.stores(transaction).offers.live_of(event.referral_id)
    left = offer.due_at - offer.offered_at
    assert left == timedelta(hours=3, minutes=30)
    clock.at += left / 2
    assert await router.ring_all() == 1
    [reminder] = await router.told(AssignmentReminded)
    assert isinstance(reminder, AssignmentReminded)
    assert offer.due_at - reminder.answer_by == left / 4
    clock.at = reminder.answer_by
    assert await router.ring_all() == 1
    [expired] = await router.told(AssignmentMoved)
    assert isinstance(expired, AssignmentMoved)
    assert (expired.to_state, expired.moved_at) == ("expired", reminder.answer_by)
    async with router.database.begin(REQUEST) as transaction:
        [second] = await router.stores(transaction).offers.live_of(event.referral_id)
    assert second.service_id != offer.service_id


@pytest.mark.parametrize("need", ["food.infant_formula", "mind.creative_wellbeing"])
async def test_what_a_service_is_told_to_reply_by_is_when_others_are_asked_or_before(
    router: Router, clock: Hands, need: str
) -> None:
    clock.at = NOON + timedelta(hours=4, minutes=30)
    event = await router.route(need)
    [told] = await router.told(AssignmentOffered)
    assert isinstance(told, AssignmentOffered)
    assert told.answer_by is not None
    while "breached" not in (states := await router.states(event)).values():
        clock.at = await router.next_ring()
        await router.ring_all()
    assert told.answer_by == clock.at
    assert (told.service_id, "respond" if told.answer_by < told.due_at else "first_contact") in {
        which for which, state in states.items() if state == "breached"
    }


async def test_an_offer_that_is_overdue_when_it_is_made_is_waited_for_as_usual(router: Router, clock: Hands) -> None:
    clock.at = NOON + timedelta(days=2)
    await router.route("food.infant_formula")
    clock.at += timedelta(minutes=90)
    # Only the first contact is late: an answer is waited for during two opening hours.
    assert await router.ring_all() == 1
    assert await router.told(AssignmentReminded) == []


async def test_nothing_rings_before_its_time(router: Router, clock: Hands) -> None:
    await router.route()
    clock.move(60)
    assert await router.ring_all() == 0


async def test_at_the_triage_desk_nothing_expires_but_it_is_told_that_it_is_late(
    router: Router, clock: Hands, county: County
) -> None:
    event = await router.route("info.unclassified")
    for _ in range(4):
        clock.at += timedelta(days=10)
        await router.ring_all()
    assert await router.told(AssignmentMoved) == []
    overdue = [each.clock for each in await router.told(AssignmentOverdue) if isinstance(each, AssignmentOverdue)]
    assert sorted(overdue) == ["first_contact", "respond"]
    desk = county.rules.triage_desk
    assert await router.states(event) == {
        (desk, "respond"): "breached",
        (desk, "first_contact"): "breached",
        (desk, "review"): "running",
    }


async def test_silence_everywhere_ends_at_the_triage_desk(router: Router, clock: Hands, county: County) -> None:
    event = await router.route()
    for _ in range(30):
        clock.at += timedelta(days=10)
        await router.ring_all()
    async with router.database.begin(REQUEST) as transaction:
        [offer] = await router.stores(transaction).offers.live_of(event.referral_id)
    assert offer.service_id == county.rules.triage_desk
    assert "could not be told in time." in (offer.reason or "")


async def test_a_clock_that_cannot_ring_does_not_keep_others_from_ringing(router: Router, clock: Hands) -> None:
    broken, whole = await router.route(), await router.route()
    async with router.database.begin(REQUEST) as transaction:
        [offer] = await router.stores(transaction).offers.live_of(broken.referral_id)
        early = clock_table.update().where(clock_table.c.assignment_id == offer.id)
        await transaction.connection.execute(early.values(due_at=NOON, state="warned"))
        decisions = router.database.metadata.tables["decision"]
        await transaction.connection.execute(decisions.delete().where(decisions.c.reference == broken.reference))
    clock.at = NOON + timedelta(days=5)
    await router.chase.run_once()
    assert await router.ring_all() > 0
    assert {each.reference for each in await router.told(AssignmentReminded)} == {whole.reference}
    assert (await router.states(broken))[CREATIVE, "respond"] == "warned"


async def test_many_workers_let_each_clock_ring_once(open_database: OpenDatabase, postgresql_database: str) -> None:
    """PostgreSQL goes by its own clock, so these referrals came long ago."""
    past = Hands(NOON)
    database = await open_database(postgresql_database, now=past)
    async with database.begin(REQUEST) as transaction:
        await save_documents(transaction, documents_with_places({}))
    router = Router(database, past)
    events = [await router.route() for _ in range(10)]
    rung = await asyncio.gather(*(router.ring_all() for _ in range(5)))
    assert sum(rung) >= 2 * len(events)
    await router.ring_all()
    for kind in (AssignmentReminded, AssignmentOverdue):
        assert sorted(event.reference for event in await router.told(kind)) == sorted(e.reference for e in events)
