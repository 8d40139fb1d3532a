"""GOV.UK Notify as its published API describes it, over real HTTP on this machine."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid5

from notifications_python_client.authentication import decode_jwt_token
from notifications_python_client.errors import TokenError

from services.notifier.channels.notify import Notify, NotifyAccount, NotifyEmails, NotifyTexts
from services.notifier.channels.templates import FOLDER
from shared.events import Priority
from tests.notifier.heard import offered
from tests.notifier.http_server import Asked, Nothing, Reply, web_server
from tests.notifier.world import IDS, World

SERVICE_ID, SECRET = str(uuid5(IDS, "service")), str(uuid5(IDS, "secret"))
KEY = f"tests-{SERVICE_ID}-{SECRET}"
EMAILS = ("offer.email", "offer-safe.email", "recall.email", "reminder.email")
TEXTS = ("offer.text", "offer-safe.text", "recall.text", "reminder.text")
NAMES = (*EMAILS, *TEXTS)
TEMPLATES = {name: uuid5(IDS, name) for name in NAMES}
VERSION = 3
PLACEHOLDERS = {"offer.email": ("reference", "reply_by"), "offer.text": ("reference", "sender_in_texts")}
TRIAL = (
    "Can't send to this recipient when service is in trial mode - "
    "see https://www.notifications.service.gov.uk/trial-mode"
)
Json = dict[str, Any]  # JSON of many shapes


def refusal(status: int, kind: str, words: str, headers: Mapping[str, str] | None = None) -> Reply:
    """An error in Notify's form."""
    body = {"status_code": status, "errors": [{"error": kind, "message": words}]}
    return Reply(status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})


def as_at_notify(name: str) -> Json:
    """Our template as somebody would have typed it at Notify."""
    words = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").partition("\n---\n")[2]
    body = re.sub(r"{{ (\w+) }}", r"((\1))", re.sub(r"{%.*?%}", "", words))
    if name in TEXTS:
        return {"type": "sms", "body": body}
    return {"type": "email", "subject": "Referral ((reference))", "body": body}


@dataclass(frozen=True, slots=True)
class Instead:
    """What is answered in place of the usual; `taken` says whether the message is taken all the same."""

    reply: Reply | Nothing
    taken: bool = False


