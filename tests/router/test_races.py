"""Many referrals in the same moment, on PostgreSQL: places are never given twice, and nobody waits for ever."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from types import NoneType

import pytest
from sqlalchemy import func, select

from services.router.domain.assignment import Actor, IllegalMove
from services.router.domain.onward import NeedsNotHeld
from services.router.main import counties
from services.router.ports import Offer
from services.router.store.tables import assignment, assignment_need, capacity
from services.router.store.transaction import RouterTransaction
from services.router.use_cases.answering import AcceptOffer, DeclineOffer
from services.router.use_cases.given import Given
from services.router.use_cases.onward import PassOn, Wish
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import RecallReferral, RouteReferral
from shared.clock import new_id
from shared.db import Database
from shared.documents import save_documents
from shared.envelope import Origin
from shared.events import ReferralSubmitted
from tests.router.builders import (
    CREATIVE,
    LEAD,
    NOON,
    PEER,
    a_cancellation,
    a_submission,
    documents_with_places,
)
from tests.router.conftest import Hands, OpenDatabase

REQUEST = Origin("test-request")
TODAY = NOON.date()
PLACES = {CREATIVE: 7, PEER: 5, LEAD: 9}


@pytest.fixture
async def database(open_database: OpenDatabase, postgresql_database: str) -> Database:
    """PostgreSQL with a county in which three services have few places."""
    opened = await open_database(postgresql_database)
    async with opened.begin(REQUEST) as transaction:
        await save_documents(transaction, documents_with_places(PLACES))
    return opened


class Router:
    """Routes and recalls on a real database, each in a transaction of its own."""

    def __init__(self, database: Database, clock: Hands) -> None:
        self._database = database
        self._in_force = counties()
        self._route = RouteReferral(clock, new_id)
        self._recall = RecallReferral(clock)
        self._decline = DeclineOffer(clock, PlaceAgain(new_id))
        self._accept = AcceptOffer(clock)
        self._pass_on = PassOn(clock, new_id)

    async def route(self, event: ReferralSubmitted) -> None:
        async with self._database.begin(REQUEST) as transaction:
            await self._route(RouterTransaction(transaction, self._in_force), event)

    async def recall(self, event: ReferralSubmitted) -> None:
        async with self._database.begin(REQUEST) as transaction:
            await self._recall(RouterTransaction(transaction, self._in_force), a_cancellation(event))

    async def decline(self, offer: Offer) -> Offer:
        given = Given(offer.id, Actor("partner", "desk-2"))
        async with self._database.begin(REQUEST) as transaction:
            return await self._decline(RouterTransaction(transaction, self._in_force), given, "other")

    async def accept(self, offer: Offer) -> Offer:
        async with self._database.begin(REQUEST) as transaction:
            stores = RouterTransaction(transaction, self._in_force)
            return await self._accept(stores, Given(offer.id, Actor("partner", "desk-2")))

    async def pass_on(self, offer: Offer) -> Offer:
        async with self._database.begin(REQUEST) as transaction:
            stores = RouterTransaction(transaction, self._in_force)
            return await self._pass_on(stores, Given(offer.id, Actor("partner", "desk-2")), Wish(LEAD, "other"))

    async def live(self, event: ReferralSubmitted) -> Sequence[Offer]:
        async with self._database.begin(REQUEST) as transaction:
            return await RouterTransaction(transaction, self._in_force).offers.live_of(event.referral_id)


async def taken(database: Database) -> dict[str, int]:
    async with database.engine.connect() as connection:
        rows = await connection.execute(select(capacity.c.service_id, capacity.c.taken).where(capacity.c.taken > 0))
        return {row.service_id: row.taken for row in rows}


async def live_offers(database: Database) -> Counter[str]:
    query = select(assignment.c.service_id, func.count().label("live")).where(assignment.c.state == "offered")
    async with database.engine.connect() as connection:
        return Counter({row.service_id: row.live for row in await connection.execute(query.group_by("service_id"))})


async def test_of_fifty_who_want_one_of_ten_places_at_once_ten_get_one(database: Database) -> None:
    async def take() -> str | None:
        async with database.begin(REQUEST) as transaction:
            return await RouterTransaction(transaction, counties()).capacity.take(TODAY, {CREATIVE: 10})

    answers = await asyncio.gather(*(take() for _ in range(50)))
    assert Counter(answers) == {None: 10, CREATIVE: 40}
    assert await taken(database) == {CREATIVE: 10}


async def test_places_of_several_services_are_taken_at_once_without_a_deadlock(database: Database) -> None:
    async def take(order: int) -> None:
        wanted = [(CREATIVE, 30), (PEER, 25), (LEAD, 20)]
        async with database.begin(REQUEST) as transaction:
            places = dict(wanted[order % 3 :] + wanted[: order % 3])
            store = RouterTransaction(transaction, counties()).capacity
            # Again without the full one, as a decision that is made anew would.
            while (full := await store.take(TODAY, places)) is not None:
                del places[full]

    await asyncio.gather(*(take(order) for order in range(60)))
    assert await taken(database) == {CREATIVE: 30, PEER: 25, LEAD: 20}


async def test_fifty_referrals_at_once_never_give_a_service_more_than_it_has_places(
    database: Database, clock: Hands
) -> None:
    router = Router(database, clock)
    events = [a_submission("mind.creative_wellbeing", "social.peer_support", "social.befriending") for _ in range(50)]
    await asyncio.gather(*(router.route(event) for event in events))
    assert await taken(database) == PLACES
    offers = await live_offers(database)
    assert {service: offers[service] for service in PLACES} == PLACES
    async with database.engine.connect() as connection:
        held = await connection.scalar(select(func.count()).select_from(assignment_need).where(assignment_need.c.live))
    assert held == 3 * len(events)


async def test_what_is_taken_and_given_back_in_the_same_moment_adds_up(database: Database, clock: Hands) -> None:
    router = Router(database, clock)
    early = [a_submission("mind.creative_wellbeing", "social.peer_support", "social.befriending") for _ in range(5)]
    for event in early:
        await router.route(event)
    late = [a_submission("social.befriending", "social.peer_support", "mind.creative_wellbeing") for _ in range(25)]
    await asyncio.gather(*map(router.route, late), *map(router.recall, early))
    offers = await live_offers(database)
    assert await taken(database) == {service: offers[service] for service in PLACES if offers[service]}
    assert all(offers[service] <= places for service, places in PLACES.items())


async def test_the_same_referral_twice_at_once_is_routed_once(database: Database, clock: Hands) -> None:
    router, event = Router(database, clock), a_submission("mind.creative_wellbeing")
    await asyncio.gather(*(router.route(event) for _ in range(6)))
    assert await live_offers(database) == {CREATIVE: 1}
    assert await taken(database) == {CREATIVE: 1}


async def test_of_fifty_who_decline_the_same_offer_at_once_one_does_and_its_need_is_placed_once(
    database: Database, clock: Hands
) -> None:
    router, event = Router(database, clock), a_submission("mind.creative_wellbeing")
    await router.route(event)
    [offer] = await router.live(event)
    answers = await asyncio.gather(*(router.decline(offer) for _ in range(50)), return_exceptions=True)
    assert Counter(type(answer) for answer in answers) == {Offer: 1, IllegalMove: 49}
    assert await live_offers(database) == {LEAD: 1}
    assert await taken(database) == {LEAD: 1}
    async with database.engine.connect() as connection:
        held = await connection.scalar(select(func.count()).select_from(assignment_need).where(assignment_need.c.live))
    assert held == 1


async def test_many_who_decline_while_others_are_routed_and_recalled_leave_every_place_counted(
    database: Database, clock: Hands
) -> None:
    router = Router(database, clock)
    needs = ("mind.creative_wellbeing", "social.peer_support", "social.befriending")
    early = [a_submission(*needs) for _ in range(8)]
    for event in early:
        await router.route(event)
    offers = [offer for event in early[:5] for offer in await router.live(event)]
    answers = await asyncio.gather(
        *(router.decline(offer) for offer in offers if offer.service_id in PLACES),
        *(router.route(a_submission(*needs)) for _ in range(15)),
        *(router.recall(event) for event in early[5:]),
        return_exceptions=True,
    )
    assert [answer for answer in answers if isinstance(answer, BaseException)] == []
    live = await live_offers(database)
    assert await taken(database) == {service: live[service] for service in PLACES if live[service]}
    async with database.engine.connect() as connection:
        held = await connection.scalar(select(func.count()).select_from(assignment_need).where(assignment_need.c.live))
    assert held == 3 * (5 + 15)


async def test_of_fifty_who_pass_the_same_need_on_at_once_one_does(database: Database, clock: Hands) -> None:
    router, event = Router(database, clock), a_submission("mind.creative_wellbeing")
    await router.route(event)
    [offer] = await router.live(event)
    await router.accept(offer)
    answers = await asyncio.gather(*(router.pass_on(offer) for _ in range(50)), return_exceptions=True)
    assert Counter(type(answer) for answer in answers) == {Offer: 1, NeedsNotHeld: 49}
    assert await live_offers(database) == {LEAD: 1}
    assert await taken(database) == {CREATIVE: 1, LEAD: 1}


async def test_passing_on_and_cancelling_at_once_leave_nothing_open(database: Database, clock: Hands) -> None:
    router = Router(database, clock)
    events = [a_submission("mind.creative_wellbeing") for _ in range(7)]
    for event in events:
        await router.route(event)
    offers = [offer for event in events for offer in await router.live(event)]
    for offer in offers:
        await router.accept(offer)
    answers = await asyncio.gather(
        *(router.pass_on(offer) for offer in offers), *map(router.recall, events), return_exceptions=True
    )
    assert {type(answer) for answer in answers} <= {Offer, IllegalMove, NoneType}
    assert [offer for event in events for offer in await router.live(event)] == []
    assert await taken(database) == {}
