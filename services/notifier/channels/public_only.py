"""A way out that reaches public addresses only: a partner's URL must never lead into our own network (SSRF)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[tuple[Address, ...]]]
Allows = Callable[[Address], bool]

# Public by number, yet answered by the cloud's own machinery.
METADATA = frozenset({ip_address("168.63.129.16")})
# IPv6 that is translated to IPv4 on the way.
TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


class NotPublic(httpx.ConnectError):
    """The name leads, or may lead, to an address that is not public."""


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach `address`: not private, loopback, link-local or metadata."""
    if isinstance(address, IPv6Address):
        if address.teredo is not None or any(address in network for network in TRANSLATED):
            return False
        within = address.ipv4_mapped or address.sixtofour
        if within is not None:
            return is_public(within)
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in METADATA


async def resolve(host: str, port: int) -> tuple[Address, ...]:
    """Every address of `host`. Raises OSError when it has none."""
    try:
        return (ip_address(host.strip("[]")),)
    except ValueError:
        pass
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


class PublicOnly(httpx.AsyncBaseTransport):
    """Looks a name up once, refuses it unless all of its addresses are allowed, and connects to one of those very
    addresses: a second look-up could be given another answer. The certificate is checked against the name.

    Nothing is kept between requests, because two names on one address must not share a connection.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, *, resolve: Resolve = resolve, allows: Allows = is_public
    ) -> None:
        self._inner = inner
        self._resolve = resolve
        self._allows = allows

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`. Raises NotPublic, UnsupportedProtocol unless it is https, and ConnectError."""
        url = request.url
        if url.scheme != "https":
            raise httpx.UnsupportedProtocol("only https")
        try:
            addresses = await self._resolve(url.host, url.port or 443)
        except (OSError, UnicodeError) as unknown:
            raise httpx.ConnectError("unknown host") from unknown
        if not addresses or not all(map(self._allows, addresses)):
            raise NotPublic("not a public address")
        pinned = httpx.Request(
            request.method,
            url.copy_with(host=str(addresses[0])),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": url.host},
        )
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        """Close what is below."""
        await self._inner.aclose()


def public_only() -> PublicOnly:
    """For posting to URLs that partners name: no proxy, certificates checked, connections not kept."""
    return PublicOnly(httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)))
