"""A real mail server in this process that answers, refuses or breaks off as it is told."""

import ssl
from asyncio import AbstractServer, WriteTransport, get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.clock import utc_now

USER, PASSWORD = "waymark", "correct horse"
BREAK_OFF = "break off"


@dataclass(slots=True)
class Behaviour:
    """What the server says to each command; an empty list means that all is well. `taken` are the messages it has."""

    mail: list[str] = field(default_factory=list)
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    before_data: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._say(server, self.mail)

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:
        answer = self._say(server, self.rcpt)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        raw = cast(bytes, envelope.content)
        self.raw.append(raw)
        self.taken.append(message_from_bytes(raw, policy=policy.default))
        return self._say(server, self.data)

    def _say(self, server: SMTP, answers: list[str]) -> str:
        answer = answers.pop(0) if answers else "250 OK"
        if answer == BREAK_OFF:
            _break_off(server)
        return answer


def _break_off(server: SMTP) -> None:
    transport = server.transport
    assert isinstance(transport, WriteTransport)
    transport.abort()


class Server(SMTP):
    """Breaks off at DATA, before asking for the message, when the behaviour says so."""

    async def smtp_DATA(self, arg: str) -> None:
        behaviour = cast(Behaviour, self.event_handler)
        if behaviour.before_data:
            answer = behaviour.before_data.pop(0)
            if answer == BREAK_OFF:
                _break_off(self)
            else:
                await self.push(answer)
            return
        await super().smtp_DATA(arg)

    def connection_made(self, transport: object) -> None:
        cast(Behaviour, self.event_handler).connections += 1
        super().connection_made(transport)  # type: ignore[arg-type]  # the library's own narrower class


@dataclass(frozen=True, slots=True)
class Running:
    """Where the server is, and what it does."""

    port: int
    behaviour: Behaviour


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, from_the_first_byte: bool = False, sign_in: bool = False
) -> AsyncIterator[Running]:
    """A server on a free port of this machine: plain, with STARTTLS, or encrypted from the first byte."""
    behaviour = Behaviour()

    def authenticate(_: SMTP, __: Session, ___: Envelope, ____: str, given: object) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    def protocol() -> Server:
        return Server(
            behaviour,
            hostname="mail.example",
            tls_context=None if from_the_first_byte else tls,
            require_starttls=tls is not None and not from_the_first_byte,
            auth_required=sign_in,
            auth_require_tls=not from_the_first_byte,
            authenticator=authenticate if sign_in else None,
            loop=get_running_loop(),
        )

    context = tls if from_the_first_byte else None
    server: AbstractServer = await get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context)
    port: int = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # a real server's sockets
    try:
        yield Running(port, behaviour)
    finally:
        server.close()
        await server.wait_closed()


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1 and partner.example, and the file of its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = utc_now()
    names = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("partner.example")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted = folder / "trusted.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "private.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, private)
    return context, trusted
