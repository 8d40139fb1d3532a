"""How a typed postcode is read (R02): cleaned, recognised as full, sector or outcode, corrected where that is safe."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.intake.domain.places import Places

OUTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?")
# The inward part never has C I K M O V. This also refuses ZZ99 3VZ, the NHS code for no fixed abode (R06).
FULL = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9])([ABD-HJLNP-UW-Z]{2})")
DIGIT = re.compile(r"[0-9]")
LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
CORRECTED_LENGTHS = range(5, 8)


class Form(StrEnum):
    """What a typed postcode turned out to be."""

    FULL = "full"
    SECTOR = "sector"
    OUTCODE = "outcode"
    MISSING = "missing"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Reading:
    """A typed postcode after R02.

    `unit` "DE656WE" is set for a full postcode, `sector` "DE65 6" for a full postcode or a sector, `outcode` "DE65" for
    anything usable; the others are None.
    """

    form: Form
    unit: str | None = None
    sector: str | None = None
    outcode: str | None = None
    corrected: bool = False


def read(text: str | None, places: Places, never_corrected: frozenset[str] = frozenset()) -> Reading:
    """Read `text` as R02 says. `never_corrected` are the letters which, followed by a digit, forbid a correction."""
    code = clean(text)
    if not code:
        return Reading(Form.MISSING)
    full = _full(code)
    if full and _known(full, places):
        return full
    for correction in () if _exempt(code, never_corrected) else _corrections(code):
        if _known(correction, places):
            return correction
    return full or _partial(text or "", code) or Reading(Form.INVALID)


def candidates(text: str | None) -> tuple[str, ...]:
    """Every unit, sector and outcode that reading and locating `text` could look up, in the forms of `Places`.

    A store can load just these rows (at most nine) and build a small `PlaceTable` of them.
    """
    code = clean(text)
    readings = [_full(code), *_corrections(code), _partial(text or "", code)]
    codes = [c for reading in readings if reading for c in (reading.unit, reading.sector, reading.outcode) if c]
    return tuple(dict.fromkeys(codes))


def full_code(text: str | None) -> str | None:
    """The unit code of `text` when it has the form of a full postcode as it stands, without any correction."""
    reading = _full(clean(text))
    return reading.unit if reading else None


def clean(text: str | None) -> str:
    """NFKC, upper case, letters and digits only; "" when there are none."""
    return "".join(c for c in unicodedata.normalize("NFKC", text or "").upper() if c.isalnum())


def _full(code: str, *, corrected: bool = False) -> Reading | None:
    match = FULL.fullmatch(code)
    if match is None:
        return None
    outcode, digit, _ = match.groups()
    return Reading(Form.FULL, unit=code, sector=f"{outcode} {digit}", outcode=outcode, corrected=corrected)


def _known(reading: Reading, places: Places) -> bool:
    return reading.outcode is not None and places.outcode(reading.outcode) is not None


def _exempt(code: str, prefixes: frozenset[str]) -> bool:
    return any(code.startswith(prefix) and DIGIT.match(code, len(prefix)) for prefix in prefixes)


def _corrections(code: str) -> Iterator[Reading]:
    """The full postcodes that `code` may have meant, two area letters first, then one."""
    if len(code) not in CORRECTED_LENGTHS:
        return
    outcode, incode = code[:-3], code[-3].translate(LOOKALIKES) + code[-2:]
    for letters in (2, 1):
        reading = _full(outcode[:letters] + outcode[letters:].translate(LOOKALIKES) + incode, corrected=True)
        if reading and reading.unit != code:
            yield reading


def _partial(text: str, code: str) -> Reading | None:
    """A sector only where a space was typed before its digit: "DE7 5" is a sector, "DE75" an outcode."""
    *head, last = [word for word in map(clean, unicodedata.normalize("NFKC", text).split()) if word] or [""]
    if DIGIT.fullmatch(last) and OUTCODE.fullmatch("".join(head)):
        outcode = "".join(head)
        return Reading(Form.SECTOR, sector=f"{outcode} {last}", outcode=outcode)
    return Reading(Form.OUTCODE, outcode=code) if OUTCODE.fullmatch(code) else None
