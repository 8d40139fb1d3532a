"""Where postcodes are, for the public feed: their districts, and their coordinates where the file has them."""

import csv
import gzip
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from services.router.openreferral.filters import Find, Spot
from shared.errors import Refused

DISTRICT = re.compile(r"oslaua|laua|lad\d\dcd|lad_code")
# ONS's marks of a postcode that has no coordinates.
NOWHERE = 99.0


def read_spots(file: Path, districts: Collection[str]) -> Find:
    """Finds the postcodes of these districts, given by GSS codes, in an ONS Postcode Directory file of any layout, also
    .gz, or in the short form `pcds,lad_code,status`. Raises Refused for another file."""
    open_text = gzip.open if file.suffix == ".gz" else open
    with open_text(file, "rt", encoding="utf-8-sig") as lines:
        spots = dict(_rows(csv.reader(lines), frozenset(districts), file.name))
    return lambda postcode: spots.get(_plain(postcode))


def _rows(rows: Iterator[list[str]], districts: frozenset[str], name: str) -> Iterable[tuple[str, Spot]]:
    header = [column.lower() for column in next(rows, [])]
    district = next((at for at, column in enumerate(header) if DISTRICT.fullmatch(column)), None)
    if district is None or "pcds" not in header:
        raise Refused("postcodes-unreadable", f"{name} needs the columns pcds and a district (oslaua, laua, ladNNcd).")
    postcode = header.index("pcds")
    degrees = [header.index(column) for column in ("lat", "long") if column in header]
    for row in rows:
        if len(row) == len(header) and row[district] in districts:
            yield _plain(row[postcode]), Spot(row[district], *_degrees([row[at] for at in degrees]))


def _degrees(values: list[str]) -> tuple[float, float] | tuple[None, None]:
    if len(values) < 2 or not all(values) or float(values[0]) > NOWHERE:
        return None, None
    return float(values[0]), float(values[1])


def _plain(postcode: str) -> str:
    return "".join(postcode.split()).upper()
