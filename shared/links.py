"""Links that prove by themselves what they are for: signed, for one purpose, one assignment and one message."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from shared.errors import NotFound
from shared.secret_files import write_new

# 128 bits, the least there may be, are 32 hexadecimal digits.
KEY = re.compile(r"[0-9a-fA-F]{32,}")
NEW_KEY_BYTES = 32
# Whoever makes a link to tell of the work makes it for the same time, counted from the acceptance.
PROGRESS_LASTS = timedelta(days=28)
SERVICE = r"[A-Za-z0-9._-]{1,64}"
CONTENT = re.compile(rf"([a-z]+)\.([0-9a-f]{{32}})\.([0-9a-f]{{32}})\.(\d{{1,11}})\.({SERVICE})")


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for, and until when; `notification_id` is the message that it was first sent in.

    So the links of two contacts differ, and one can be revoked without the other. `expires_at` is aware, and counts
    whole seconds.
    """

    purpose: str
    assignment_id: UUID
    service_id: str
    notification_id: UUID
    expires_at: datetime


class LinkSigner:
    """Makes links into tokens and reads them, under keys of which the newest signs and all are accepted."""

    def __init__(self, keys: str) -> None:
        newest_first = keys_in(keys)
        # The library wants the newest last.
        self._signer = Signer(
            [*reversed(newest_first)], salt="waymark.link", key_derivation="hmac", digest_method=sha256
        )

    def sign(self, link: Link) -> str:
        """The token of a link: letters, digits and -._ only. It names no person and is no secret but for its holder."""
        expires = int(link.expires_at.timestamp())
        parts = (link.purpose, link.assignment_id.hex, link.notification_id.hex, str(expires), link.service_id)
        return self._signer.sign(".".join(parts)).decode()

    def read(self, token: str, purpose: str) -> Link:
        """The link of a token, whether or not it has expired. Raises NotFound unless we signed it, for this purpose."""
        content = CONTENT.fullmatch(self._signed(token))
        if content is None or content[1] != purpose:
            raise _unknown()
        expires_at = datetime.fromtimestamp(int(content[4]), UTC)
        return Link(purpose, UUID(content[2]), content[5], UUID(content[3]), expires_at)

    def _signed(self, token: str) -> str:
        try:
            content = self._signer.unsign(token.encode())
            signature = token.rpartition(".")[2].encode()
            # Base64 can be written in several ways, and only ours is a token: any change makes it another.
            if base64_encode(base64_decode(signature)) != signature:
                raise _unknown()
            return content.decode()
        except (BadData, UnicodeError):
            raise _unknown() from None


def keys_in(text: str) -> tuple[str, ...]:
    """Keys with commas between, newest first. Raises ValueError unless each is of at least 128 bits in hexadecimal."""
    keys = tuple(key.strip() for key in text.split(","))
    if not all(KEY.fullmatch(key) for key in keys):
        raise ValueError("must be keys of at least 32 hexadecimal digits, newest first, with commas between")
    return keys


def create_key_file(path: Path) -> None:
    """Draw a key into a new file that its owner alone may read. Raises FileExistsError rather than overwrite."""
    write_new(path, token_hex(NEW_KEY_BYTES))


def _unknown() -> NotFound:
    return NotFound("not-found", "There is no such link.")
