"""Signatures as in Standard Webhooks 1.0, and the secrets they are made with."""

import hmac
import json
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

PREFIX = "whsec_"
KEY_MIN, KEY_MAX = 24, 64
Keys = tuple[bytes, ...]


def webhook_id(notification_id: UUID) -> str:
    """The same for every attempt at one message; receivers remember it. It holds no full stop."""
    return f"msg_{notification_id.hex}"


def signed_headers(message_id: str, at: datetime, body: bytes, keys: Keys) -> dict[str, str]:
    """The three headers for an attempt at the instant `at`, with one signature for each of `keys`."""
    timestamp = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = (f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}


def key_of(secret: str) -> bytes:
    """The key in "whsec_" and base64. Raises ValueError unless it has 24 to 64 bytes; the secret is not repeated."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (Error, ValueError):
        raise ValueError("a webhook secret must be whsec_ and base64") from None
    if not secret.startswith(PREFIX) or not KEY_MIN <= len(key) <= KEY_MAX:
        raise ValueError("a webhook secret must be whsec_ and the base64 of 24 to 64 bytes")
    return key


def read_keys(path: Path) -> Mapping[str, Keys]:
    """The keys by service id from a JSON file: a secret, or a list of two while one is being replaced.

    Raises ValueError; it names services, never secrets.
    """
    try:
        secrets = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise ValueError("cannot be read, or is not JSON") from None
    if not isinstance(secrets, dict):
        raise ValueError("must be a JSON object of secrets by service id")
    return {service: _keys(service, secret) for service, secret in secrets.items()}


def _keys(service: str, secret: object) -> Keys:
    given = secret if isinstance(secret, list) else [secret]
    secrets = [one for one in given if isinstance(one, str)]
    if not secrets or len(secrets) < len(given):
        raise ValueError(f"{service}: must be a secret or a list of secrets")
    try:
        return tuple(key_of(one) for one in secrets)
    except ValueError as wrong:
        raise ValueError(f"{service}: {wrong}") from None
