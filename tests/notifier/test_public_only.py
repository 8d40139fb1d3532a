"""Which addresses a partner's URL may lead to, and that nothing gets round it."""

import ssl
from ipaddress import ip_address
from pathlib import Path

import pytest
from httpx import AsyncHTTPTransport

from services.notifier.channels.public_only import Address, PublicOnly, is_public, public_only, resolve
from services.notifier.domain.failure import Failure
from tests.notifier.http_server import Script
from tests.notifier.partner import a_hook, failed, sender_by

NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
    "168.63.129.16", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:53aa:64c:0:fff0:80ff:fffe", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_of_an_inner_network_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"])
async def test_a_url_that_leads_inside_is_refused_before_anything_is_connected(
    script: Script, port: int, host: str
) -> None:
    sender = sender_by(public_only)
    fault = await failed(sender, a_hook(to=f"https://{host}:{port}/latest/meta-data"))
    await sender.rest()
    assert (fault.failure, fault.code) == (Failure.PERMANENT_RECIPIENT, "not-public")
    assert script.asked == []


async def test_a_name_with_one_inner_address_among_public_ones_is_refused(script: Script, port: int) -> None:
    async def both(_: str, __: int) -> tuple[Address, ...]:
        return ip_address("151.101.0.1"), ip_address("10.0.0.1")

    sender = sender_by(lambda: PublicOnly(AsyncHTTPTransport(), resolve=both))
    assert (await failed(sender, a_hook(to=f"https://partner.example:{port}/"))).code == "not-public"
    await sender.rest()


async def test_a_name_is_looked_up_once_for_each_post_so_that_its_answer_cannot_change_in_between(
    script: Script, port: int, trust: tuple[ssl.SSLContext, Path]
) -> None:
    looked_up: list[str] = []
    context = ssl.create_default_context(cafile=trust[1])

    async def changing(host: str, _: int) -> tuple[Address, ...]:
        looked_up.append(host)
        return (ip_address("127.0.0.1" if len(looked_up) == 1 else "10.0.0.1"),)

    def allows(address: Address) -> bool:
        return str(address) == "127.0.0.1"

    sender = sender_by(lambda: PublicOnly(AsyncHTTPTransport(verify=context), resolve=changing, allows=allows))
    await sender.send(a_hook(to=f"https://partner.example:{port}/"))
    assert (looked_up, len(script.asked)) == (["partner.example"], 1)
    assert (await failed(sender, a_hook(to=f"https://partner.example:{port}/"))).code == "not-public"
    await sender.rest()


async def test_a_name_that_nobody_knows_is_tried_again() -> None:
    async def unknown(_: str, __: int) -> tuple[Address, ...]:
        raise OSError

    sender = sender_by(lambda: PublicOnly(AsyncHTTPTransport(), resolve=unknown))
    fault = await failed(sender, a_hook())
    await sender.rest()
    assert (fault.failure, fault.code) == (Failure.TRANSIENT, "unreachable")


async def test_names_and_figures_are_resolved() -> None:
    assert ip_address("127.0.0.1") in await resolve("localhost", 443)
    assert await resolve("[::1]", 443) == await resolve("::1", 443) == (ip_address("::1"),)


async def test_a_host_of_our_own_network_is_reached_only_when_the_operator_names_it_and_its_certificate_is_trusted(
    script: Script, port: int, trust: tuple[ssl.SSLContext, Path]
) -> None:
    here, elsewhere = f"https://127.0.0.1:{port}/hook", f"https://localhost:{port}/hook"
    sender = sender_by(lambda: public_only(("127.0.0.1",), trust[1]))
    await sender.send(a_hook(to=here))
    assert len(script.asked) == 1
    assert (await failed(sender, a_hook(to=elsewhere))).code == "not-public"
    await sender.rest()
    unsigned = sender_by(lambda: public_only(("127.0.0.1",)))
    assert (await failed(unsigned, a_hook(to=here))).code == "untrusted"
    await unsigned.rest()
    assert len(script.asked) == 1
