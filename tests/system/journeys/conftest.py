"""Two systems for every journey: in this process by a clock of its own, and three processes on real servers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from shared.clock import utc_now
from tests.system.clocked import clocked, prepare
from tests.system.conftest import WORLDS
from tests.system.county import county_in
from tests.system.databases import Databases
from tests.system.journeys.story import Story, story
from tests.system.partner import PartnerSystem, partner_system
from tests.system.world import Timed, deployed
from waymark.simulate.hands import Hands

NOON = datetime(2020, 4, 15, 11, 0, tzinfo=UTC)  # midday in London, a Wednesday
FIRST = NOON - timedelta(days=7)  # before any story begins
# Services with a system of their own, which is told besides.
HOOKED = ("svc-dva-doorstep", "svc-dva-network")


@dataclass(frozen=True, slots=True)
class WithPartner:
    """A running system, and the partner's own that its county names."""

    world: Timed
    partner: PartnerSystem


@dataclass(frozen=True, slots=True)
class Prepared:
    """What each clocked system begins with."""

    data: Path
    partner: PartnerSystem


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    """A data folder with schema and county, and the partner's system that the county names."""
    folder = tmp_path_factory.mktemp("prepared")
    with partner_system(folder, utc_now) as partner:
        county = county_in(folder / "county", hooks=dict.fromkeys(HOOKED, partner.url), always_open=False)
        await prepare(folder / "data", county, FIRST)
        yield Prepared(folder / "data", partner)


@pytest.fixture
def clock() -> Hands:
    """Where time does not pass by itself, it is noon."""
    return Hands(NOON)


@pytest.fixture
async def embedded_by_clock(prepared: Prepared, clock: Hands, tmp_path: Path) -> AsyncIterator[WithPartner]:
    """A system in this process by `clock`."""
    prepared.partner.now = clock
    notifier = prepared.partner.settings(HOOKED)
    async with clocked(prepared.data, tmp_path, clock, notifier) as system:
        yield WithPartner(system, prepared.partner)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def deployed_with_partner(
    request: pytest.FixtureRequest,
    template_databases: Databases,
    kafka_url: str,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[WithPartner]:
    """Three services on real servers, for all journeys."""
    folder = tmp_path_factory.mktemp("journeys")
    with partner_system(folder, utc_now) as partner:
        settings = {f"WAYMARK_{name.upper()}": value for name, value in partner.settings(HOOKED).items()}
        async with deployed(template_databases, kafka_url, redis_url, folder, settings) as system:
            county = county_in(folder / "county", hooks=dict.fromkeys(HOOKED, partner.url))
            system.command("load-directory", str(county))
            request.config.stash[WORLDS] = (system,)
            yield WithPartner(system, partner)
            request.config.stash[WORLDS] = ()


@pytest.fixture(params=["embedded_by_clock", pytest.param("deployed_with_partner", marks=pytest.mark.real)])
def around(request: pytest.FixtureRequest) -> WithPartner:
    """A running system and the partner's own, each way in turn."""
    found: WithPartner = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def told(around: WithPartner) -> AsyncIterator[Story]:
    """A story in it."""
    async with story(around.world, around.partner) as begun:
        yield begun


@pytest.fixture
async def told_by_clock(embedded_by_clock: WithPartner) -> AsyncIterator[Story]:
    """A story of which the hour matters."""
    async with story(embedded_by_clock.world, embedded_by_clock.partner) as begun:
        yield begun
