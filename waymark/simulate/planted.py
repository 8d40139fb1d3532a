"""Invented people whose every personal word can be recognised, and the search for such words where none may be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST_NAMES = ("Zebediah", "Peregrina", "Thaddeus", "Philomena", "Ignatius", "Wilhelmina", "Barnabas", "Clementina")
SYLLABLES = ("bra", "cro", "dwi", "fle", "gwy", "kno", "lou", "mar", "nib", "pru", "sto", "twe", "ulf", "wim", "yar")
# Ofcom's ranges for drama that no contact of a county's directory uses.
EXCHANGES = ("0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0", "0118 496 0", "0121 496 0",
             "0131 496 0", "0141 496 0", "0151 496 0", "0161 496 0")  # fmt: skip
# One for each kind of personal word below, however it may have been written.
TRACES: Mapping[str, re.Pattern[str]] = {
    "name": re.compile(r"quillow|zebediah|peregrina|thaddeus|philomena|ignatius|wilhelmina|barnabas|clementina", re.I),
    "phone": re.compile(r"(?<![0-9a-z])(?:\+?44|0)?\W?1(?:1[3-8]|[2-6]1)\W?496\W?0\d{3}(?![0-9a-z])", re.I),
    "e-mail": re.compile(r"planted\W?example", re.I),
    "address": re.compile(r"ginnel", re.I),
    "date of birth": re.compile(r"(?<!\d)19[2-5]\d-[01]\d-[0-3]\d(?!\d)"),
    "note": re.compile(r"budgerigar", re.I),
}
POSTCODE = re.compile(r"(?<![0-9A-Za-z])[A-Z]{1,2}[0-9][0-9A-Z]?[ +]?[0-9][A-Z]{2}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Resident:
    """Someone who asks; `trait` between 0 and 1 makes people differ."""

    number: int
    trait: float

    @property
    def name(self) -> str:
        """First and last name; no two numbers have the same."""
        base, left, syllables = len(SYLLABLES), self.number, [""]
        while left or len(syllables) == 1:
            left, digit = divmod(left, base)
            syllables.append(SYLLABLES[digit])
        last = "".join(syllables).capitalize()
        return f"{FIRST_NAMES[int(self.trait * len(FIRST_NAMES))]} {last}quillow"

    @property
    def phone(self) -> str:
        """A number for drama."""
        return f"{EXCHANGES[self.number // 1000 % len(EXCHANGES)]}{self.number % 1000:03d}"

    @property
    def address(self) -> str:
        """House and street."""
        return f"{self.number + 1} Larkspur Ginnel"

    def person(self, age: int, *, with_phone: bool) -> dict[str, Any]:  # JSON
        """Who it is, as typed in; some give their date of birth, and then they are old."""
        born = f"19{25 + int(self.trait * 30)}-0{1 + self.number % 9}-1{self.number % 10}"
        return {
            "name": self.name,
            **({"dob": born} if self.trait < 0.2 else {"age": age}),
            **({"phone": self.phone} if with_phone else {}),
            "email": f"{self.name.lower().replace(' ', '.')}@planted.example",
        }

    def note(self, worrying: str | None) -> str | None:
        """What the call handler wrote down."""
        if worrying is None and self.trait > 0.7:
            return None
        said = f"{self.name} keeps {self.number + 2} budgerigars, ring {self.phone}."
        return f"{said} Says there is {worrying}." if worrying else said


@dataclass(frozen=True, slots=True)
class Search:
    """Looks for personal words; `postcodes` are those that were typed in."""

    postcodes: set[str]

    def traces(self, text: str, *, places: bool = True) -> list[str]:
        """The kinds of personal word that `text` holds; without `places` postcodes are not looked for."""
        found = [kind for kind, trace in TRACES.items() if trace.search(text)]
        if places and any(match.replace("+", " ") in self.postcodes for match in POSTCODE.findall(text)):
            found.append("postcode")
        return found
