"""How many requests one caller may send: counted in Redis for all processes, and never in the way when Redis is."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from prometheus_client import Counter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from shared.clock import Clock
from shared.errors import Refused
from shared.log import get_logger

log = get_logger()
WINDOW_S = 60
REDIS_TIMEOUT_S = 0.25
ASK_REDIS_AGAIN_AFTER = timedelta(seconds=5)
UNCOUNTED = Counter("waymark_rate_limit_failures", "Requests let through because Redis could not count them.")


class TooMany(Refused):
    """The caller has sent as many requests as one may in a minute."""

    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__("rate-limited", "You have sent too many requests. Wait, then send it again.")
        self.headers: Mapping[str, str] = {"Retry-After": str(wait_s)}


class RateLimit:
    """A sliding minute for each caller. Without Redis, or while it is away, each process counts for itself."""

    def __init__(self, per_minute: int, redis_url: str | None, *, now: Clock, disguise: Callable[[str], str]) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._now = now
        self._disguise = disguise
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._connections = _connections(redis_url) if redis_url else None
        self._together = SlidingWindowCounterRateLimiter(_redis(redis_url, self._connections)) if redis_url else None
        self._alone_until: datetime | None = None

    async def __call__(self, caller: str) -> None:
        """Count one request of `caller`, an address or another name, kept only disguised. Raises TooMany (429)."""
        name = self._disguise(caller)
        if self._together is None or (self._alone_until is not None and self._now() < self._alone_until):
            await self._count(self._alone, name)
            return
        try:
            await self._count(self._together, name)
        except (RedisError, OSError, TimeoutError) as error:
            # A limit protects the service; refusing people because it cannot be kept would defeat its purpose.
            self._alone_until = self._now() + ASK_REDIS_AGAIN_AFTER
            UNCOUNTED.inc()
            log.warning("rate_limit.failed", error=type(error).__name__)

    async def close(self) -> None:
        """Give the connections to Redis back."""
        if self._connections is not None:
            await self._connections.aclose()

    async def _count(self, limiter: SlidingWindowCounterRateLimiter, name: str) -> None:
        if not await limiter.hit(self._item, name):
            stats = await limiter.get_window_stats(self._item, name)
            # The library's clock is Redis's or its own, not ours.
            raise TooMany(min(WINDOW_S, max(1, ceil(stats.reset_time - self._now().timestamp()))))


def _connections(url: str) -> ConnectionPool:
    return ConnectionPool.from_url(url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)


def _redis(url: str, connections: ConnectionPool | None) -> Storage:
    # The library has no way to close connections of its own making, so it gets ours; its stubs know of scalars only.
    options: Any = {"connection_pool": connections}
    return RedisStorage(f"async+{url}", implementation="redispy", key_prefix="waymark:limit", **options)
