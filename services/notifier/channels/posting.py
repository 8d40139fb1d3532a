"""One HTTPS request at a time, within a time limit, no redirect followed; and what its not being answered means."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from services.notifier.domain.failure import Failure, SendFailed
from shared.clock import Clock

LIMITS = httpx.Timeout(15.0, connect=5.0)
WHOLE_LIMIT_S = 15.0
# The request cannot have arrived.
BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and how long we are asked to wait. The body is nobody's business here."""

    status: int
    retry_after: timedelta | None

    @property
    def is_success(self) -> bool:
        """Any 2xx."""
        return 200 <= self.status < 300

    def failed(self, failure: Failure) -> SendFailed:
        """The failure that this answer stands for."""
        return SendFailed(failure, str(self.status), self.retry_after)


@dataclass(slots=True)
class Posting:
    """Posts to web services over connections that are kept while there is more to send.

    `transport` makes the way to them; `whole_limit_s` is for one request from beginning to end, in seconds.
    """

    now: Clock
    transport: Callable[[], httpx.AsyncBaseTransport]
    whole_limit_s: float = WHOLE_LIMIT_S
    _client: httpx.AsyncClient | None = field(default=None, init=False)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post `body`. Raises SendFailed when there is no answer: AMBIGUOUS when the request may have arrived."""
        if self._client is None:
            self._client = httpx.AsyncClient(transport=self.transport(), timeout=LIMITS, follow_redirects=False)
        try:
            async with (
                asyncio.timeout(self.whole_limit_s),
                self._client.stream("POST", url, content=body, headers=headers) as response,
            ):
                return Answer(response.status_code, retry_after(response.headers.get("retry-after"), self.now()))
        except httpx.InvalidURL as wrong:
            raise SendFailed(Failure.CONFIG, "url") from wrong
        except BEFORE as away:
            untrusted = is_untrusted(away)
            raise SendFailed(
                Failure.AUTH if untrusted else Failure.TRANSIENT, "untrusted" if untrusted else "unreachable"
            ) from away
        except (httpx.HTTPError, TimeoutError) as lost:
            raise SendFailed(Failure.AMBIGUOUS, "no-answer") from lost

    async def rest(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def is_untrusted(fault: BaseException | None) -> bool:
    """Whether a certificate or TLS itself was at the bottom of it."""
    while fault is not None:
        if isinstance(fault, ssl.SSLError):
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A Retry-After header, in seconds or as a date (RFC 9110); None where there is none that can be read."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 10**8))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta())
