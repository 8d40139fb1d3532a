"""Which of many conditions hold for a referral, as the bits of one number: a table for each field that they ask of."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from services.router.domain.conditions import (
    AllOf,
    AnyOf,
    Case,
    CodeField,
    Condition,
    Doubt,
    Field,
    NoneOf,
    NumberField,
    OneOf,
    SetField,
    Test,
    Truth,
    TruthField,
    Within,
)

# Rows are conditions, numbered from 0; row n is bit n. A number below 0 has every bit set but some.
EVERY_ROW = -1
Column = Mapping[Test, int]
"""Tests of one kind and field, and the rows that make each."""


@dataclass(frozen=True, slots=True)
class Table:
    """What some rows ask of one field; those `unasked` do not ask."""

    field: Field
    unasked: int

    def rows(self, case: Case) -> int:
        """The rows that do not ask, and those whose test holds."""
        raise NotImplementedError

    def may_be(self, doubt: Doubt) -> Sequence[int]:
        """The same for each value that the field may have, where it is not known."""
        return self.unasked, EVERY_ROW


@dataclass(frozen=True, slots=True)
class AnyTable(Table):
    """Rows that ask for at least one of some codes."""

    field: SetField
    by_code: Mapping[str | None, int]

    def rows(self, case: Case) -> int:
        """Those that do not ask, and those of which a code is in the set."""
        rows = self.unasked
        for code in case.sets[self.field]:
            rows |= self.by_code.get(code, 0)
        return rows


@dataclass(frozen=True, slots=True)
class AllTable(Table):
    """Rows that ask for all of some codes."""

    field: SetField
    by_code: Mapping[str | None, int]

    def rows(self, case: Case) -> int:
        """All but those of which a code is not in the set."""
        codes, lacking = case.sets[self.field], 0
        for code, rows in self.by_code.items():
            if code not in codes:
                lacking |= rows
        return ~lacking


@dataclass(frozen=True, slots=True)
class NoneTable(Table):
    """Rows that ask for none of some codes."""

    field: SetField
    by_code: Mapping[str | None, int]

    def rows(self, case: Case) -> int:
        """All but those of which a code is in the set."""
        refusing = 0
        for code in case.sets[self.field]:
            refusing |= self.by_code.get(code, 0)
        return ~refusing


@dataclass(frozen=True, slots=True)
class CodeTable(Table):
    """Rows that ask for one of some codes."""

    field: CodeField
    by_code: Mapping[str | None, int]

    def rows(self, case: Case) -> int:
        """Those that do not ask, and those that name the code."""
        return self.by_code.get(case.codes[self.field], self.unasked)

    def may_be(self, doubt: Doubt) -> Sequence[int]:
        """For each code among those possible."""
        if doubt.among is None:
            return self.unasked, EVERY_ROW
        return [self.by_code.get(code, self.unasked) for code in doubt.among]


@dataclass(frozen=True, slots=True)
class NumberTable(Table):
    """Rows that ask for a number from a range: `between` has those below the first cut, from it on, and so forth."""

    field: NumberField
    cuts: Sequence[int]
    between: Sequence[int]

    def rows(self, case: Case) -> int:
        """Those that do not ask, and those in whose range the number lies."""
        number = case.numbers[self.field]
        return self.unasked if number is None else self.between[bisect_right(self.cuts, number)]

    def may_be(self, doubt: Doubt) -> Sequence[int]:
        """For each stretch that has a possible number."""
        if doubt.between is None:
            return self.unasked, EVERY_ROW
        first, last = (bisect_right(self.cuts, number) for number in doubt.between)
        return self.between[first : last + 1]


@dataclass(frozen=True, slots=True)
class TruthTable(Table):
    """Rows that ask for one of the two answers."""

    field: TruthField
    if_true: int
    if_false: int

    def rows(self, case: Case) -> int:
        """Those that do not ask, and those that ask for this one."""
        return self.if_true if case.truths[self.field] else self.if_false


@dataclass(frozen=True, slots=True)
class Bitsets:
    """Many conditions at once."""

    tables: tuple[Table, ...]

    def rows(self, case: Case) -> int:
        """The conditions that hold, by the values that the case counts with; every bit above the last row is set."""
        rows = EVERY_ROW
        for table in self.tables:
            rows &= table.rows(case)
        return rows

    def judged(self, case: Case) -> tuple[int, int]:
        """The conditions that certainly hold, and those that possibly do, while facts are missing."""
        certain = possible = EVERY_ROW
        for table in self.tables:
            doubt = case.doubts.get(table.field)
            each = (table.rows(case),) if doubt is None else table.may_be(doubt)
            certain &= reduce(and_, each)
            possible &= reduce(or_, each)
        return certain, possible


def bitsets_of(conditions: Iterable[tuple[Condition, int]]) -> Bitsets:
    """The tables of these conditions, each with the rows that have it.

    A second test of one kind and field in a condition gets a table of its own.
    """
    columns: dict[tuple[type[Test], Field, int], dict[Test, int]] = defaultdict(lambda: defaultdict(int))
    for condition, rows in conditions:
        kinds = [(type(test), test.field) for test in condition.tests]
        for place, (test, kind) in enumerate(zip(condition.tests, kinds, strict=True)):
            columns[*kind, kinds[:place].count(kind)][test] |= rows
    return Bitsets(tuple(_table(column) for column in columns.values()))


def _table(column: Column) -> Table:
    """The table of tests that are all of one kind and field."""
    unasked = ~reduce(or_, column.values())
    match next(iter(column)):
        case AnyOf(ticked):
            return AnyTable(ticked, unasked, _by_code(column))
        case AllOf(ticked):
            return AllTable(ticked, unasked, _by_code(column))
        case NoneOf(ticked):
            return NoneTable(ticked, unasked, _by_code(column))
        case OneOf(code):
            return CodeTable(code, unasked, {value: unasked | rows for value, rows in _by_code(column).items()})
        case Within(number):
            return _number_table(number, unasked, column)
        case Truth(truth):
            yes, no = (unasked | column.get(Truth(truth, answer), 0) for answer in (True, False))
            return TruthTable(truth, unasked, yes, no)


def _by_code(column: Column) -> dict[str | None, int]:
    """For each code the rows that name it."""
    by_code: dict[str | None, int] = defaultdict(int)
    for test, rows in column.items():
        if isinstance(test, AnyOf | AllOf | NoneOf | OneOf):
            for code in test.codes:
                by_code[code] |= rows
    return dict(by_code)


def _number_table(field: NumberField, unasked: int, column: Column) -> NumberTable:
    ranges = [(test, rows) for test, rows in column.items() if isinstance(test, Within)]
    cuts = sorted({cut for test, _ in ranges for cut in (test.least, test.below) if cut is not None})
    numbers = [cuts[0] - 1 if cuts else 0, *cuts]
    between = [reduce(or_, (rows for test, rows in ranges if test.has(number)), unasked) for number in numbers]
    return NumberTable(field, unasked, cuts, between)
