"""What any store of referrals must do: the real one on both databases, and the fake that other tests use."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake import news
from services.intake.domain.progress import AssignmentState, Ending, Need, Progress, Status, TimelineEntry
from services.intake.domain.referral import Person, Submission
from services.intake.domain.status import cancelled, decided, moved, offered, told
from services.intake.ports import Referrals
from services.intake.store.referrals import ReferralTable
from shared.clock import new_id
from shared.envelope import Origin
from shared.errors import NotFound
from shared.vault import Vault
from tests.intake.builders import (
    KEYS,
    NOON,
    SHOPPING,
    a_decision,
    a_message_sent,
    a_progress,
    a_reference,
    a_referral,
    an_offer,
)
from tests.intake.conftest import OpenDatabase
from tests.intake.fakes import FakeReferrals

Begin = Callable[[], AbstractAsyncContextManager[Referrals]]


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """Where the store is: an empty database of each kind, or nowhere."""
    return None if request.param == "fake" else request.getfixturevalue(f"{request.param}_database")


@pytest.fixture
async def begin(store_url: str | None, open_database: OpenDatabase, vault: Vault) -> Begin:
    """Begins one transaction after another on the same store."""
    fake = FakeReferrals()
    database = await open_database(store_url) if store_url else None

    @asynccontextmanager
    async def transaction() -> AsyncIterator[Referrals]:
        if database is None:
            yield fake
            return
        async with database.begin(Origin("test")) as tx:
            yield ReferralTable(tx, vault, timedelta(minutes=1))

    return transaction


async def stored(begin: Begin, progress: Progress | None = None, keys: frozenset[str] = KEYS) -> Progress:
    progress = progress or a_progress()
    async with begin() as referrals:
        assert await referrals.add(a_referral(progress, keys=keys))
    return progress


async def test_a_stored_referral_is_read_back_as_it_was(begin: Begin) -> None:
    progress = replace(a_progress(needs=("food.shopping", "money.debt")), quality=("phone_invalid",))
    await stored(begin, progress)
    async with begin() as referrals:
        assert await referrals.progress(progress.id) == progress
        assert await referrals.lock(progress.id) == progress
        assert await referrals.id_of(progress.reference) == progress.id
        assert await referrals.submission(progress.id) == SHOPPING


async def test_every_field_of_a_submission_comes_back_exactly(begin: Begin) -> None:
    person = Person("Zoë \u0141", 7, "1947", "phone?", "mob", "a@b", "pl")
    submission = replace(
        SHOPPING,
        person=person,
        needs=("x", "x"),
        flags=(),
        notes=" \u0645\n\U0001f415 ",
        household_size=0,
        shield_list_match=False,
        requested_priority="P3",
        district_hint="E07000034",
        food_days_left=-1,
    )
    for sent in (submission, Submission()):
        new = a_referral(submission=sent)
        async with begin() as referrals:
            await referrals.add(new)
        async with begin() as referrals:
            assert await referrals.submission(new.progress.id) == sent


async def test_a_reference_belongs_to_one_referral(begin: Begin) -> None:
    first = await stored(begin)
    second = a_progress(reference=first.reference)
    async with begin() as referrals:
        assert not await referrals.add(a_referral(second))
        assert await referrals.add(a_referral(replace(second, reference=a_reference())))
    async with begin() as referrals:
        assert await referrals.id_of(first.reference) == first.id


async def test_what_was_never_stored_is_not_found(begin: Begin) -> None:
    async with begin() as referrals:
        for look in (referrals.progress, referrals.lock, referrals.submission):
            with pytest.raises(NotFound):
                await look(new_id())
        with pytest.raises(NotFound):
            await referrals.id_of("3NQK-8N1")


async def test_a_referral_matches_by_any_key_it_shares(begin: Begin) -> None:
    progress = await stored(begin)
    async with begin() as referrals:
        for key in KEYS:
            [match] = await referrals.matching(frozenset({key, "somebody|pc:DE11AA"}), NOON - timedelta(days=7))
            assert (match.reference, match.needs) == (progress.reference, ("food.shopping",))
            assert match.keys == frozenset({key})
            assert (match.status, match.priority, match.received_at) == ("open", None, NOON)
        assert not await referrals.matching(frozenset({"somebody|pc:DE11AA"}), NOON - timedelta(days=7))


async def test_matches_come_oldest_first_and_none_from_before_the_limit(begin: Begin) -> None:
    at = [NOON, NOON - timedelta(hours=1), NOON - timedelta(days=7, seconds=1)]
    references = [(await stored(begin, a_progress(at=when))).reference for when in at]
    async with begin() as referrals:
        found = await referrals.matching(KEYS, NOON - timedelta(days=7))
    assert [match.reference for match in found] == [references[1], references[0]]


async def test_a_finished_referral_no_longer_matches(begin: Begin) -> None:
    progress = await stored(begin)
    async with begin() as referrals:
        await referrals.save(cancelled(progress, "died", NOON))
    async with begin() as referrals:
        assert not await referrals.matching(KEYS, NOON - timedelta(days=7))


async def test_a_match_tells_the_decided_priority_and_the_needs_in_hand(begin: Begin) -> None:
    progress = await stored(begin, a_progress(needs=("food.shopping", "money.debt")))
    needs = (Need("food.shopping", "assigned", "svc-shopping", "P2"), Need("money.debt", "held"))
    async with begin() as referrals:
        await referrals.save(decided(progress, news.decision_of(a_decision(progress)), needs))
    async with begin() as referrals:
        [match] = await referrals.matching(KEYS, NOON)
    assert (match.priority, match.needs) == ("P2", ("food.shopping",))


async def test_all_that_became_of_a_referral_is_kept(begin: Begin) -> None:
    progress = await stored(begin)
    offer = an_offer(progress)
    after = decided(
        progress,
        news.decision_of(a_decision(progress, asks=("age", "food_days_left"))),
        (Need("food.shopping", "assigned", "svc-shopping", "P2"),),
    )
    after = offered(after, news.offer_of(offer))
    after = told(after, replace(news.notice_of(a_message_sent(offer)), receipt="delivered"))
    async with begin() as referrals:
        await referrals.save_assignment(after.id, after.assignments[0])
        await referrals.save_notice(after.id, after.notices[0])
        await referrals.save(after)
    async with begin() as referrals:
        assert await referrals.progress(progress.id) == after


async def test_what_is_saved_again_replaces_what_was_there(begin: Begin) -> None:
    progress = await stored(begin)
    offer = news.offer_of(an_offer(progress))
    after = offered(progress, offer)
    changed = moved(
        after,
        replace(offer, state=AssignmentState.DONE, sequence=9, endings=(Ending("food.shopping", "met", met=True),)),
    )
    async with begin() as referrals:
        await referrals.save_assignment(progress.id, after.assignments[0])
        await referrals.save_assignment(progress.id, changed.assignments[0])
        await referrals.save(changed)
    async with begin() as referrals:
        assert await referrals.progress(progress.id) == changed


async def test_a_cancellation_is_kept(begin: Begin) -> None:
    progress = await stored(begin)
    after = cancelled(progress, "died", NOON)
    async with begin() as referrals:
        await referrals.save(after)
    async with begin() as referrals:
        kept = await referrals.progress(progress.id)
    assert (kept.status, kept.cancellation, kept.sequence) == (Status.CANCELLED, after.cancellation, 2)


async def test_the_timeline_is_in_the_order_of_time_whenever_it_was_heard(begin: Begin) -> None:
    progress = await stored(begin)
    later = TimelineEntry(NOON + timedelta(hours=1), "offered", "router", details={"service_id": "svc-shopping"})
    sooner = TimelineEntry(NOON, "decided", "router", before=Status.SUBMITTED, after=Status.ASSIGNED)
    async with begin() as referrals:
        await referrals.note(progress.id, later)
        await referrals.note(progress.id, sooner)
    async with begin() as referrals:
        assert list(await referrals.timeline(progress.id)) == [sooner, later]
