"""What the notifier reads from its environment, once, at the start."""

from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from services.notifier.channels.smtp_address import SmtpServer, parse_smtp_url
from shared.settings import CommonSettings


class NotifierDatabase(CommonSettings):
    """Where the notifier's database is: all that a job on its schema or its directory needs."""

    notifier_database_url: str = Field(description="postgresql+asyncpg://… or sqlite+aiosqlite:///…")


class NotifierSettings(NotifierDatabase):
    """The notifier's own settings. `delivery` says how messages leave: "live" needs a mail server, "mailbox" keeps
    everything in the database and shows it on /mailbox, "dry-run" throws it away."""

    delivery: Literal["live", "mailbox", "dry-run"] = Field("live", description="how messages leave")
    smtp_plaintext_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="hosts near by that smtp_url may name without encryption, with commas between"
    )
    smtp_ca_file: Path | None = Field(None, description="certificates to trust for the mail server; else the system's")
    # After the fields that its validation needs.
    smtp_url: SecretStr | None = Field(
        None, validate_default=True, description="smtps://user:password@host:465, or smtp+starttls://…:587"
    )
    mail_from: str = Field("Waymark <no-reply@waymark.example>", description="sender of e-mails")
    mail_reply_to: str | None = Field(None, description="who reads answers to e-mails; else the sender")
    texts_file: Path | None = Field(None, description="file that takes the texts, while there is no gateway")

    @field_validator("smtp_plaintext_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, value.replace(" ", "").split(","))) if isinstance(value, str) else value

    @field_validator("mail_from", "mail_reply_to")
    @classmethod
    def _holds_an_address(cls, value: str | None) -> str | None:
        if value is not None and "@" not in parseaddr(value)[1]:
            raise ValueError("must be an e-mail address, such as Waymark <no-reply@waymark.example>")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _live_needs_a_server(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if others.data.get("delivery") == "live":
            _server(value, others.data.get("smtp_plaintext_hosts", ()), others.data.get("smtp_ca_file"))
        return value

    def smtp_server(self) -> SmtpServer:
        """The mail server. Raises ValueError when none is set, or not one that may be used."""
        return _server(self.smtp_url, self.smtp_plaintext_hosts, self.smtp_ca_file)


def _server(url: SecretStr | None, plaintext_hosts: tuple[str, ...], ca_file: Path | None) -> SmtpServer:
    if url is None:
        raise ValueError('needed to deliver "live"; or set WAYMARK_DELIVERY to "mailbox" or "dry-run"')
    return parse_smtp_url(url.get_secret_value(), plaintext_hosts=plaintext_hosts, ca_file=ca_file)
