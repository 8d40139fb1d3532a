"""What any store of updates must do: the real one on both databases, and the fake that other tests use."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from services.intake.domain.progress import Progress
from services.intake.domain.updates import Audience, Listener, Step, Update, update_id
from services.intake.ports import Referrals, Updates
from services.intake.store.referrals import ReferralTable
from services.intake.store.updates import UpdateTable
from shared.clock import new_id
from shared.envelope import Origin
from shared.errors import NotFound
from shared.vault import Vault
from tests.intake.builders import NOON, a_progress, a_referral
from tests.intake.conftest import OpenDatabase
from tests.intake.fakes import FakeReferrals, FakeUpdates


@dataclass(frozen=True, slots=True)
class Stores:
    """Referrals, and what is to be told of them."""

    referrals: Referrals
    updates: Updates


Begin = Callable[[], AbstractAsyncContextManager[Stores]]


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """Where the store is: an empty database of each kind, or nowhere."""
    return None if request.param == "fake" else request.getfixturevalue(f"{request.param}_database")


@pytest.fixture
async def begin(store_url: str | None, open_database: OpenDatabase, vault: Vault) -> Begin:
    """Begins one transaction after another on the same store."""
    fake = Stores(FakeReferrals(), FakeUpdates())
    database = await open_database(store_url) if store_url else None

    @asynccontextmanager
    async def transaction() -> AsyncIterator[Stores]:
        if database is None:
            yield fake
            return
        async with database.begin(Origin("test")) as tx:
            yield Stores(ReferralTable(tx, vault, timedelta(minutes=1)), UpdateTable(tx))

    return transaction


async def stored(begin: Begin) -> Progress:
    progress = a_progress()
    async with begin() as stores:
        await stores.referrals.add(a_referral(progress))
    return progress


def an_update(progress: Progress, step: Step = Step.RECEIVED) -> Update:
    found = update_id(progress.id, Audience.RESIDENT, step)
    return Update(found, progress.id, Audience.RESIDENT, step, "email", NOON)


async def test_a_stored_update_is_read_back_as_it_was(begin: Begin) -> None:
    update = an_update(await stored(begin))
    async with begin() as stores:
        assert await stores.updates.add(update)
    async with begin() as stores:
        assert await stores.updates.get(update.id) == update


async def test_each_opening_has_steps_of_its_own(begin: Begin) -> None:
    progress = await stored(begin)
    first = an_update(progress, Step.DONE)
    again = replace(first, id=update_id(progress.id, first.audience, first.step, 1), opening=1)
    async with begin() as stores:
        assert [await stores.updates.add(each) for each in (first, again, again)] == [True, True, False]
        assert await stores.updates.get(again.id) == again


async def test_a_step_is_due_once_whoever_finds_it(begin: Begin) -> None:
    update = an_update(await stored(begin))

    async def find() -> bool:
        async with begin() as stores:
            return await stores.updates.add(replace(update))

    assert sorted(await asyncio.gather(*(find() for _ in range(5)))) == [False] * 4 + [True]


async def test_another_step_is_another_update(begin: Begin) -> None:
    progress = await stored(begin)
    async with begin() as stores:
        assert await stores.updates.add(an_update(progress))
        assert await stores.updates.add(an_update(progress, Step.DONE))


async def test_what_was_never_due_is_not_found(begin: Begin) -> None:
    async with begin() as stores:
        with pytest.raises(NotFound):
            await stores.updates.get(new_id())


async def test_who_is_told_stays_with_the_referral_while_it_moves(begin: Begin) -> None:
    heard_by = (Listener(Audience.REFERRER, "sms", (Step.RECEIVED, Step.CANCELLED)),)
    progress = replace(a_progress(), listeners=heard_by)
    async with begin() as stores:
        await stores.referrals.add(a_referral(progress))
    async with begin() as stores:
        await stores.referrals.save(replace(progress, sequence=2))
    async with begin() as stores:
        assert await stores.referrals.progress(progress.id) == replace(progress, sequence=2)
