"""Whether the templates at GOV.UK Notify still go with ours: what they ask for, and their version (N-44, N-45)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from notifications_python_client.notifications import NotificationsAPIClient

from services.notifier.channels.notify import Answer, Notify
from services.notifier.domain.failure import Failure, SendFailed

PLACEHOLDER = re.compile(r"\(\(([^()?]+)(?:\?\?.*?)?\)\)", re.DOTALL)
# Notify takes no account of these, nor of capitals.
IGNORED = re.compile(r"[\s_-]")
NOT_FOUND = "404"
TYPES = {"email": "email", "text": "sms"}


@dataclass(frozen=True, slots=True)
class NotifyTemplates:
    """Compares each template that is set up. `ours` is what each may hold, by name; `versions` those that are expected,
    where any is."""

    notify: Notify
    ours: Mapping[str, frozenset[str]]
    versions: Mapping[str, int]

    async def check(self) -> Mapping[str, str | None]:
        """By name, how a template has drifted: "missing", "type", "placeholders" or "version"; None where it has not.

        Raises SendFailed when Notify cannot be asked.
        """
        return {name: await self._drift(name, known) for name, known in sorted(self.notify.account.templates.items())}

    async def rest(self) -> None:
        """Let go of connections."""
        await self.notify.rest()

    async def _drift(self, name: str, known: UUID) -> str | None:
        def ask(client: NotificationsAPIClient) -> Answer:
            answer: Answer = client.get_template(str(known))
            return answer

        try:
            theirs = await self.notify.call(ask)
        except SendFailed as failed:
            if (failed.code or "").startswith(NOT_FOUND):
                return "missing"
            raise
        try:
            return self._compared(name, theirs)
        except (LookupError, TypeError, ValueError):
            raise SendFailed(Failure.TRANSIENT, "invalid-response") from None

    def _compared(self, name: str, theirs: Answer) -> str | None:
        if theirs["type"] != TYPES[name.rpartition(".")[2]]:
            return "type"
        words = f"{theirs.get('subject') or ''}\n{theirs['body']}"
        allowed = {_plain(placeholder) for placeholder in self.ours[name]}
        if any(_plain(placeholder) not in allowed for placeholder in PLACEHOLDER.findall(words)):
            return "placeholders"
        expected = self.versions.get(name)
        return None if expected in (None, int(theirs["version"])) else "version"


def _plain(placeholder: str) -> str:
    return IGNORED.sub("", placeholder).lower()
