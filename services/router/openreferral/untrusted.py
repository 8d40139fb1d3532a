"""Text and values from elsewhere, made harmless or refused with a reason."""

import re
import unicodedata
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

SILENT = frozenset({"script", "style", "template", "head", "title"})
URL_MAX, EMAIL_MAX = 500, 254
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})")


class Unusable(Exception):
    """A value that cannot be taken over; the message says why, without the value."""


class _Words(HTMLParser):
    """What a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in SILENT))
        self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def text(value: object, limit: int) -> str:
    """One line of plain text: no mark-up, no control or invisible characters, white space as single spaces.

    Raises Unusable when it is no text, or longer than `limit` characters after that. Doing it again changes nothing.
    """
    if not isinstance(value, str):
        raise Unusable("is not text")
    if len(value) > 20 * limit:
        raise Unusable(f"is longer than {limit} characters")
    plain = value
    while (stripped := _plain(plain)) != plain:
        plain = stripped
    if len(plain) > limit:
        raise Unusable(f"is longer than {limit} characters")
    return plain


def _plain(value: str) -> str:
    words = _Words()
    words.feed(value)
    words.close()
    seen = unicodedata.normalize("NFC", "".join(words.words))
    kept = (each if unicodedata.category(each)[0] != "C" else " " if each.isspace() else "" for each in seen)
    return " ".join("".join(kept).split())


def url(value: object) -> str:
    """A web address. Raises Unusable for any other, and for one that carries a user or is malformed."""
    plain = text(value, URL_MAX)
    try:
        parts = urlsplit(plain)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Unusable("is not a web address") from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or not plain.isascii() or " " in plain:
        raise Unusable("is not a web address")
    return plain


def email(value: object) -> str:
    """An e-mail address. Raises Unusable for anything else."""
    try:
        found = validate_email(text(value, EMAIL_MAX), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Unusable("is not an e-mail address") from None
    return found.normalized


def uuid(value: object) -> str:
    """A UUID in its usual form. Raises Unusable."""
    try:
        return str(UUID(text(value, 40)))
    except ValueError:
        raise Unusable("is not a UUID") from None


def day(value: object) -> str:
    """A date, YYYY-MM-DD. Raises Unusable."""
    plain = text(value, 40)
    try:
        return date.fromisoformat(plain[:10] if INSTANT.fullmatch(plain) else plain).isoformat()
    except ValueError:
        raise Unusable("is not a date") from None


def instant(value: object) -> str:
    """An instant in UTC to the millisecond. Raises Unusable, also for one without a time zone."""
    plain = text(value, 40)
    try:
        found = datetime.fromisoformat(plain) if INSTANT.fullmatch(plain) else None
    except ValueError:
        found = None
    if found is None:
        raise Unusable("is not an instant with a time zone")
    return found.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(value: object) -> int:
    """Whole years. Raises Unusable."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 150 or value % 1:
        raise Unusable("is not an age in whole years")
    return int(value)


def degrees(value: object, limit: int) -> float:
    """A coordinate in degrees, at most `limit` from zero. Raises Unusable."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= limit:
        raise Unusable("is not a coordinate in degrees")
    return float(value)
