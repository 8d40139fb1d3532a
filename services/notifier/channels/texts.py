"""Text messages without a gateway: into a file for people who try Waymark, or nowhere."""

import json
from asyncio import to_thread
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Receipt, Text


@dataclass(frozen=True, slots=True)
class FileTexts:
    """Appends each text to a file, one JSON object a line, as a gateway's sandbox would show it."""

    path: Path

    async def send(self, message: Text) -> Receipt:
        """Append `message`. Raises SendFailed(TRANSIENT) when the file cannot be written."""
        kept = {"id": str(message.id), "to": message.alias or message.to, "text": message.text}
        line = json.dumps(kept, ensure_ascii=False)
        try:
            await to_thread(self._append, line + "\n")
        except OSError as error:
            raise SendFailed(Failure.TRANSIENT, "file") from error
        return Receipt(f"file:{message.id}")

    async def find(self, message_id: UUID) -> Receipt | None:
        """The file is for people to read; it is not asked."""
        return None

    async def rest(self) -> None:
        """Nothing is held."""

    def _append(self, line: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)


@dataclass(frozen=True, slots=True)
class NoTexts:
    """There is no gateway: every text fails at once, so that nobody believes it was sent."""

    async def send(self, message: Text) -> Receipt:
        """Raises SendFailed(CONFIG)."""
        raise SendFailed(Failure.CONFIG, "no-gateway")

    async def find(self, message_id: UUID) -> Receipt | None:
        """There is nobody to ask."""
        return None

    async def rest(self) -> None:
        """Nothing is held."""
