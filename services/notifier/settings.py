"""What the notifier reads from its environment, once, at the start."""

import re
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from services.notifier.channels.https_address import checked_https_url
from services.notifier.channels.notify import BASE_URL, NotifyAccount
from services.notifier.channels.smtp_address import SmtpServer, parse_smtp_url
from services.notifier.channels.webhook_signature import Keys, read_keys
from shared.settings import CommonSettings, LinkKeys

# A name, the service's id and the key itself.
NOTIFY_KEY = re.compile(r"^.+-[0-9a-fA-F-]{36}-[0-9a-fA-F-]{36}$")
TEMPLATES = (
    *("offer", "offer-safe", "recall", "reminder", "capacity", "returned"),
    *("late_contact", "late_answer", "late_review"),
    *("received", "looked_at", "taken_on", "done", "not_met", "cancelled"),
)
NOTIFY_TEMPLATES = {
    "email": tuple(f"{name}.email" for name in (*TEMPLATES, "confirmation")),
    "text": tuple(f"{name}.text" for name in TEMPLATES),
}
# Only for services that want digests.
NOTIFY_DIGEST = "digest.email"
TOKEN_MIN = 16
Hosts = Annotated[tuple[str, ...], NoDecode]


class NotifierDatabase(CommonSettings):
    """Where the notifier's database is: all that a job on its schema or its directory needs."""

    notifier_database_url: str = Field(description="postgresql+asyncpg://… or sqlite+aiosqlite:///…")


