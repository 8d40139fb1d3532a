"""Where the mail server is and how it is to be trusted, as written in one URL."""

import ssl
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Security(StrEnum):
    """TLS from the first byte, TLS that must be agreed before anything else, or none."""

    TLS = "smtps"
    STARTTLS = "smtp+starttls"
    NONE = "smtp"


PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """One mail server. `ca_file` holds the certificates to trust, None for the system's."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    def tls_context(self) -> ssl.SSLContext | None:
        """TLS 1.2 or later with the certificate and its name checked (N-53); None where nothing is encrypted."""
        if self.security is Security.NONE:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def parse_smtp_url(url: str, *, plaintext_hosts: tuple[str, ...] = (), ca_file: Path | None = None) -> SmtpServer:
    """The server in "smtps://user:password@host:465", "smtp+starttls://…" or "smtp://…".

    Raises ValueError. Unencrypted "smtp" needs its host to be in `plaintext_hosts` and to be on this machine or in
    this compose network (a name without a dot); it never carries a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in set(Security) or not parts.hostname:
        raise ValueError("must begin with smtps://, smtp+starttls:// or smtp:// and name a host")
    security = Security(parts.scheme)
    server = SmtpServer(
        host=parts.hostname,
        port=parts.port or PORTS[security],
        security=security,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        ca_file=ca_file,
    )
    if security is Security.NONE:
        _check_plaintext(server, plaintext_hosts)
    return server


def _check_plaintext(server: SmtpServer, allowed: tuple[str, ...]) -> None:
    if server.host not in allowed or not _is_near(server.host):
        raise ValueError("plain smtp:// is only for a host near by that smtp_plaintext_hosts names; use smtps://")
    if server.password is not None:
        raise ValueError("plain smtp:// must not carry a password")


def _is_near(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host
