"""E-mail over SMTP: encrypted or not at all, and honest about what the server may have taken."""

import re
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from time import monotonic
from uuid import UUID

from aiosmtplib import (
    SMTP,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from services.notifier.channels.smtp_address import Security, SmtpServer
from services.notifier.channels.smtp_replies import Stage, classify, figures
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Email, Receipt
from shared.clock import Clock

# For each reply but the last; a server that looks a message over takes longer for that one.
REPLY_LIMIT_S = 10.0
TAKE_LIMIT_S = 30.0
IDLE_MAX_S = 30.0
START_INPUT = 354
TAKEN = 250
# Seven bits everywhere: not every server takes eight.
WIRE = SMTP_POLICY.clone(cte_type="7bit")
LINE_STARTS_WITH_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class MailHeads:
    """Who our e-mails are from and who reads the answers: `sender` such as "Derbyshire CRU <no-reply@…>"."""

    sender: str
    reply_to: str

    @property
    def envelope_sender(self) -> str:
        """The bare address."""
        return parseaddr(self.sender)[1]

    @property
    def host(self) -> str:
        """What stands after the @; message ids end in it."""
        return self.envelope_sender.rpartition("@")[2]


@dataclass(slots=True)
class SmtpSender:
    """Hands e-mails to one mail server, over connections that are kept while there is more to send.

    `reply_limit_s` is the time in seconds that the server has for each reply, `take_limit_s` for the one that counts.
    """

    server: SmtpServer
    heads: MailHeads
    now: Clock
    reply_limit_s: float = REPLY_LIMIT_S
    take_limit_s: float = TAKE_LIMIT_S
    _idle: list[tuple[SMTP, float]] = field(default_factory=list, init=False)

    async def send(self, message: Email) -> Receipt:
        """Hand one e-mail over. Raises SendFailed; AMBIGUOUS when the server may have taken it."""
        wire = as_wire(message, self.heads, self.now())
        client = await self._begun()
        usable = False
        try:
            await self._address(client, message)
            await self._hand_over(client, wire)
            usable = True
        except SendFailed:
            usable = await self._is_reset(client)
            raise
        finally:
            if usable:
                self._idle.append((client, monotonic()))
            else:
                # Also when we are cut off in the middle: a late reply would be taken for the next message's.
                client.close()
        return Receipt(message_id(message, self.heads))

    async def find(self, message_id: UUID) -> Receipt | None:
        """A mail server cannot be asked; mailboxes tell a second copy by its Message-ID."""
        return None

    async def rest(self) -> None:
        """Say goodbye on every connection that is not in use."""
        while self._idle:
            client, _ = self._idle.pop()
            try:
                await client.quit()
            except (SMTPException, OSError):
                client.close()

    async def _begun(self) -> SMTP:
        """A connection on which the server has taken our MAIL command."""
        while self._idle:
            client, since = self._idle.pop()
            if client.is_connected and monotonic() - since < IDLE_MAX_S:
                try:
                    await client.mail(self.heads.envelope_sender)
                except (SMTPException, OSError):
                    # Servers drop idle connections as they like; nothing of this message has been said yet.
                    client.close()
                else:
                    return client
            client.close()
        client = await self._connected()
        try:
            await client.mail(self.heads.envelope_sender)
        except SMTPResponseException as refused:
            client.close()
            raise _refused(refused.code, refused.message, Stage.MAIL) from refused
        except (SMTPException, OSError) as lost:
            client.close()
            raise SendFailed(Failure.TRANSIENT, "lost-before-data") from lost
        return client

    async def _connected(self) -> SMTP:
        client = SMTP(
            hostname=self.server.host,
            port=self.server.port,
            username=self.server.username,
            password=self.server.password,
            use_tls=self.server.security is Security.TLS,
            start_tls=self.server.security is Security.STARTTLS,
            tls_context=self.server.tls_context(),
            timeout=self.reply_limit_s,
        )
        try:
            await client.connect()
        except SMTPResponseException as refused:
            client.close()
            raise _refused(refused.code, refused.message, Stage.SESSION) from refused
        except (SMTPConnectError, SMTPServerDisconnected, SMTPTimeoutError) as away:
            client.close()
            untrusted = isinstance(away.__cause__, ssl.SSLError)
            raise SendFailed(Failure.AUTH if untrusted else Failure.TRANSIENT, _word(untrusted)) from away
        except (ssl.SSLError, SMTPException) as untrusted_server:
            # No STARTTLS, no way of signing in that we know, or a certificate that does not hold: never in the clear.
            client.close()
            raise SendFailed(Failure.AUTH, _word(True)) from untrusted_server
        except OSError as away:
            client.close()
            raise SendFailed(Failure.TRANSIENT, _word(False)) from away
        return client

    async def _address(self, client: SMTP, message: Email) -> None:
        """RCPT and DATA: until the server has asked for the message, it cannot have it."""
        stage = Stage.RCPT
        try:
            await client.rcpt(message.to)
            stage = Stage.DATA
            reply = await client.execute_command(b"DATA")
        except SMTPResponseException as refused:
            raise _refused(refused.code, refused.message, stage) from refused
        except (SMTPException, OSError) as lost:
            client.close()
            raise SendFailed(Failure.TRANSIENT, "lost-before-data") from lost
        if reply.code != START_INPUT:
            raise _refused(reply.code, reply.message, Stage.DATA)

    async def _hand_over(self, client: SMTP, wire: bytes) -> None:
        """The message and its final dot: from here on only a reply tells whether it was taken."""
        protocol = client.protocol
        if protocol is None:
            raise SendFailed(Failure.TRANSIENT, "lost-before-data")
        try:
            protocol.write(wire + b".\r\n")
            reply = await protocol.read_response(timeout=self.take_limit_s)
        except (SMTPException, OSError) as lost:
            client.close()
            raise SendFailed(Failure.AMBIGUOUS, "lost-after-data") from lost
        if reply.code != TAKEN:
            raise _refused(reply.code, reply.message, Stage.DATA)

    async def _is_reset(self, client: SMTP) -> bool:
        """Whether the connection, still open after a refusal, is ready for another message."""
        if not client.is_connected:
            return False
        try:
            await client.rset()
        except (SMTPException, OSError):
            return False
        return True


def as_wire(message: Email, heads: MailHeads, now: datetime) -> bytes:
    """The e-mail as it travels, dots at line starts doubled; its Message-ID is always that of the notification."""
    mail = EmailMessage(policy=WIRE)
    mail["From"] = _address_header(heads.sender)
    mail["To"] = message.to
    mail["Reply-To"] = _address_header(heads.reply_to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(message, heads)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return LINE_STARTS_WITH_DOT.sub(b"..", mail.as_bytes())


def message_id(message: Email, heads: MailHeads) -> str:
    """Stable over every attempt, so that a mailbox can tell a second copy (N-06)."""
    return f"<{message.id}@{heads.host}>"


def _address_header(written: str) -> Address:
    name, address = parseaddr(written)
    return Address(display_name=name, addr_spec=address)


def _refused(code: int, words: str, stage: Stage) -> SendFailed:
    return SendFailed(classify(code, words, stage), figures(code, words))


def _word(untrusted: bool) -> str:
    return "untrusted" if untrusted else "unreachable"