class NotifierSettings(NotifierDatabase):
    """The notifier's own settings. `delivery` says how messages leave: "live" by the ways that `emails_by` and
    `texts_by` name, "mailbox" keeps everything in the database and shows it on /mailbox, "dry-run" throws it away."""

    link_keys: LinkKeys
    delivery: Literal["live", "mailbox", "dry-run"] = Field("live", description="how messages leave")
    emails_by: Literal["smtp", "notify"] = Field("smtp", description="how e-mails leave when live")
    texts_by: Literal["file", "notify", "gateway"] = Field("file", description="how texts leave when live")
    smtp_plaintext_hosts: Hosts = Field(
        (), description="hosts near by that smtp_url may name without encryption, with commas between"
    )
    smtp_ca_file: Path | None = Field(None, description="certificates to trust for the mail server; else the system's")
    # After the fields that its validation needs; the same goes for those further down.
    smtp_url: SecretStr | None = Field(
        None, validate_default=True, description="smtps://user:password@host:465, or smtp+starttls://…:587"
    )
    mail_from: str = Field("Waymark <no-reply@waymark.example>", description="sender of e-mails")
    mail_reply_to: str | None = Field(None, description="who reads answers to e-mails; else the sender")
    texts_file: Path | None = Field(None, description="file that takes the texts, while there is no gateway")
    http_plaintext_hosts: Hosts = Field(
        (), description="hosts on this machine that the URLs below may name with http://, with commas between"
    )
    notify_url: str = Field(BASE_URL, description="where GOV.UK Notify is; another one for a rehearsal")
    notify_key: SecretStr | None = Field(None, validate_default=True, description="API key of GOV.UK Notify")
    notify_templates: dict[str, UUID] = Field(
        {}, validate_default=True, description='JSON: ids of the templates at Notify, by ours, such as "offer.email"'
    )
    notify_template_versions: dict[str, Annotated[int, Field(ge=1)]] = Field(
        {}, description='JSON: the version that each template at Notify must have, by ours, such as {"offer.email": 3}'
    )
    notify_callback_tokens: SecretStr | None = Field(
        None, description="bearer tokens that Notify's callbacks show: one, or old and new with a comma between"
    )
    notify_per_minute: int = Field(2900, ge=1, description="most messages a minute to Notify, by each process")
    text_gateway_url: str | None = Field(None, validate_default=True, description="https URL that takes texts as JSON")
    text_gateway_token: SecretStr | None = Field(None, validate_default=True, description="bearer secret for it")
    text_gateway_per_minute: int = Field(600, ge=1, description="most texts a minute to it, by each process")
    intake_plaintext_hosts: Hosts = Field(
        (), description="hosts near by that intake_url may name with http://, with commas between"
    )
    intake_url: str | None = Field(
        None, description="where intake answers other services, https://…; without it no resident or referrer is told"
    )
    contacts_token: SecretStr | None = Field(
        None, validate_default=True, description="secret by which intake is asked where to reach a person"
    )
    bounces_maildir: Path | None = Field(None, description="maildir into which the mail server delivers bounces")
    webhook_secrets_file: Path | None = Field(None, description="JSON: webhook secrets (whsec_…) by service id")
    webhook_private_hosts: Hosts = Field(
        (), description="hosts on our own network that webhooks may reach, with commas between"
    )
    webhook_ca_file: Path | None = Field(None, description="certificates to trust for webhooks besides the usual ones")

    @field_validator(
        "smtp_plaintext_hosts", "http_plaintext_hosts", "intake_plaintext_hosts", "webhook_private_hosts", mode="before"
    )
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
        if others.data.get("delivery") == "live" and others.data.get("emails_by") == "smtp":
            _server(value, others.data.get("smtp_plaintext_hosts", ()), others.data.get("smtp_ca_file"))
        return value

    @field_validator("notify_url", "text_gateway_url")
    @classmethod
    def _is_encrypted(cls, value: str | None, others: ValidationInfo) -> str | None:
        if value is None:
            if _texts_live(others) == "gateway":
                raise ValueError('needed when WAYMARK_TEXTS_BY is "gateway"')
            return None
        return checked_https_url(value, plaintext_hosts=others.data.get("http_plaintext_hosts", ()))

    @field_validator("intake_url")
    @classmethod
    def _keeps_addresses_to_itself(cls, value: str | None, others: ValidationInfo) -> str | None:
        near_by = others.data.get("intake_plaintext_hosts", ())
        return None if value is None else checked_https_url(value, near_by=near_by)

    @field_validator("contacts_token")
    @classmethod
    def _intake_wants_a_secret(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if value is None and others.data.get("intake_url") is not None:
            raise ValueError("needed to ask the intake that WAYMARK_INTAKE_URL names")
        return value

    @field_validator("text_gateway_token")
    @classmethod
    def _gateway_needs_a_token(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if value is None and _texts_live(others) == "gateway":
            raise ValueError('needed when WAYMARK_TEXTS_BY is "gateway"')
        return value

    @field_validator("notify_key")
    @classmethod
    def _notify_needs_a_key(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if value is None and _by_notify(others):
            raise ValueError('needed when e-mails or texts leave by "notify"')
        if value is not None and not NOTIFY_KEY.match(value.get_secret_value()):
            raise ValueError("must be a whole key, as Notify shows it once: name-…-…")
        return value

    @field_validator("notify_templates")
    @classmethod
    def _notify_needs_templates(cls, value: dict[str, UUID], others: ValidationInfo) -> dict[str, UUID]:
        known = {name for names in NOTIFY_TEMPLATES.values() for name in names} | {NOTIFY_DIGEST}
        if value.keys() - known:
            raise ValueError(f"may name {', '.join(sorted(known))}")
        missing = [name for kind in _by_notify(others) for name in NOTIFY_TEMPLATES[kind] if name not in value]
        if missing:
            raise ValueError(f"lacks {', '.join(missing)}")
        return value

    @field_validator("notify_callback_tokens")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(token) < TOKEN_MIN for token in _tokens(value)):
            raise ValueError(f"must be one or two tokens of at least {TOKEN_MIN} characters each")
        return value

    @field_validator("bounces_maildir")
    @classmethod
    def _is_a_maildir(cls, value: Path | None) -> Path | None:
        if value is not None and not (value / "new").is_dir():
            raise ValueError("must be a maildir: a folder with new, cur and tmp in it")
        return value

    @field_validator("webhook_secrets_file")
    @classmethod
    def _holds_secrets(cls, value: Path | None) -> Path | None:
        if value is not None:
            read_keys(value)
        return value

    def smtp_server(self) -> SmtpServer:
        """The mail server. Raises ValueError when none is set, or not one that may be used."""
        return _server(self.smtp_url, self.smtp_plaintext_hosts, self.smtp_ca_file)

    def notify_account(self) -> NotifyAccount:
        """The service at GOV.UK Notify; its key is "" where none is set."""
        return NotifyAccount(_revealed(self.notify_key), self.notify_templates, self.notify_url)

    def uses_notify(self) -> bool:
        """Whether anything leaves by GOV.UK Notify."""
        return self.delivery == "live" and "notify" in (self.emails_by, self.texts_by)

    def callback_tokens(self) -> tuple[str, ...]:
        """The tokens of which a callback has to show one; none where no callback is taken."""
        return _tokens(self.notify_callback_tokens)

    def text_gateway(self) -> tuple[str, str]:
        """The URL and bearer secret of the text gateway, each "" where it is not set."""
        return self.text_gateway_url or "", _revealed(self.text_gateway_token)

    def intake_access(self) -> tuple[str, str] | None:
        """Where intake is asked for contacts, and the secret for it; None where it cannot be asked."""
        return (self.intake_url, _revealed(self.contacts_token)) if self.intake_url else None

    def webhook_keys(self) -> Mapping[str, Keys]:
        """The keys that webhooks are signed with, by service id."""
        return read_keys(self.webhook_secrets_file) if self.webhook_secrets_file else {}


def _tokens(secret: SecretStr | None) -> tuple[str, ...]:
    return tuple(token.strip() for token in _revealed(secret).split(",") if token.strip())


def _server(url: SecretStr | None, plaintext_hosts: tuple[str, ...], ca_file: Path | None) -> SmtpServer:
    if url is None:
        raise ValueError('needed to deliver "live" by "smtp"; or set WAYMARK_DELIVERY to "mailbox" or "dry-run"')
    return parse_smtp_url(url.get_secret_value(), plaintext_hosts=plaintext_hosts, ca_file=ca_file)


def _texts_live(others: ValidationInfo) -> str | None:
    return others.data.get("texts_by") if others.data.get("delivery") == "live" else None


def _by_notify(others: ValidationInfo) -> list[str]:
    """Which kinds of message leave by Notify."""
    ways = {"email": others.data.get("emails_by"), "text": others.data.get("texts_by")}
    return [kind for kind, way in ways.items() if way == "notify"] if others.data.get("delivery") == "live" else []


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
