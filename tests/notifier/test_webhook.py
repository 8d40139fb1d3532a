"""Webhooks over real HTTPS: signed, thin, to public addresses only; and what each answer means."""

import json
import re
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest
from httpx import AsyncHTTPTransport

from services.notifier.channels.posting import Posting
from services.notifier.channels.public_only import Address, PublicOnly, is_public, public_only, resolve
from services.notifier.channels.webhook import WebhookSender
from services.notifier.channels.webhook_signature import key_of, read_keys, signed_headers, webhook_id
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Hook
from services.notifier.domain.notice import hook_for
from services.notifier.domain.notification import Channel, Purpose
from shared.clock import utc_now
from tests.notifier.http_server import Nothing, Reply, Script, nobody_listens, web_server
from tests.notifier.smtp_server import self_signed
from tests.notifier.world import NOON, SERVICE, a_notification, an_offer

PAGE = (Path(__file__).parents[2] / "docs" / "channels.md").read_text()
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
# Published with the standard's tools, recomputed by hand.
VECTOR_ID, VECTOR_AT = "msg_018f0000000070008000000000000009", datetime.fromtimestamp(1767225600, UTC)
VECTOR_BODY = (
    b'{"type":"assignment.accepted","timestamp":"2026-01-01T00:00:00Z",'
    b'"data":{"assignment_id":"018f0000-0000-7000-8000-000000000001"}}'
)
VECTOR_SIGNATURE = "v1,mFNLcDROnqpF/6MpW+9v4avvY/j+u9kJx7ndh+Tb7q0="
IsGenuine = Callable[[str, Mapping[str, str], bytes, float], bool]


def is_genuine() -> IsGenuine:
    """The receiver's check, as docs/channels.md gives it."""
    [source] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, object] = {}
    exec(source, names)
    return cast(IsGenuine, names["is_genuine"])


def a_hook(*, to: str = "https://partner.example/hook", **of: object) -> Hook:
    notification = a_notification(channel=Channel.WEBHOOK, address=to, **of)  # type: ignore[arg-type]  # its own names
    return hook_for(notification)


# -- signing -----------------------------------------------------------------------------------------------------------


def test_a_signature_is_that_of_the_published_example() -> None:
    assert signed_headers(VECTOR_ID, VECTOR_AT, VECTOR_BODY, (KEY,)) == {
        "webhook-id": VECTOR_ID,
        "webhook-timestamp": "1767225600",
        "webhook-signature": VECTOR_SIGNATURE,
    }
    assert len(VECTOR_BODY) == 129


def test_the_same_instant_in_another_time_zone_is_signed_alike() -> None:
    summer = VECTOR_AT.astimezone(timezone(timedelta(hours=1)))
    assert signed_headers(VECTOR_ID, summer, VECTOR_BODY, (KEY,))["webhook-signature"] == VECTOR_SIGNATURE


def test_while_a_secret_is_replaced_both_signatures_are_sent() -> None:
    headers = signed_headers(VECTOR_ID, VECTOR_AT, VECTOR_BODY, (OTHER_KEY, KEY))
    first, second = headers["webhook-signature"].split(" ")
    assert second == VECTOR_SIGNATURE != first
    other = "whsec_" + b64encode(OTHER_KEY).decode()
    for secret in (SECRET, other):
        assert is_genuine()(secret, headers, VECTOR_BODY, 1767225600)


def test_the_example_on_the_page_is_the_published_one_and_passes_its_own_check() -> None:
    told = dict(re.findall(r"^\| ([a-z-]+)[^|]* \| `(.*)` \|$", PAGE.partition("To try it")[2], re.M))
    assert told["body"].encode() == VECTOR_BODY
    assert (told["secret"], told["webhook-signature"]) == (SECRET, VECTOR_SIGNATURE)
    assert is_genuine()(told["secret"], told, told["body"].encode(), 1767225600 + 300)


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({"webhook-id": "msg_2"}, VECTOR_BODY, 1767225600),
        ({"webhook-timestamp": "1767225601"}, VECTOR_BODY, 1767225600),
        ({"webhook-timestamp": "yesterday"}, VECTOR_BODY, 1767225600),
        ({"webhook-signature": "v1"}, VECTOR_BODY, 1767225600),
        ({"webhook-signature": " ,v1,,= é"}, VECTOR_BODY, 1767225600),
        ({"webhook-signature": VECTOR_SIGNATURE.replace("v1,", "v1a,")}, VECTOR_BODY, 1767225600),
        ({}, VECTOR_BODY + b" ", 1767225600),
        ({}, b"\xff\xfe", 1767225600),
        ({}, VECTOR_BODY, 1767225600 + 301),
        ({}, VECTOR_BODY, 1767225600 - 301),
    ],
)
def test_the_check_on_the_page_refuses_what_was_changed_and_what_is_stale(
    changed: dict[str, str], body: bytes, now: float
) -> None:
    headers = signed_headers(VECTOR_ID, VECTOR_AT, VECTOR_BODY, (KEY,)) | changed
    assert not is_genuine()(SECRET, headers, body, now)


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", SECRET.removeprefix("whsec_"), "whsec_AA==", "whsec_" + b64encode(bytes(65)).decode(), "whsec_é"],
)
def test_a_secret_that_is_too_short_too_long_or_malformed_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="must be whsec_") as fault:
        key_of(secret)
    assert not secret.strip("whsec_") or secret not in str(fault.value)


