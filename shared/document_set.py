"""A set of documents as a value: how it is read from a county's folder, what it is named, and how it travels."""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path

from shared.errors import Refused

Documents = Mapping[str, str]
# What a county's folder holds besides places, samples and licences.
KINDS_OF_FILE = ("*.yaml", "*.csv", "surges/*.yaml")


def read_folder(directory: Path) -> dict[str, str]:
    """The texts of a county's folder by name, such as "rules.yaml" or "surges/snow.yaml". Raises Refused."""
    texts = {}
    for file in sorted(file for kind in KINDS_OF_FILE for file in directory.glob(kind)):
        name = file.relative_to(directory).as_posix()
        try:
            texts[name] = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise Refused("county_refused", f"{name}: this cannot be read as UTF-8 text") from error
    return texts


def version_of(documents: Documents) -> str:
    """The name of a set of documents: SHA-256, hexadecimal, of its canonical JSON."""
    return hashlib.sha256(_canonical(documents).encode()).hexdigest()


def packed(documents: Documents) -> str:
    """Documents as one short text of plain letters, to travel in an event."""
    return base64.b64encode(zlib.compress(_canonical(documents).encode(), 9)).decode()


def unpacked(text: str) -> dict[str, str]:
    """The documents that were `packed`."""
    documents: dict[str, str] = json.loads(zlib.decompress(base64.b64decode(text)))
    return documents


def _canonical(documents: Documents) -> str:
    return json.dumps(dict(documents), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
