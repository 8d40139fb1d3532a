"""E-mails and texts through GOV.UK Notify, by its own client, which is synchronous and not safe to share."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient
from requests.adapters import HTTPAdapter

from services.notifier.channels.notify_errors import classify
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Email, Message, Proof, Receipt, Text
from shared.clock import Clock

BASE_URL = "https://api.notifications.service.gov.uk"
CONNECT_LIMIT_S, READ_LIMIT_S = 5.0, 15.0
# The client's limit counts anew with each piece that arrives; this one is for the whole.
WHOLE_LIMIT_S = 25.0

Answer = dict[str, Any]  # JSON as Notify gives it
Call = Callable[[NotificationsAPIClient], Answer]


@dataclass(frozen=True, slots=True)
class NotifyAccount:
    """One service at Notify. `templates` gives the id there of each of our templates, such as "offer.email"."""

    key: str
    templates: Mapping[str, UUID]
    base_url: str = BASE_URL


@dataclass(slots=True)
class Notify:
    """Calls Notify in threads, each with a client of its own. Limits are in seconds."""

    account: NotifyAccount
    now: Clock
    limits_s: tuple[float, float] = (CONNECT_LIMIT_S, READ_LIMIT_S)
    whole_limit_s: float = WHOLE_LIMIT_S
    _idle: list[NotificationsAPIClient] = field(default_factory=list, init=False)

    def template(self, identity: str) -> str:
        """The id at Notify of our template "offer.email@1". Raises SendFailed(CONFIG) where there is none."""
        found = self.account.templates.get(identity.partition("@")[0])
        if found is None:
            raise SendFailed(Failure.CONFIG, "no-template")
        return str(found)

    async def call(self, call: Call) -> Answer:
        """What `call` gets from Notify. Raises SendFailed."""
        client = self._idle.pop() if self._idle else self._client()
        try:
            async with asyncio.timeout(self.whole_limit_s):
                answer = await asyncio.to_thread(_tried, call, client, self.now())
        except BaseException as cut_off:
            # Its thread may still be using it, so it is not used again.
            _close(client)
            if isinstance(cut_off, TimeoutError):
                raise SendFailed(Failure.AMBIGUOUS, "no-answer") from None
            raise
        self._idle.append(client)
        if isinstance(answer, SendFailed):
            raise answer
        return answer

    async def find(self, message_id: UUID) -> Receipt | None:
        """The message that Notify has under our id. Raises SendFailed: ABSENT when it has none."""

        def ask(client: NotificationsAPIClient) -> Answer:
            answer: Answer = client.get_all_notifications(reference=str(message_id))
            return answer

        try:
            answer = await self.call(ask)
        except SendFailed as failed:
            if failed.failure is Failure.AMBIGUOUS:
                # Asking sends nothing, so it can be repeated.
                raise SendFailed(Failure.TRANSIENT, failed.code) from failed
            raise
        try:
            known = [one for one in answer["notifications"] if one["reference"] == str(message_id)]
            if not known:
                raise SendFailed(Failure.ABSENT, "not-there")
            return receipt_of(message_id, known[0])
        except (LookupError, TypeError, ValueError):
            raise SendFailed(Failure.TRANSIENT, "invalid-response") from None

    async def rest(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            _close(self._idle.pop())

    def _client(self) -> NotificationsAPIClient:
        client = NotificationsAPIClient(self.account.key, self.account.base_url, self.limits_s)
        # A redirect would carry the key and the address to somewhere else.
        client.request_session.max_redirects = 0
        return client


@dataclass(frozen=True, slots=True)
class _ByNotify:
    """Each message by the template at Notify that goes with ours; Notify puts it into words."""

    notify: Notify

    async def find(self, message_id: UUID) -> Receipt | None:
        """What Notify has under this id. Raises SendFailed(ABSENT) when it has nothing."""
        return await self.notify.find(message_id)

    async def rest(self) -> None:
        """Let go of connections."""
        await self.notify.rest()

    async def _have_sent(self, message: Message, method: Callable[..., Answer]) -> Receipt:
        template = self.notify.template(message.template)

        def post(client: NotificationsAPIClient) -> Answer:
            values = dict(message.values)
            return method(client, message.to, template, personalisation=values, reference=str(message.id))

        return accepted(message.id, await self.notify.call(post))


class NotifyEmails(_ByNotify):
    """E-mails by Notify."""

    __slots__ = ()

    async def send(self, message: Email) -> Receipt:
        """Have one e-mail sent; Notify has it then, but has not sent it yet. Raises SendFailed."""
        return await self._have_sent(message, NotificationsAPIClient.send_email_notification)


class NotifyTexts(_ByNotify):
    """Texts by Notify."""

    __slots__ = ()

    async def send(self, message: Text) -> Receipt:
        """Have one text sent; Notify has it then, but has not sent it yet. Raises SendFailed."""
        return await self._have_sent(message, NotificationsAPIClient.send_sms_notification)


def _tried(call: Call, client: NotificationsAPIClient, now: datetime) -> Answer | SendFailed:
    """The client's own exceptions quote addresses and answers, so they do not leave this thread."""
    try:
        return call(client)
    except APIError as error:
        return classify(error, now)


def _close(client: NotificationsAPIClient) -> None:
    """Close its connections now; closing the session alone would leave that to the garbage collector."""
    for adapter in client.request_session.adapters.values():
        if isinstance(adapter, HTTPAdapter):
            pools = adapter.poolmanager.pools
            for key in pools.keys():  # noqa: SIM118 - this container refuses to be iterated
                pools[key].close()
    client.request_session.close()


def accepted(message_id: UUID, answer: Answer) -> Receipt:
    """The receipt in Notify's answer to a send. Raises SendFailed(AMBIGUOUS) when it cannot be read."""
    try:
        return receipt_of(message_id, answer)
    except (LookupError, TypeError, ValueError):
        raise SendFailed(Failure.AMBIGUOUS, "invalid-response") from None


def receipt_of(message_id: UUID, known: Answer) -> Receipt:
    """Notify's id, and its template with version: the words are Notify's."""
    template = known["template"]
    return Receipt(
        f"notify:{message_id}",
        theirs=f"notify:{str(known['id'])[:64]}",
        template=f"notify:{str(template['id'])[:40]}@{int(template['version'])}",
        proof=Proof.LATER,
    )
