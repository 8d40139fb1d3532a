"""What leaves us: an e-mail, a text or a webhook, ready to hand over, and what is got for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_DOUBLE = frozenset("^{}\\[~]|€\f")
TEXT_MAX = 160


@dataclass(frozen=True, slots=True)
class Email:
    """`id` is the notification's; `template` the name and version of what was rendered, `values` what was filled in.

    `alias` is what to call the recipient wherever a copy is kept, None where that may be the address.
    """

    id: UUID
    to: str
    subject: str
    text: str
    html: str
    template: str
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text message (SMS), at most one GSM-7 part long; `alias` as an e-mail's."""

    id: UUID
    to: str
    text: str
    template: str
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A post to a service's own system: `to` is its URL, `body` JSON of ids and codes, the same at every attempt."""

    id: UUID
    to: str
    service_id: str
    body: bytes
    template: str


Message = Email | Text


class Proof(StrEnum):
    """Whether a way says that a message arrived: by its taking it, by a receipt that follows, or never."""

    AT_ONCE = "at_once"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that the other side took a message: `reference` is how they or we find it again.

    `theirs` is the id that they gave this one copy; `template` the name and version of their words, where not ours;
    `proof` how its arrival becomes known.
    """

    reference: str
    theirs: str | None = field(default=None, compare=False)
    template: str | None = None
    proof: Proof = Proof.NEVER


def septets(text: str) -> int | None:
    """The length of `text` in GSM-7 units (one part holds 160), None when it needs another alphabet."""
    if not set(text) <= GSM7 | GSM7_DOUBLE:
        return None
    return len(text) + sum(character in GSM7_DOUBLE for character in text)


def masked(address: str) -> str:
    """An address as it may be shown: "r***@dva.example", "…001", "" for none (N-54)."""
    name, at, host = address.rpartition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"…{address[-3:]}" if address else ""
