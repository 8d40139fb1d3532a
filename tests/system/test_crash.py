"""Processes killed in the middle of their work: nothing is lost, and nobody is told twice."""

import time
from collections.abc import AsyncIterator

import pytest

from tests.system.caller import Caller, calling
from tests.system.ledger import Books, balanced
from tests.system.people import many
from tests.system.world import Deployment, Embedded

REFERRALS = 200
# The fault comes when so many have been accepted.
KILL_AT = 70
# A message whose sender died waits for this long; the tests let the time pass at once instead.
LEASE_S = 150
FIRST = {"intake": 1_000, "router": 2_000, "notifier": 3_000}

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def caller(deployment: Deployment) -> AsyncIterator[Caller]:
    async with calling(deployment) as client:
        yield client


def report(what: str, books: Books, seconds: float) -> None:
    """One line for whoever reads the test's output."""
    found = f"lost {len(books.lost)} repeated {len(books.repeated)} recovered {seconds:.1f}s"
    copies = f" (copies under the same Message-ID: {books.copies})" if books.copies else ""
    print(f"\ncrash {what} referrals {REFERRALS} {found}{copies}")


@pytest.mark.parametrize("service", ["intake", "router", "notifier"])
async def test_a_killed_service_loses_nothing_and_tells_nobody_twice(
    deployment: Deployment, caller: Caller, service: str
) -> None:
    process = deployment.services[service]
    killed_at: list[float] = []

    async def kill() -> None:
        process.kill()
        killed_at.append(time.monotonic())
        if service == "notifier":
            passed = f"lease_until - interval '{LEASE_S} seconds'"
            deployment.databases.execute(
                "notifier", f"UPDATE notification SET lease_until = {passed} WHERE state = 'sending'"
            )
        process.start()

    await caller.submit_all(many(FIRST[service], REFERRALS), at={KILL_AT: kill})
    books = await balanced(deployment, caller.ids)
    report(service, books, time.monotonic() - killed_at[0])
    assert len(set(caller.ids)) == REFERRALS
    assert books.lost == []
    assert books.repeated == []
    # Between the mail server's answer and our record of it a copy cannot be ruled out; it has the same Message-ID.
    assert books.copies == 0 or service == "notifier"


async def test_the_embedded_system_killed_goes_on_where_it_was(unstarted: Embedded) -> None:
    process = unstarted.process
    process.start()
    await process.wait_until_ready()
    killed_at: list[float] = []

    async def kill() -> None:
        process.kill()
        killed_at.append(time.monotonic())
        passed = f"datetime(lease_until, '-{LEASE_S} seconds')"
        unstarted.execute("notifier", f"UPDATE notification SET lease_until = {passed} WHERE state = 'sending'")
        process.start()

    async with calling(unstarted) as caller:
        await caller.submit_all(many(4_000, REFERRALS), at={KILL_AT: kill})
        books = await balanced(unstarted, caller.ids)
    report("embedded", books, time.monotonic() - killed_at[0])
    assert len(set(caller.ids)) == REFERRALS
    assert books.lost == []
    assert books.repeated == []
    assert books.copies == 0
