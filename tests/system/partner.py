"""A partner's own system: a web server that takes our webhooks when their signature is right."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.clock import Clock
from tests.notifier.http_server import Asked, Reply, web_server
from tests.notifier.partner import is_genuine
from tests.notifier.smtp_server import self_signed
from tests.system.caller import Json

HOST = "127.0.0.1"
SECRET = f"whsec_{b64encode(bytes(range(32))).decode()}"


@dataclass(slots=True)
class PartnerSystem:
    """Checks what is posted as docs/channels.md says, by the clock `now`, and remembers each message by its id."""

    folder: Path
    now: Clock
    port: int = 0
    refused: int = 0
    taken: dict[str, Json] = field(default_factory=dict)
    _is_genuine = staticmethod(is_genuine())

    @property
    def url(self) -> str:
        """Where it takes webhooks."""
        return f"https://{HOST}:{self.port}/waymark"

    def settings(self, services: Sequence[str]) -> dict[str, str]:
        """The notifier's settings with which it reaches this system for `services`."""
        secrets = self.folder / "webhook-secrets.json"
        secrets.write_text(json.dumps(dict.fromkeys(services, SECRET)), encoding="utf-8")
        return {
            "webhook_secrets_file": str(secrets),
            "webhook_private_hosts": HOST,
            "webhook_ca_file": str(self.folder / "trusted.pem"),
        }

    def told_of(self, reference: str) -> list[tuple[str, str]]:
        """Service and type of each message about a referral, in the order in which they came."""
        about = (each for each in list(self.taken.values()) if each["data"]["reference"] == reference)
        return [(each["data"]["service_id"], each["type"]) for each in about]

    def __call__(self, asked: Asked) -> Reply:
        """Take one message."""
        if not self._is_genuine(SECRET, asked.headers, asked.body, self.now().timestamp()):
            self.refused += 1
            return Reply(401)
        self.taken.setdefault(asked.headers["webhook-id"], json.loads(asked.body))
        return Reply(204)


@contextmanager
def partner_system(folder: Path, now: Clock) -> Iterator[PartnerSystem]:
    """One that answers while the block runs; its certificate is in `folder`."""
    context, _ = self_signed(folder)
    system = PartnerSystem(folder, now)
    with web_server(system, tls=context) as system.port:
        yield system