def test_secrets_are_read_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"a": SECRET, "b": [SECRET, SECRET]}))
    assert read_keys(file) == {"a": (KEY,), "b": (KEY, KEY)}


@pytest.mark.parametrize("text", ["", "[]", '"whsec_x"', '{"svc-a": 5}', '{"svc-a": []}', '{"svc-a": ["whsec_AA=="]}'])
def test_a_file_of_secrets_that_is_wrong_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text)
    with pytest.raises(ValueError, match=r"JSON|svc-a"):
        read_keys(tmp_path / "secrets.json")
    with pytest.raises(ValueError, match="cannot be read"):
        read_keys(tmp_path / "nowhere.json")


# -- what is told ------------------------------------------------------------------------------------------------------


def test_an_offer_is_told_in_ids_and_codes() -> None:
    body = json.loads(a_hook().body)
    assert body == {
        "type": "assignment.offered",
        "timestamp": "2020-04-15T11:00:00Z",
        "data": {
            "assignment_id": str(an_offer().assignment_id),
            "referral_id": str(an_offer().referral_id),
            "reference": "7K3M-2QX",
            "service_id": SERVICE,
            "priority": "P3",
            "reply_by": "2020-04-16T16:00:00Z",
        },
    }


@pytest.mark.parametrize(
    "hook", [a_hook(purpose=Purpose.RECALL), a_hook(offer=an_offer(safe_contact_only=True))], ids=["recall", "safe"]
)
def test_a_recall_and_an_offer_with_safe_contact_are_told_in_ids_alone(hook: Hook) -> None:
    assert set(json.loads(hook.body)["data"]) == {"assignment_id", "referral_id", "reference", "service_id"}


