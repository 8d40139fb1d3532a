"""`waymark up` started, stopped and started again: the data stays, and the sample referrals come once."""

import signal
from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest

from tests.eventually import eventually
from tests.system.county import COUNTY
from tests.system.ledger import books
from tests.system.world import Embedded, embedded_in

UP_WITHIN_S = 90.0


@pytest.fixture
def with_demo(unstarted: Embedded) -> Embedded:
    """The same, with the sample referrals."""
    process = unstarted.process
    process.arguments = (*process.arguments, "--demo")
    return unstarted


async def said(system: Embedded, words: str) -> str:
    """All that it has printed, once `words` are among it."""

    async def printed() -> str:
        return system.process.log.read_text(encoding="utf-8")

    return await eventually(printed, lambda text: words in text, within_s=UP_WITHIN_S)


def referrals(system: Embedded) -> list[str]:
    return [str(reference) for (reference,) in system.rows("intake", "SELECT reference FROM referral ORDER BY id")]


async def test_the_sample_referrals_are_submitted_once_and_stay(with_demo: Embedded) -> None:
    samples = len((COUNTY / "demo.jsonl").read_text(encoding="utf-8").splitlines())
    with_demo.process.start()
    table = await said(with_demo, "Ctrl-C stops it")
    first, letters = referrals(with_demo), len(with_demo.post.letters())
    assert len(first) == samples
    assert all(reference in table for reference in first)
    assert letters > 0
    assert with_demo.process.stop(signal.SIGINT) == 0
    await said(with_demo, "Stopped. The data stays in")

    with_demo.process.start()
    await said(with_demo, "The sample referrals were submitted at an earlier start.")
    await with_demo.process.wait_until_ready()
    assert (referrals(with_demo), len(with_demo.post.letters())) == (first, letters)
    async with httpx.AsyncClient(base_url=with_demo.process.url) as client:
        answers = [await client.get(f"/api/v1/referrals/{reference}") for reference in first]
    assert all(answer.json()["outcome"] for answer in answers)
    assert with_demo.process.stop(signal.SIGTERM) == 0


async def test_stopped_in_the_middle_of_its_samples_it_ends_and_goes_on_with_them_at_the_next_start(
    with_demo: Embedded,
) -> None:
    samples = len((COUNTY / "demo.jsonl").read_text(encoding="utf-8").splitlines())
    with_demo.process.start()
    await with_demo.process.wait_until_ready()

    async def some() -> int:
        return len(referrals(with_demo))

    await eventually(some, lambda count: 0 < count < samples)
    assert with_demo.process.stop(signal.SIGINT) == 0
    assert 0 < len(referrals(with_demo)) < samples
    with_demo.process.start()
    await said(with_demo, "Ctrl-C stops it")
    assert len(referrals(with_demo)) == samples
    assert balance(with_demo) == ([], [], 0)


def balance(system: Embedded) -> tuple[Sequence[str], Sequence[str], int]:
    """What is lost, repeated, or arrived twice."""
    ids = [UUID(str(row[0])) for row in system.rows("intake", "SELECT id FROM referral")]
    found = books(system, ids)
    return found.lost, found.repeated, found.copies


async def test_a_second_process_on_the_same_folder_says_so_and_ends(embedded: Embedded) -> None:
    second = embedded_in(embedded.process.folder).process
    second.name = "second"
    second.start()
    try:
        assert second.ended() != 0
        assert "Another Waymark process is using the data" in second.tail()
    finally:
        second.end()
