"""A way out to public addresses only, and to hosts the operator names: no URL of a partner's may lead inside (SSRF)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

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
    addresses: a second look-up could be given another answer. The certificate is checked against the name. Hosts in
    `private` may lead anywhere.

    Nothing is kept between requests, because two names on one address must not share a connection.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        resolve: Resolve = resolve,
        allows: Allows = is_public,
        private: Collection[str] = (),
    ) -> None:
        self._inner = inner
        self._resolve = resolve
        self._allows = allows
        self._private = frozenset(private)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`. Raises NotPublic, UnsupportedProtocol unless it is https, and ConnectError."""
        url = request.url
        if url.scheme != "https":
            raise httpx.UnsupportedProtocol("only https")
        try:
            addresses = await self._resolve(url.host, url.port or 443)
        except (OSError, UnicodeError) as unknown:
            raise httpx.ConnectError("unknown host") from unknown
        if not addresses or not (url.host in self._private or all(map(self._allows, addresses))):
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


def public_only(private: Collection[str] = (), ca_file: Path | None = None) -> PublicOnly:
    """For posting to URLs that partners name: no proxy, certificates checked, connections not kept.

    `private` are hosts on our own network that may be reached too, `ca_file` certificates to trust besides the usual.
    """
    trust = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        trust.load_verify_locations(ca_file)
    limits = httpx.Limits(max_keepalive_connections=0)
    return PublicOnly(httpx.AsyncHTTPTransport(verify=trust, trust_env=False, limits=limits), private=private)
