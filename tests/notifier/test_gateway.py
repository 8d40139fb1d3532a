"""Texts through a gateway over real HTTP: what is posted, and what each answer or silence means."""

import json
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from httpx import AsyncHTTPTransport

from services.notifier.channels.gateway import GatewayTexts
from services.notifier.channels.posting import Posting, retry_after
from services.notifier.domain.failure import Failure, SendFailed
from shared.clock import utc_now
from tests.notifier.http_server import Nothing, Reply, Script, nobody_listens, web_server
from tests.notifier.smtp_server import self_signed
from tests.notifier.world import MOBILE, NOON, a_text

TOKEN = "a token of tests"


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway, its port and what it was asked."""

    sender: GatewayTexts
    script: Script
    port: int


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def port(script: Script) -> Iterator[int]:
    with web_server(script) as port:
        yield port


@pytest.fixture
async def running(script: Script, port: int) -> AsyncIterator[Running]:
    sender = GatewayTexts(f"http://127.0.0.1:{port}/texts", TOKEN, Posting(utc_now, AsyncHTTPTransport))
    yield Running(sender, script, port)
    await sender.rest()


async def failed(sender: GatewayTexts) -> SendFailed:
    with pytest.raises(SendFailed) as fault:
        await sender.send(a_text())
    return fault.value


async def test_a_text_is_posted_with_its_id_as_idempotency_key(running: Running) -> None:
    running.script.replies.append(Reply(202))
    receipt = await running.sender.send(a_text())
    [asked] = running.script.asked
    assert (asked.method, asked.path) == ("POST", "/texts")
    assert json.loads(asked.body) == {"id": str(a_text().id), "to": MOBILE, "text": a_text().text}
    assert asked.headers["idempotency-key"] == str(a_text().id)
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert receipt.reference == f"gateway:{a_text().id}"


@pytest.mark.parametrize(
    ("reply", "failure", "code"),
    [
        (Reply(301, headers={"location": "/elsewhere"}), "transient", "301"),
        (Reply(307, headers={"location": "/elsewhere"}), "transient", "307"),
        (Reply(400), "config", "400"),
        (Reply(401), "auth", "401"),
        (Reply(403), "auth", "403"),
        (Reply(404), "config", "404"),
        (Reply(408), "transient", "408"),
        (Reply(409), "transient", "409"),
        (Reply(410), "permanent_recipient", "410"),
        (Reply(422), "permanent_recipient", "422"),
        (Reply(429), "rate", "429"),
        (Reply(451), "policy", "451"),
        (Reply(500), "transient", "500"),
        (Reply(502), "ambiguous", "502"),
        (Reply(503), "transient", "503"),
        (Reply(504), "ambiguous", "504"),
        (Nothing.BREAK_OFF, "ambiguous", "no-answer"),
    ],
)
async def test_each_answer_has_its_class_and_no_redirect_is_followed(
    running: Running, reply: Reply | Nothing, failure: str, code: str
) -> None:
    running.script.replies.append(reply)
    fault = await failed(running.sender)
    assert (fault.failure, fault.code) == (Failure(failure), code)
    assert len(running.script.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_wait_that_the_gateway_asks_for_is_kept(running: Running, status: int) -> None:
    running.script.replies.append(Reply(status, headers={"retry-after": "40"}))
    assert (await failed(running.sender)).retry_after == timedelta(seconds=40)


async def test_an_answer_that_does_not_come_leaves_open_whether_it_was_taken(port: int, script: Script) -> None:
    script.replies.append(Nothing.SILENCE)
    posting = Posting(utc_now, AsyncHTTPTransport, whole_limit_s=0.05)
    sender = GatewayTexts(f"http://127.0.0.1:{port}/", TOKEN, posting)
    assert (await failed(sender)).failure is Failure.AMBIGUOUS
    await sender.rest()


async def test_a_gateway_that_is_away_cannot_have_taken_anything() -> None:
    sender = GatewayTexts(f"http://127.0.0.1:{nobody_listens()}/", TOKEN, Posting(utc_now, AsyncHTTPTransport))
    fault = await failed(sender)
    await sender.rest()
    assert (fault.failure, fault.code) == (Failure.TRANSIENT, "unreachable")


async def test_a_gateway_whose_certificate_does_not_hold_is_told_nothing(tmp_path: Path, script: Script) -> None:
    context, trusted = self_signed(tmp_path)
    with web_server(script, tls=context) as port:
        strict = GatewayTexts(f"https://127.0.0.1:{port}/", TOKEN, Posting(utc_now, AsyncHTTPTransport))
        fault = await failed(strict)
        await strict.rest()
        assert (fault.failure, fault.code, script.asked) == (Failure.AUTH, "untrusted", [])
        trust = ssl.create_default_context(cafile=trusted)
        trusting = GatewayTexts(
            f"https://127.0.0.1:{port}/", TOKEN, Posting(utc_now, lambda: AsyncHTTPTransport(verify=trust))
        )
        await trusting.send(a_text())
        await trusting.rest()
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Wed, 15 Apr 2020 11:00:30 GMT", 30),
        ("Wed, 15 Apr 2020 10:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("9" * 40, 10**8),
        ("", None),
        (None, None),
    ],
)
def test_a_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: int | None) -> None:
    wait = retry_after(header, NOON)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))
