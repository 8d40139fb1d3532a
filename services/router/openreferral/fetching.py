"""Asking somebody else's Open Referral feed for all of its services, page by page."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx

from services.router.openreferral.payload import SERVICES_MAX, services_in
from shared.errors import Refused

PER_PAGE = 100
PAGES_MAX = SERVICES_MAX // PER_PAGE
BYTES_MAX = 20_000_000
NEAR = frozenset({"127.0.0.1", "::1", "localhost"})
Get = Callable[[str], Awaitable[bytes]]


def base_of(url: str) -> str:
    """The stub of a feed. Raises Refused unless it is https, or stands on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in NEAR):
        raise Refused("import-insecure", "A feed must begin with https://.")
    return url.partition("?")[0].rstrip("/").removesuffix("/services")


async def fetch(url: str, get: Get) -> list[object]:
    """Every service of the feed at `url`, nested. Raises Refused when a page is missing or does not fit the others."""
    base = base_of(url)
    listed: list[object] = []
    for page in range(1, PAGES_MAX + 1):
        place = f"{base}/services?page={page}&per_page={PER_PAGE}"
        rows = services_in(await get(place), place) if page == 1 else _page(await get(place), place)
        listed += rows
        if len(rows) < PER_PAGE:
            break
    else:
        raise Refused("import-too-large", f"{base} has more than {SERVICES_MAX} services.")
    return [await _whole(base, row, get) for row in listed]


def _page(body: bytes, place: str) -> list[object]:
    try:
        return services_in(body, place)
    except Refused as refused:
        if refused.code == "import-empty":
            return []
        raise


async def _whole(base: str, row: object, get: Get) -> object:
    """A service with all that belongs to it: lists have only what there is once."""
    own = row.get("id") if isinstance(row, dict) else None
    if not isinstance(own, str) or not own.replace("-", "").isalnum():
        return row
    place = f"{base}/services/{own}"
    return services_in(await get(place), place)[0]


def getter(client: httpx.AsyncClient) -> Get:
    """Asks politely: no redirects to elsewhere, and never more than `BYTES_MAX` of an answer."""

    async def get(url: str) -> bytes:
        try:
            async with client.stream("GET", url, headers={"Accept": "application/json"}) as response:
                if response.status_code != 200:
                    raise Refused("import-refused", f"{url} answered {response.status_code}.")
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > BYTES_MAX:
                        raise Refused("import-too-large", f"{url} answered with more than {BYTES_MAX} bytes.")
                return body
        except httpx.HTTPError as error:
            raise Refused("import-away", f"{url} cannot be read ({type(error).__name__}).") from None

    return get
