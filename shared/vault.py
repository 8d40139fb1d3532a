"""Personal data at rest: fields sealed under rotatable keys, and an index that finds a value without showing it."""

import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import Conflict, Refused
from shared.secret_files import write_new

KEY_BYTES = 32
NONCE_BYTES = 12
FIRST_KEY = "k1"
KeyId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,16}$")]


class KeyRing(BaseModel):
    """Keys by id (base64, 32 bytes each): `active` is the one that new values get, the others still open old ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    active: KeyId
    keys: Mapping[KeyId, str]

    @model_validator(mode="after")
    def _active_is_there(self) -> Self:
        if self.active not in self.keys:
            raise ValueError("the active key is not among the keys")
        if any(len(urlsafe_b64decode(key)) != KEY_BYTES for key in self.keys.values()):
            raise ValueError(f"every key must be {KEY_BYTES} bytes in base64")
        return self

    def with_new_active(self) -> "KeyRing":
        """The same ring with one more key, drawn now, as the active one."""
        key_id = f"k{1 + max((int(known[1:]) for known in self.keys if known[1:].isdigit()), default=0)}"
        return KeyRing(active=key_id, keys={**self.keys, key_id: _new_key()})


class KeyFile(BaseModel):
    """The key file: `fields` seals, `index` finds. Two rings, so that whoever may search cannot therefore read."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    fields: KeyRing
    index: KeyRing


@dataclass(frozen=True, slots=True)
class _Ring:
    active: str
    fields: Mapping[str, AESGCM]


class Vault:
    """Seals and opens single fields with AES-256-GCM, and makes blind indexes with HMAC-SHA-256 under other keys."""

    def __init__(self, keys: KeyFile) -> None:
        self._sealing = _Ring(
            keys.fields.active, {key_id: AESGCM(urlsafe_b64decode(key)) for key_id, key in keys.fields.keys.items()}
        )
        self._index_active = keys.index.active
        self._index = {key_id: urlsafe_b64decode(key) for key_id, key in keys.index.keys.items()}

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """The vault of a key file. Raises Refused, with one sentence that shows no key, when it cannot be used."""
        return cls(read_keys(path))

    @classmethod
    def create_file(cls, path: Path) -> "Vault":
        """Draw new keys into a new file that its owner alone may read. Raises Conflict rather than overwrite."""
        if path.exists():
            raise Conflict("keys-exist", f"{path} exists already, and what it sealed could not be read without it.")
        first = KeyRing(active=FIRST_KEY, keys={FIRST_KEY: _new_key()})
        second = KeyRing(active=FIRST_KEY, keys={FIRST_KEY: _new_key()})
        _write_new(path, KeyFile(fields=first, index=second))
        return cls.from_file(path)

    def seal(self, value: str, *, row: UUID | str, field: str) -> str:
        """`value` sealed for this row and field only: "key id.base64"."""
        nonce = os.urandom(NONCE_BYTES)
        active = self._sealing.active
        sealed = self._sealing.fields[active].encrypt(nonce, value.encode(), _bound_to(row, field))
        return f"{active}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, row: UUID | str, field: str) -> str:
        """What was sealed. Raises Tampered when it was changed, moved from another row or field, or its key is gone."""
        key_id, _, text = sealed.partition(".")
        cipher = self._sealing.fields.get(key_id)
        if cipher is None:
            raise Tampered(f"The key {key_id!r} that sealed {field} is not in the key file.")
        try:
            packed = urlsafe_b64decode(text)
            if urlsafe_b64encode(packed).decode() != text:
                raise ValueError("not as it was written")
            return cipher.decrypt(packed[:NONCE_BYTES], packed[NONCE_BYTES:], _bound_to(row, field)).decode()
        except (InvalidTag, ValueError) as error:
            raise Tampered(f"The stored {field} does not belong to its row or was changed.") from error

    @property
    def active(self) -> str:
        """The id of the key that new values get, with which each of them begins, before a full stop."""
        return self._sealing.active

    def reseal(self, sealed: str, *, row: UUID | str, field: str) -> str:
        """The same value under the active key. Raises Tampered."""
        return self.seal(self.open(sealed, row=row, field=field), row=row, field=field)

    def blind(self, value: str) -> str:
        """What to store so that an equal value can be found again: "key id.hex", no way back without the key."""
        return self._blind(self._index_active, value)

    def blinds(self, value: str) -> tuple[str, ...]:
        """What an equal value may be stored as: one for each index key, for searches while keys are being rotated."""
        return tuple(self._blind(key_id, value) for key_id in self._index)

    def _blind(self, key_id: str, value: str) -> str:
        return f"{key_id}.{hmac.new(self._index[key_id], value.encode(), sha256).hexdigest()}"


class Tampered(Exception):
    """A sealed value is not what we stored: a fault to look into at once, never the caller's doing."""


def read_keys(path: Path) -> KeyFile:
    """The keys of a file. Raises Refused."""
    try:
        return KeyFile.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError as error:
        detail = f"There is no key file at {path}. Personal data cannot be stored without one: set WAYMARK_KEYS_FILE."
        raise Refused("keys-missing", detail) from error
    except (ValidationError, OSError, UnicodeDecodeError) as error:
        raise Refused("keys-unusable", f"The key file {path} cannot be used: {_reason(error)}.") from None


def rotate_file(path: Path) -> None:
    """Add a new active key to both rings of a file; old keys stay and open what they sealed. Raises Refused."""
    keys = read_keys(path)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    _write_new(fresh, KeyFile(fields=keys.fields.with_new_active(), index=keys.index.with_new_active()))
    fresh.replace(path)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors())
    return type(error).__name__


def _write_new(path: Path, keys: KeyFile) -> None:
    write_new(path, json.dumps(keys.model_dump(mode="json"), indent=2))


def _new_key() -> str:
    return urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def _bound_to(row: UUID | str, field: str) -> bytes:
    return f"{row}/{field}".encode()
