"""Text files of a county and of the ONS, however they are packed; what cannot be read is refused with its name."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from shared.errors import Refused

GZIP_MAGIC, ZIP_MAGIC = b"\x1f\x8b", b"PK\x03\x04"
# The one file of all postcodes in the quarterly zip; beside it lie the same rows again, split by area.
WHOLE_DIRECTORY = re.compile(r"(.*/)?(ONSPD|NSPL)\w*_UK\.csv", re.IGNORECASE)


def wrong(file: str, problem: str) -> Refused:
    """What to raise about a file that cannot be used."""
    return Refused("bad_configuration", f"{file}: {problem}")


@contextmanager
def lines(file: Path) -> Iterator[Iterable[str]]:
    """The text lines of a plain, gzip or zip file without a byte-order mark. Raises Refused."""
    with opened(file) as (text, _):
        yield text


@contextmanager
def opened(file: Path) -> Iterator[tuple[Iterable[str], IO[bytes]]]:
    """Its lines as `lines` gives them, and the file, whose position says how much has been read. Raises Refused."""
    try:
        with file.open("rb") as raw:
            magic = raw.read(len(ZIP_MAGIC))
            raw.seek(0)
            yield io.TextIOWrapper(_unpacked(file, raw, magic), encoding="utf-8-sig", newline=""), raw
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, UnicodeDecodeError, csv.Error) as error:
        raise wrong(file.name, str(error)) from error


def _unpacked(file: Path, raw: IO[bytes], magic: bytes) -> IO[bytes] | gzip.GzipFile:
    if magic.startswith(GZIP_MAGIC):
        return gzip.GzipFile(fileobj=raw)
    if magic != ZIP_MAGIC:
        return raw
    packed = zipfile.ZipFile(raw)
    members = [name for name in packed.namelist() if WHOLE_DIRECTORY.fullmatch(name)]
    if len(members) != 1:
        raise wrong(file.name, f"needs one file such as Data/ONSPD_NOV_2025_UK.csv in it, and has {len(members)}")
    return packed.open(members[0])
