"""A mail server that keeps what it is given, and the messages of either way to run as one shape."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from threading import Event, Thread
from typing import Protocol, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail as it arrived. `id` is the Message-ID's part before the @, which is the notification's id."""

    id: str
    to: str
    subject: str
    plain: str
    html: str
    raw: str


@dataclass(frozen=True, slots=True)
class Text:
    """One text message; `id` is the notification's."""

    id: str
    to: str
    text: str


class Post(Protocol):
    """Whatever was sent so far, second copies included."""

    def letters(self) -> Sequence[Letter]: ...

    def texts(self) -> Sequence[Text]: ...


@dataclass(slots=True)
class MailServer:
    """Takes every message, on a thread of its own, so that it answers while a test waits for something else."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    held: int = 0
    _open: Event = field(default_factory=Event)
    _ready: Event = field(default_factory=Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _stop: asyncio.Event | None = None

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        """aiosmtpd's way of handing over a message."""
        self.held += 1
        await asyncio.to_thread(self._open.wait)
        self.held -= 1
        self.taken.append(cast(bytes, envelope.content))
        return "250 OK"

    @contextmanager
    def running(self) -> Iterator[None]:
        """On a free port while the block runs."""
        thread = Thread(target=lambda: asyncio.run(self._serve()), name="mail-server")
        self._open.set()
        thread.start()
        try:
            assert self._ready.wait(10)
            yield
        finally:
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(10)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nobody who hands over a message while the block runs; `held` says how many wait."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._loop, self._stop = loop, asyncio.Event()
        server = await loop.create_server(lambda: SMTP(self, hostname="mail.example", loop=loop), HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()


@dataclass(frozen=True, slots=True)
class RealPost:
    """What the mail server took, and the file that takes the texts."""

    server: MailServer
    texts_file: Path

    def letters(self) -> Sequence[Letter]:
        """In the order in which they arrived."""
        return [letter_of(raw) for raw in list(self.server.taken)]

    def texts(self) -> Sequence[Text]:
        """In the order in which they were written; a line that is being written at this moment is left out."""
        if not self.texts_file.exists():
            return []
        whole, _, _ = self.texts_file.read_text(encoding="utf-8").rpartition("\n")
        return [Text(**json.loads(line)) for line in whole.splitlines()]


@dataclass(frozen=True, slots=True)
class LocalMailbox:
    """The mailbox in the database of an embedded system."""

    database: Path

    def letters(self) -> Sequence[Letter]:
        """In the order in which they were kept."""
        return [
            Letter(message_id, to, subject or "", text, html or "", f"{subject}\n{text}\n{html}")
            for kind, message_id, to, subject, text, html in self._rows()
            if kind == "email"
        ]

    def texts(self) -> Sequence[Text]:
        """In the order in which they were kept."""
        return [Text(message_id, to, text) for kind, message_id, to, _, text, _ in self._rows() if kind != "email"]

    def _rows(self) -> list[tuple[str, str, str, str | None, str, str | None]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            query = "SELECT kind, id, recipient, subject, text, html FROM mailbox ORDER BY seq"
            return [(kind, _dashed(found), *rest) for kind, found, *rest in connection.execute(query)]


def letter_of(raw: bytes) -> Letter:
    """A message's parts, decoded."""
    mail = message_from_bytes(raw, policy=policy.default)
    parts = {part: mail.get_body((part,)) for part in ("plain", "html")}
    bodies = {part: _lines(body.get_content()) if body is not None else "" for part, body in parts.items()}
    return Letter(
        id=str(mail["Message-ID"]).strip("<>").partition("@")[0],
        to=str(mail["To"]),
        # A long subject may begin on a line of its own, whose leading blank belongs to the folding.
        subject=str(mail["Subject"]).strip(),
        plain=bodies["plain"],
        html=bodies["html"],
        raw=raw.decode("utf-8", "replace"),
    )


def _lines(body: str) -> str:
    return body.replace("\r\n", "\n")


def _dashed(hexadecimal: str) -> str:
    """SQLAlchemy keeps a UUID in SQLite as 32 characters."""
    plain = hexadecimal.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