# -- posting -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner's system with a name and a certificate, and a sender that finds it at its name."""

    script: Script
    port: int
    sender: WebhookSender

    def hook(self) -> Hook:
        return a_hook(to=f"https://partner.example:{self.port}/hook?from=waymark")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def trust(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    return self_signed(tmp_path)


@pytest.fixture
def port(script: Script, trust: tuple[ssl.SSLContext, Path]) -> Iterator[int]:
    with web_server(script, tls=trust[0]) as port:
        yield port


def sender_by(transport: Callable[[], PublicOnly], limit_s: float = 5.0) -> WebhookSender:
    posting = Posting(utc_now, transport, whole_limit_s=limit_s)
    return WebhookSender({SERVICE: (KEY,)}, posting, utc_now)


def leading_here(trusted: Path) -> Callable[[], PublicOnly]:
    """Every name leads to this machine, and that is allowed: for tests of all else."""

    async def here(_: str, __: int) -> tuple[Address, ...]:
        return (ip_address("127.0.0.1"),)

    context = ssl.create_default_context(cafile=trusted)
    return lambda: PublicOnly(AsyncHTTPTransport(verify=context), resolve=here, allows=lambda _: True)


@pytest.fixture
async def partner(script: Script, port: int, trust: tuple[ssl.SSLContext, Path]) -> AsyncIterator[Partner]:
    sender = sender_by(leading_here(trust[1]))
    yield Partner(script, port, sender)
    await sender.rest()


async def failed(sender: WebhookSender, hook: Hook) -> SendFailed:
    with pytest.raises(SendFailed) as fault:
        await sender.send(hook)
    return fault.value


async def test_a_message_arrives_signed_under_its_name(partner: Partner) -> None:
    hook = partner.hook()
    receipt = await partner.sender.send(hook)
    [asked] = partner.script.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/hook", {"from": ["waymark"]})
    assert asked.headers["host"] == f"partner.example:{partner.port}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == webhook_id(hook.id)
    assert "." not in asked.headers["webhook-id"]
    assert asked.body == hook.body
    assert is_genuine()(SECRET, asked.headers, asked.body, utc_now().timestamp())
    assert receipt.reference == f"webhook:{hook.id}"


async def test_each_attempt_has_the_same_id_and_body_and_its_own_time(partner: Partner) -> None:
    instants = iter((NOON, NOON + timedelta(minutes=5)))
    sender = replace(partner.sender, now=lambda: next(instants))
    for _ in range(2):
        await sender.send(partner.hook())
    first, second = partner.script.asked
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 300


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_success_is_success(partner: Partner, status: int) -> None:
    partner.script.replies.append(Reply(status))
    await partner.sender.send(partner.hook())


@pytest.mark.parametrize(
    ("reply", "failure", "code", "wait_s"),
    [
        (Reply(301, headers={"location": "https://elsewhere.example/"}), "transient", "301", None),
        (Reply(400), "transient", "400", None),
        (Reply(401), "transient", "401", None),
        (Reply(404), "transient", "404", None),
        (Reply(429), "rate", "429", 60),
        (Reply(429, headers={"retry-after": "300"}), "rate", "429", 300),
        (Reply(500), "transient", "500", None),
        (Reply(502), "rate", "502", 60),
        (Reply(503, headers={"retry-after": "30"}), "transient", "503", 30),
        (Reply(504), "rate", "504", 60),
        (Nothing.BREAK_OFF, "transient", "no-answer", None),
    ],
)
async def test_each_answer_has_its_class_and_no_redirect_is_followed(
    partner: Partner, reply: Reply | Nothing, failure: str, code: str, wait_s: int | None
) -> None:
    partner.script.replies.append(reply)
    fault = await failed(partner.sender, partner.hook())
    assert (fault.failure, fault.code) == (Failure(failure), code)
    assert fault.retry_after == (None if wait_s is None else timedelta(seconds=wait_s))
    assert len(partner.script.asked) == 1


async def test_an_endpoint_that_says_it_is_gone_is_not_posted_to_again(partner: Partner) -> None:
    partner.script.replies.append(Reply(410))
    faults = [await failed(partner.sender, partner.hook()) for _ in range(2)]
    assert [(fault.failure, fault.code) for fault in faults] == [
        (Failure.PERMANENT_RECIPIENT, "410"),
        (Failure.PERMANENT_RECIPIENT, "disabled"),
    ]
    await partner.sender.send(replace(partner.hook(), to=f"https://partner.example:{partner.port}/new"))
    assert [asked.path for asked in partner.script.asked] == ["/hook", "/new"]


async def test_an_endpoint_that_does_not_answer_is_left_after_its_time(
    port: int, script: Script, trust: tuple[ssl.SSLContext, Path]
) -> None:
    script.replies.append(Nothing.SILENCE)
    sender = sender_by(leading_here(trust[1]), limit_s=0.3)
    fault = await failed(sender, a_hook(to=f"https://partner.example:{port}/"))
    await sender.rest()
    assert (fault.failure, fault.code) == (Failure.TRANSIENT, "no-answer")


async def test_without_a_secret_nothing_is_posted(partner: Partner) -> None:
    fault = await failed(replace(partner.sender, keys={}), partner.hook())
    assert (fault.failure, fault.code, partner.script.asked) == (Failure.CONFIG, "no-secret", [])


async def test_a_body_that_is_too_long_is_not_posted(partner: Partner) -> None:
    fault = await failed(partner.sender, replace(partner.hook(), body=b"x" * 20_000))
    assert (fault.failure, partner.script.asked) == (Failure.CONFIG, [])


async def test_the_certificate_must_be_that_of_the_name(partner: Partner) -> None:
    fault = await failed(partner.sender, a_hook(to=f"https://another.example:{partner.port}/hook"))
    assert (fault.failure, fault.code, partner.script.asked) == (Failure.AUTH, "untrusted", [])


async def test_a_partner_that_is_away_is_tried_again(trust: tuple[ssl.SSLContext, Path]) -> None:
    sender = sender_by(leading_here(trust[1]))
    fault = await failed(sender, a_hook(to=f"https://partner.example:{nobody_listens()}/"))
    await sender.rest()
    assert (fault.failure, fault.code) == (Failure.TRANSIENT, "unreachable")


async def test_nothing_is_ever_posted_unencrypted(partner: Partner) -> None:
    fault = await failed(partner.sender, a_hook(to=f"http://partner.example:{partner.port}/"))
    assert (fault.failure, partner.script.asked) == (Failure.TRANSIENT, [])


async def test_a_url_that_is_none_is_our_fault(partner: Partner) -> None:
    assert (await failed(partner.sender, a_hook(to="https://partner.example:port/"))).failure is Failure.CONFIG


# -- public addresses only ---------------------------------------------------------------------------------------------

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
