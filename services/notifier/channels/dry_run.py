"""A rehearsal: messages are written and counted, but leave nothing behind except a line in the log."""

from dataclasses import dataclass
from uuid import UUID

from services.notifier.domain.message import Email, Hook, Message, Receipt, Text
from shared.log import get_logger

log = get_logger()
CHANNELS: dict[type[Message | Hook], str] = {Email: "email", Text: "sms", Hook: "webhook"}


@dataclass(frozen=True, slots=True)
class DryRun:
    """Takes every message and hands it to nobody. The log holds its id and kind, never the address or the words."""

    async def send(self, message: Message | Hook) -> Receipt:
        """Log that `message` would have left."""
        log.info("message.rehearsed", notification_id=str(message.id), channel=CHANNELS[type(message)])
        return Receipt(f"dry-run:{message.id}")

    async def find(self, message_id: UUID) -> Receipt | None:
        """Nobody has it."""
        return None

    async def rest(self) -> None:
        """Nothing is held."""
