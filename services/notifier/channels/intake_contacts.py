"""Asks intake, over HTTP, where an update is to be sent now: the one call from service to service."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from services.notifier.domain.failure import Failure, NotAddressed, Withheld

LIMIT_S = 10.0
REASON = re.compile(r"[a-z_]{1,32}")


@dataclass(frozen=True, slots=True)
class IntakeContacts:
    """`services.notifier.ports.Contacts` over HTTP. `url` is where intake is, `token` the secret that we share."""

    url: str
    token: str
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def address_for(self, update_id: UUID) -> str:
        """The address. Raises Withheld, and NotAddressed when intake cannot be asked: TRANSIENT or AUTH."""
        path = f"{self.url}/internal/v1/updates/{update_id}/contact"
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            # Updates are few, so each has a connection of its own and nothing is to be given back.
            async with (
                asyncio.timeout(LIMIT_S),
                httpx.AsyncClient(verify=self.tls, trust_env=False, timeout=LIMIT_S) as client,
            ):
                return address_in(await client.post(path, headers=headers))
        except (httpx.HTTPError, TimeoutError) as away:
            raise NotAddressed(Failure.TRANSIENT, "intake-away") from away


@dataclass(frozen=True, slots=True)
class NoContacts:
    """Where no intake can be asked, nobody is told, and the message says so."""

    async def address_for(self, update_id: UUID) -> str:
        """Raises NotAddressed(CONFIG)."""
        raise NotAddressed(Failure.CONFIG, "intake-none")


def address_in(answer: httpx.Response) -> str:
    """The address in intake's answer. Raises Withheld and NotAddressed, with a code and no word of it."""
    body = _json(answer)
    if answer.status_code == 200 and isinstance(body.get("address"), str):
        return str(body["address"])
    if answer.status_code in (401, 403):
        raise NotAddressed(Failure.AUTH, f"intake-{answer.status_code}")
    # A 404 that does not come from intake itself means that something else was asked.
    if answer.status_code == 404 and body.get("code") == "not_found":
        raise Withheld("unknown")
    if answer.status_code in (409, 410):
        reason = str(body.get("reason"))
        raise Withheld(reason if REASON.fullmatch(reason) else "not_to_be_told")
    raise NotAddressed(Failure.TRANSIENT, f"intake-{answer.status_code}")


def _json(answer: httpx.Response) -> dict[str, object]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