@dataclass(slots=True)
class FakeNotify:
    """One service at Notify. `script` is used up by sends, `listing` by look-ups; `daily_limit` counts sends."""

    port: int = 0
    script: list[Instead] = field(default_factory=list)
    listing: list[Reply | Nothing] = field(default_factory=list)
    daily_limit: int = 1000
    taken: list[Json] = field(default_factory=list)
    sends: int = 0
    looks: int = 0
    secret: str = SECRET
    templates: dict[str, Json] = field(default_factory=lambda: {name: as_at_notify(name) for name in NAMES})
    template_looks: int = 0
    statuses: dict[str, str] = field(default_factory=dict)
    asked_after: list[str] = field(default_factory=list)

    def account(self, **instead: Any) -> NotifyAccount:  # any of its fields
        return NotifyAccount(
            **{"key": KEY, "templates": TEMPLATES, "base_url": f"http://127.0.0.1:{self.port}"} | instead
        )

    def __call__(self, asked: Asked) -> Reply | Nothing:
        refused = self._refused(asked)
        if refused is not None:
            return refused
        if asked.method == "GET" and asked.path == "/v2/notifications":
            return self._list(asked)
        if asked.method == "GET" and asked.path.startswith("/v2/template/"):
            return self._template(asked.path.rpartition("/")[2])
        if asked.method == "GET" and asked.path.startswith("/v2/notifications/"):
            return self._one(asked.path.rpartition("/")[2])
        if asked.method == "POST" and asked.path in {"/v2/notifications/email", "/v2/notifications/sms"}:
            return self._send(asked.path.rpartition("/")[2], json.loads(asked.body))
        return refusal(404, "NoResultFound", "No result found")

    def _refused(self, asked: Asked) -> Reply | None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            decode_jwt_token(token, self.secret)
        except TokenError:
            return refusal(403, "AuthError", "Invalid token: API key not found")
        return None

    def _send(self, kind: str, wanted: Json) -> Reply | Nothing:
        self.sends += 1
        if self.script:
            instead = self.script.pop(0)
            if instead.taken:
                self._take(kind, wanted)
            return instead.reply
        wrong = _wrong(kind, wanted)
        if wrong is not None:
            return wrong
        if len(self.taken) >= self.daily_limit:
            words = f"Exceeded send limits ({kind}: {self.daily_limit}) for today"
            return refusal(429, "TooManyRequestsError", words)
        return Reply(201, json.dumps(self._take(kind, wanted)).encode(), {"content-type": "application/json"})

    def _take(self, kind: str, wanted: Json) -> Json:
        notification_id = str(uuid5(IDS, f"notify {len(self.taken)}"))
        taken = {
            "id": notification_id,
            "reference": wanted.get("reference"),
            "content": {"body": "…"},
            "uri": f"/v2/notifications/{notification_id}",
            "scheduled_for": None,
            "template": {"id": wanted["template_id"], "version": VERSION, "uri": "/v2/template"},
        }
        self.taken.append(taken | {"type": kind, "asked": wanted})
        return taken

    def _template(self, template_id: str) -> Reply | Nothing:
        self.template_looks += 1
        name = next((name for name, known in TEMPLATES.items() if str(known) == template_id), "")
        if name not in self.templates:
            return refusal(404, "NoResultFound", "No result found")
        body = {"id": template_id, "version": VERSION, "created_by": "someone", **self.templates[name]}
        return Reply(200, json.dumps(body).encode(), {"content-type": "application/json"})

    def _list(self, asked: Asked) -> Reply | Nothing:
        self.looks += 1
        if self.listing:
            return self.listing.pop(0)
        [reference] = asked.query["reference"]
        found = [
            {**{name: one[name] for name in ("id", "reference", "template", "type")}, "status": "created"}
            for one in self.taken
            if one["reference"] == reference
        ]
        body = {"notifications": found, "links": {"current": f"/v2/notifications?reference={reference}"}}
        return Reply(200, json.dumps(body).encode(), {"content-type": "application/json"})

    def _one(self, notification_id: str) -> Reply:
        self.asked_after.append(notification_id)
        for one in self.taken:
            if one["id"] == notification_id:
                return Reply(200, json.dumps(self._as_asked(one)).encode(), {"content-type": "application/json"})
        return refusal(404, "NoResultFound", "No result found")

    def _as_asked(self, one: Json) -> Json:
        status = self.statuses.get(one["id"], "sending")
        told = {name: one[name] for name in ("id", "reference", "template", "type")} | {"status": status}
        address = one["asked"].get("email_address")
        return told | {"email_address": address, "completed_at": "2020-04-15T11:00:02.000000Z"}

    def callback(self, one: Json, status: str) -> Json:
        """What Notify posts to a service's callback once a message has a final status."""
        return {
            "id": one["id"],
            "reference": one["reference"],
            "to": one["asked"].get("email_address") or one["asked"].get("phone_number"),
            "status": status,
            "created_at": "2020-04-15T11:00:00.000000Z",
            "completed_at": "2020-04-15T11:00:02.000000Z",
            "sent_at": "2020-04-15T11:00:01.000000Z",
            "notification_type": one["type"],
            "template_id": one["template"]["id"],
            "template_version": VERSION,
        }


def _wrong(kind: str, wanted: Json) -> Reply | None:
    if kind == "sms" and not re.fullmatch(r"(07|\+447)\d{9}", wanted["phone_number"].replace(" ", "")):
        return refusal(400, "ValidationError", "phone_number Not enough digits")
    if kind == "email" and "@" not in wanted["email_address"]:
        return refusal(400, "ValidationError", "email_address Not a valid email address")
    names = {str(template): name for name, template in TEMPLATES.items()}
    name = names.get(wanted["template_id"])
    if name is None:
        return refusal(400, "BadRequestError", "Template not found")
    missing = [place for place in PLACEHOLDERS.get(name, ()) if place not in wanted.get("personalisation", {})]
    if missing:
        return refusal(400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}")
    return None


async def by_notify(world: World, notify: Notify, priority: Priority = "P3") -> None:
    """Have Notify take an offer by e-mail."""
    await world.hear(offered(channels=("email",), priority=priority))
    await world.worker(NotifyEmails(notify), NotifyTexts(notify)).run_once()


@contextmanager
def notify_server() -> Iterator[FakeNotify]:
    """A Notify of this test's own."""
    fake = FakeNotify()
    with web_server(fake) as port:
        fake.port = port
        yield fake
