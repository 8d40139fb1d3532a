"""The local mailbox: where e-mails and texts go when no mail server is to be bothered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, select

from services.notifier.domain.message import Email, Message, Proof, Receipt
from services.notifier.store.tables import mailbox
from shared.db import Database
from shared.envelope import Origin


@dataclass(frozen=True, slots=True)
class Kept:
    """One message in the mailbox; `kind` is "email" or "text", `html` None for a text."""

    id: UUID
    kind: str
    recipient: str
    subject: str | None
    text: str
    html: str | None
    kept_at: datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Keeps messages in the database. The same message arriving twice is kept once, as a good mail server would."""

    database: Database

    async def send(self, message: Message) -> Receipt:
        """Keep `message`."""
        email = message if isinstance(message, Email) else None
        row = {
            "id": message.id,
            "kind": "email" if email else "text",
            "recipient": message.alias or message.to,
            "subject": email.subject if email else None,
            "text": message.text,
            "html": email.html if email else None,
            "template": message.template,
            "kept_at": self.database.now(),
        }
        async with self.database.begin(Origin("mailbox")) as tx:
            await tx.connection.execute(tx.insert(mailbox).values(row).on_conflict_do_nothing())
        return Receipt(f"mailbox:{message.id}", proof=Proof.AT_ONCE)

    async def find(self, message_id: UUID) -> Receipt | None:
        """The mailbox keeps a message once however often it comes, so it need not be asked."""
        return None

    async def rest(self) -> None:
        """Nothing is held."""

    async def newest(self, limit: int) -> Sequence[Kept]:
        """The last `limit` messages, newest first."""
        async with self.database.begin(Origin("mailbox")) as tx:
            rows = await tx.connection.execute(select(mailbox).order_by(mailbox.c.seq.desc()).limit(limit))
            return [_kept(row) for row in rows.mappings()]

    async def get(self, message_id: UUID) -> Kept | None:
        """One message, None when there is none with this id."""
        async with self.database.begin(Origin("mailbox")) as tx:
            rows = await tx.connection.execute(select(mailbox).where(mailbox.c.id == message_id))
            row = rows.mappings().first()
            return _kept(row) if row else None


def _kept(row: RowMapping) -> Kept:
    return Kept(
        id=row["id"],
        kind=row["kind"],
        recipient=row["recipient"],
        subject=row["subject"],
        text=row["text"],
        html=row["html"],
        kept_at=row["kept_at"],
    )
