"""Past referrals as columns: for each value that a field of the facts has, which of them have it, a bit for each."""

from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from services.router.domain.facts import Facts

Value = Hashable
Column = Mapping[Value, int]
"""By value, the referrals that have it: bit n of the integer stands for referral n."""

NO_COLUMN: Column = {}


@dataclass(frozen=True, slots=True)
class Columns:
    """The facts of `count` referrals by field and value, just as they were given.

    `needs`, `flags`, `candidates` and `matched` (needs of open referrals of the same person) have any number of values
    for one referral, every other field exactly one, which may be None.
    """

    count: int
    everyone: int
    fields: Mapping[str, Column]

    def of(self, name: str) -> Column:
        """A field by value; none for no referrals."""
        return self.fields.get(name, NO_COLUMN)

    def having(self, name: str, value: Value) -> int:
        """The referrals of which a field has this value."""
        return self.of(name).get(value, 0)


@dataclass(slots=True)
class ColumnsBuilder:
    """Takes up facts one by one, and turns them into columns."""

    count: int = 0
    _rows: "dict[tuple[str, Value], array[int]]" = field(default_factory=lambda: defaultdict(lambda: array("I")))

    def add(self, facts: Facts) -> None:
        """Take up the facts of the next referral."""
        for entry in _entries(facts):
            self._rows[entry].append(self.count)
        self.count += 1

    def build(self) -> Columns:
        """The columns of all that were added."""
        fields: dict[str, dict[Value, int]] = defaultdict(dict)
        for (name, value), rows in self._rows.items():
            fields[name][value] = bits_of(rows, self.count)
        return Columns(self.count, (1 << self.count) - 1, fields)


def _entries(facts: Facts) -> Iterator[tuple[str, Value]]:
    place = facts.place
    yield "consent", facts.consent_status
    yield "consent_by", facts.consent_by
    yield "own_consent", facts.consent_status == "given" and facts.consent_by == "self"
    yield "request_kind", facts.request_kind
    yield "referrer_kind", facts.referrer_kind
    yield "requested_priority", facts.requested_priority
    yield "shield_list_match", facts.shield_list_match
    yield "red_flag_words", bool(facts.red_flags)
    yield "age", facts.age
    yield "food_days_left", facts.food_days_left
    yield "meds_days_left", facts.meds_days_left
    yield "language", facts.language
    yield "district", place.district
    yield "outcode", place.outcode
    yield "ward", place.ward
    yield "lsoa", place.lsoa
    yield from (("needs", need) for need in set(facts.needs) or (None,))
    yield from (("flags", flag) for flag in set(facts.flags))
    if not place.district:
        yield from (("candidates", code) for code in set(place.candidates))
    yield from (("matched", need) for need in {need for match in facts.open_matches for need in match.needs})


def bits_of(rows: "array[int]", count: int) -> int:
    """The integer with these of `count` bits set."""
    buffer = bytearray(count // 8 + 1)
    for row in rows:
        buffer[row >> 3] |= 1 << (row & 7)
    return int.from_bytes(buffer, "little")


def rows_of(bits: int) -> Iterator[int]:
    """The referrals of a column, in their order."""
    for place, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        while byte:
            lowest = byte & -byte
            yield place * 8 + lowest.bit_length() - 1
            byte ^= lowest


def any_of(columns: Iterable[int]) -> int:
    """Whoever is in any of them."""
    return reduce(or_, columns, 0)
