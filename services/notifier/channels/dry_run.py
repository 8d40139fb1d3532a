"""A rehearsal: messages are written and counted, but leave nothing behind except a line in the log."""

from dataclasses import dataclass

from services.notifier.domain.message import Email, Message, Receipt
from shared.log import get_logger

log = get_logger()


@dataclass(frozen=True, slots=True)
class DryRun:
    """Takes every message and hands it to nobody. The log holds its id and kind, never the address or the words."""

    async def send(self, message: Message) -> Receipt:
        """Log that `message` would have left."""
        channel = "email" if isinstance(message, Email) else "sms"
        log.info("message.rehearsed", notification_id=str(message.id), channel=channel)
        return Receipt(f"dry-run:{message.id}")

    async def rest(self) -> None:
        """Nothing is held."""
