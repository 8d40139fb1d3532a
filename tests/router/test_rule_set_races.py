"""Several people, and several routers, at one database: one of two wins, and every router switches at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import pytest

from services.router.domain.publishing import Publication, RuleSet
from services.router.main import counties, load_documents, publishing
from services.router.ports import Transaction
from services.router.settings import RouterDatabase
from services.router.store.transaction import RouterTransaction
from services.router.use_cases.publishing import Word
from services.router.use_cases.routing import RouteReferral
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.document_set import Documents, read_folder, version_of
from shared.envelope import Origin
from shared.errors import Conflict
from tests.router.builders import CREATIVE, LEAD, a_submission
from tests.router.conftest import OpenDatabase
from tests.router.rules.builders import COUNTY_DIRECTORY
from waymark.rules import READERS

FOLDER = read_folder(COUNTY_DIRECTORY)
# The only service for creative afternoons before the district's lead is closed.
START = FOLDER["partners.yaml"].index(f"- id: {CREATIVE}")
CLOSED = FOLDER | {
    "partners.yaml": FOLDER["partners.yaml"][:START]
    + FOLDER["partners.yaml"][START:].replace("status: active", "status: inactive", 1)
}
T = TypeVar("T")
WORD = Word("lead-1", "They are closed for good.")


@dataclass
class Router:
    """One process: what it knows of the county is its own, the database is everybody's."""

    database: Database

    def __post_init__(self) -> None:
        self._counties = counties(60)
        settings = RouterDatabase(router_database_url=self.database.url)
        self.publishing = publishing(settings, READERS, utc_now)

    async def do(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self.database.begin(Origin("race")) as tx:
            return await work(RouterTransaction(tx, self._counties))

    async def routed(self) -> str:
        """Who is offered creative afternoons."""
        event = a_submission()
        await self.do(lambda tx: RouteReferral(utc_now, new_id)(tx, event))
        [offer] = await self.do(lambda tx: tx.offers.live_of(event.referral_id))
        return offer.service_id

    async def drafted(self, documents: Documents) -> str:
        findings = self.publishing.check(documents)
        drafted = await self.do(lambda tx: self.publishing.draft(tx, documents, findings, WORD))
        return drafted.version


@pytest.fixture
async def routers(open_database: OpenDatabase, database_url: str) -> tuple[Router, Router]:
    """Two processes on one database, with the county's folder loaded."""
    first, second = [Router(await open_database(database_url, now=utc_now)) for _ in range(2)]
    await load_documents(first.database, FOLDER, Word("load-directory", "A first set-up."))
    return first, second


async def ready(router: Router, documents: Documents = CLOSED) -> str:
    version = await router.drafted(documents)
    await router.do(lambda tx: router.publishing.approve(tx, version, "lead-2"))
    return version


async def at_once(*works: Awaitable[Publication | object]) -> list[type]:
    """What came of works in the same moment, sorted by name."""
    came = await asyncio.gather(*works, return_exceptions=True)
    return sorted((type(each) for each in came), key=lambda kind: kind.__name__)


async def test_a_change_is_live_in_every_router_at_once(routers: tuple[Router, Router]) -> None:
    first, second = routers
    # Both have the county compiled.
    assert [await router.routed() for router in routers] == [CREATIVE, CREATIVE]
    version = await ready(first)
    await first.do(lambda tx: first.publishing.publish(tx, version, WORD))
    assert [await router.routed() for router in routers] == [LEAD, LEAD]
    await second.do(lambda tx: second.publishing.roll_back(tx, version, WORD))
    assert [await router.routed() for router in routers] == [CREATIVE, CREATIVE]


async def test_of_two_who_approve_at_once_one_does(routers: tuple[Router, Router]) -> None:
    first, second = routers
    version = await first.drafted(CLOSED)
    assert await at_once(
        first.do(lambda tx: first.publishing.approve(tx, version, "lead-2")),
        second.do(lambda tx: second.publishing.approve(tx, version, "lead-3")),
    ) == [Conflict, RuleSet]


async def test_of_two_versions_for_the_same_time_one_is_published(routers: tuple[Router, Router]) -> None:
    first, second = routers
    versions = [await ready(first), await ready(first, CLOSED | {"tests.yaml": FOLDER["tests.yaml"] + "# More.\n"})]
    at = await first.do(lambda tx: tx.rule_sets.present()) + timedelta(hours=1)
    assert await at_once(
        first.do(lambda tx: first.publishing.publish(tx, versions[0], WORD, at)),
        second.do(lambda tx: second.publishing.publish(tx, versions[1], WORD, at)),
    ) == [Conflict, Publication]


async def test_two_who_go_back_at_once_go_back_once(routers: tuple[Router, Router]) -> None:
    first, _ = routers
    for documents in (CLOSED, CLOSED | {"tests.yaml": FOLDER["tests.yaml"] + "# More.\n"}):
        version = await ready(first, documents)
        await published(first, version)
    assert await at_once(*(rolled_back(router, version) for router in routers)) == [Conflict, Publication]
    current = await first.do(lambda tx: tx.county())
    assert current.version == version_of(CLOSED)


async def published(router: Router, version: str) -> Publication:
    return await router.do(lambda tx: router.publishing.publish(tx, version, WORD))


async def rolled_back(router: Router, version: str) -> Publication:
    return await router.do(lambda tx: router.publishing.roll_back(tx, version, WORD))
