"""Unit postcodes in the layouts of the ONS Postcode Directory, found by the columns' names (R03)."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from services.intake.configuration.files import opened, wrong
from services.intake.domain.places import UnitPlace

DISTRICT_COLUMN = re.compile(r"oslaua|laua|lad[0-9]{2}cd")
WARD_COLUMN = re.compile(r"osward|wd[0-9]{2}cd")
LSOA_COLUMN = re.compile(r"lsoa([0-9]{2})(cd)?")
DISTRICT_CODE = re.compile(r"[A-Z][0-9]{8}")
# Such as E05999999: there is none, or it is a place-holder.
NO_AREA = re.compile(r"|[A-Z][0-9]{2}9{6}")
ROWS_BETWEEN_WORDS = 10_000


class _Columns(NamedTuple):
    """Where to look in a row; `live` is what the column `ended` says of a postcode still in use."""

    postcode: int
    district: int
    ended: int
    live: str
    ward: int | None = None
    lsoa: int | None = None


def read_units(file: Path, seen: Callable[[int], None] | None = None) -> Iterator[tuple[str, UnitPlace]]:
    """Each unit code ("DE656WE") of `file` with its place, in one pass and constant memory; plain text, gzip, or the
    quarterly zip.

    Reads every layout of the ONS Postcode Directory by its column names, and the short form `pcds,lad_code,status`.
    Rows without a district are passed over. `seen` is told now and then how many bytes of the file have been read.
    Raises Refused, naming file and line, when a needed column or every unit is missing or a row is cut.
    """
    found = False
    with opened(file) as (text, raw):
        rows = csv.reader(text)
        columns = _columns(file, next(rows, []))
        needed = max(index for index in columns if isinstance(index, int))
        for number, row in enumerate(rows):
            if seen and number % ROWS_BETWEEN_WORDS == 0:
                seen(raw.tell())
            if row and len(row) <= needed:
                raise wrong(file.name, f"line {rows.line_num}: only {len(row)} columns")
            if row and DISTRICT_CODE.fullmatch(row[columns.district]):
                found = True
                yield row[columns.postcode].replace(" ", "").upper(), _place(row, columns)
        if seen:
            seen(raw.tell())
    if not found:
        raise wrong(file.name, "there is no unit postcode with a district in it")


def _place(row: Sequence[str], columns: _Columns) -> UnitPlace:
    return UnitPlace(
        district=row[columns.district],
        terminated=row[columns.ended] != columns.live,
        ward=_area(row, columns.ward),
        lsoa=_area(row, columns.lsoa),
    )


def _area(row: Sequence[str], column: int | None) -> str | None:
    code = "" if column is None else row[column]
    return None if NO_AREA.fullmatch(code) else code


def _columns(file: Path, header: Sequence[str]) -> _Columns:
    names = [name.strip().lower() for name in header]
    district = next((name for name in names if DISTRICT_COLUMN.fullmatch(name)), None)
    if district and {"pcds", "doterm"} <= set(names):
        ward = next((index for index, name in enumerate(names) if WARD_COLUMN.fullmatch(name)), None)
        # Of each census; the newest.
        lsoas = [(match[1], index) for index, name in enumerate(names) if (match := LSOA_COLUMN.fullmatch(name))]
        lsoa = max(lsoas)[1] if lsoas else None
        return _Columns(names.index("pcds"), names.index(district), names.index("doterm"), "", ward, lsoa)
    if {"pcds", "lad_code", "status"} <= set(names):
        return _Columns(names.index("pcds"), names.index("lad_code"), names.index("status"), "live")
    raise wrong(file.name, "line 1: needs the columns pcds, doterm and a district (oslaua, laua or ladNNcd)")
