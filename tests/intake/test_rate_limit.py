"""How many requests one caller may send."""

import pytest
from prometheus_client import REGISTRY

from shared.clock import new_id, utc_now
from shared.rate_limit import RateLimit, TooMany
from tests.intake.builders import a_body
from tests.intake.conftest import Hands, World

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def a_limit(per_minute: int, redis_url: str | None = None) -> RateLimit:
    return RateLimit(per_minute, redis_url, now=utc_now, disguise=str.upper)


async def hits(limit: RateLimit, caller: str, count: int) -> int:
    """How many of `count` requests were let through; the others were told to wait for at most a minute."""
    waits = []
    for _ in range(count):
        try:
            await limit(caller)
        except TooMany as refusal:
            waits.append(int(refusal.headers["Retry-After"]))
    assert all(1 <= wait <= 60 for wait in waits)
    return count - len(waits)


async def test_each_caller_may_send_so_many_in_a_minute() -> None:
    limit = a_limit(3)
    assert await hits(limit, "a", 5) == 3
    assert await hits(limit, "b", 2) == 2


async def test_without_redis_requests_are_let_through_then_counted_by_the_process_alone() -> None:
    failures = REGISTRY.get_sample_value("waymark_rate_limit_failures_total") or 0
    limit = RateLimit(2, NOBODY_LISTENS, now=Hands(), disguise=str.upper)
    assert await hits(limit, "a", 4) == 3
    assert REGISTRY.get_sample_value("waymark_rate_limit_failures_total") == failures + 1


async def test_redis_is_asked_again_after_some_seconds() -> None:
    failures = REGISTRY.get_sample_value("waymark_rate_limit_failures_total") or 0
    clock = Hands()
    limit = RateLimit(100, NOBODY_LISTENS, now=clock, disguise=str.upper)
    await limit("a")
    clock.move(4.9)
    await limit("a")
    assert REGISTRY.get_sample_value("waymark_rate_limit_failures_total") == failures + 1
    clock.move(0.1)
    await limit("a")
    assert REGISTRY.get_sample_value("waymark_rate_limit_failures_total") == failures + 2


async def test_processes_that_share_redis_count_together(redis_url: str) -> None:
    caller = str(new_id())
    one, other = a_limit(4, redis_url), a_limit(4, redis_url)
    assert await hits(one, caller, 3) == 3
    assert await hits(other, caller, 3) == 1
    for limit in (one, other):
        await limit.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("per_minute", [2])
async def test_too_many_posts_are_answered_with_when_to_come_back(world: World) -> None:
    answers = [
        await world.client.post("/api/v1/referrals", json=a_body(), headers={"Idempotency-Key": str(new_id())})
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert int(answers[-1].headers["retry-after"]) >= 1
