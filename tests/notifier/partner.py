"""What webhook tests share: the receiver's check from the page, a message, and a sender that finds this machine."""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest
from httpx import AsyncHTTPTransport

from services.notifier.channels.posting import Posting
from services.notifier.channels.public_only import Address, PublicOnly
from services.notifier.channels.webhook import WebhookSender
from services.notifier.domain.failure import SendFailed
from services.notifier.domain.message import Hook
from services.notifier.domain.notice import hook_for
from services.notifier.domain.notification import Channel
from shared.clock import utc_now
from tests.notifier.http_server import Script
from tests.notifier.world import SERVICE, a_notification

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


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner's system with a name and a certificate, and a sender that finds it at its name."""

    script: Script
    port: int
    sender: WebhookSender

    def hook(self) -> Hook:
        return a_hook(to=f"https://partner.example:{self.port}/hook?from=waymark")


def sender_by(transport: Callable[[], PublicOnly], limit_s: float = 5.0) -> WebhookSender:
    posting = Posting(utc_now, transport, whole_limit_s=limit_s)
    return WebhookSender({SERVICE: (KEY,)}, posting, utc_now)


def leading_here(trusted: Path) -> Callable[[], PublicOnly]:
    """Every name leads to this machine, and that is allowed: for tests of all else."""

    async def here(_: str, __: int) -> tuple[Address, ...]:
        return (ip_address("127.0.0.1"),)

    context = ssl.create_default_context(cafile=trusted)
    return lambda: PublicOnly(AsyncHTTPTransport(verify=context), resolve=here, allows=lambda _: True)


async def failed(sender: WebhookSender, hook: Hook) -> SendFailed:
    with pytest.raises(SendFailed) as fault:
        await sender.send(hook)
    return fault.value
