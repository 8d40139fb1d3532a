"""Decision tables of the rules file: which columns and hit policies each place takes, and their rows spelt out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any, Final, get_args

from pydantic import Field

from services.router.configuration.cells import LONGEST, Cell
from services.router.configuration.codes import Codes
from services.router.configuration.directory_schema import Closed, Text
from services.router.configuration.documents import DISTRICTS, RULES, CountyRefused, refused
from services.router.configuration.fitting import fitted
from services.router.configuration.rules_schema import (
    CODES,
    ActionDoc,
    AdditionDoc,
    BeforeDeskDoc,
    FlagDoc,
    PlacedWhenDoc,
    RaiseDoc,
    TrackDoc,
    TrackStopDoc,
    WhenDoc,
)
from services.router.domain.conditions import NumberField, SetField, TruthField

FIRST, UNIQUE, ANY, COLLECT, PRIORITY, RULE_ORDER = "FIRST", "UNIQUE", "ANY", "COLLECT", "PRIORITY", "RULE ORDER"
THEN: Final = "then "
_MOST_ROWS: Final = 1_000
_ONE_DECIDES = (FIRST, UNIQUE, ANY)
_LISTS = frozenset(("rules", "needs", "tracks", "first", "answers"))
_TRUTHS = frozenset((*get_args(TruthField), "essential"))


@dataclass(frozen=True, slots=True)
class Place:
    """A list of rows in the rules file where tables may stand: what a row may have, and how several rows count.

    `asks` are columns beside the conditions; `then` maps what a row sets to the hit policies that its meaning permits;
    `about` names the column by which rows can meet, None if all rows of the place can.
    """

    path: str
    row: type[Closed]
    when: type[WhenDoc]
    asks: tuple[str, ...]
    then: Mapping[str, tuple[str, ...]]
    about: str | None = None

    def columns(self) -> Mapping[str, str]:
        """Every column by its heading, with the path of what it fills in a row."""
        conditions = {name: f"when.{name}" for name in self.when.model_fields}
        return {name: name for name in self.asks} | conditions | {THEN + name: name for name in self.then}

    def required(self) -> Iterator[str]:
        """The headings of the columns that a table here cannot do without."""
        for heading, name in self.columns().items():
            if name in self.row.model_fields and self.row.model_fields[name].is_required():
                yield heading


PLACES: Final = (
    Place("risk.actions", ActionDoc, WhenDoc, ("rules",), {
        "need": (COLLECT,), "service": (ANY, UNIQUE), "priority": (PRIORITY, UNIQUE, ANY), "flag": (COLLECT,),
        "answers": (COLLECT,)}, "need"),
    Place("risk.kept_from_visiting", TrackStopDoc, WhenDoc, ("rules", "tracks"), {"flag": _ONE_DECIDES}, "tracks"),
    Place("marks", FlagDoc, WhenDoc, ("rules",), {"flag": (COLLECT,)}),
    Place("tracks", TrackDoc, PlacedWhenDoc, ("rules", "needs"), {"tracks": _ONE_DECIDES, "first": _ONE_DECIDES},
          "needs"),
    Place("additions", AdditionDoc, WhenDoc, ("rules",), {"need": (COLLECT,)}),
    Place("priorities", RaiseDoc, WhenDoc, ("rules", "needs", "essential"), {"at_least": (PRIORITY, UNIQUE, ANY)},
          "needs"),
    Place("selection.before_the_desk", BeforeDeskDoc, WhenDoc, ("rules",), {"tracks": (RULE_ORDER, UNIQUE)}),
)  # fmt: skip


class TableDoc(Closed):
    """A decision table; the cells of its heading and of each row are divided by "|"."""

    table: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_ ]{0,29}[a-z0-9]$")] | None = None
    hit_policy: str | dict[str, str]
    columns: Text
    rows: Annotated[list[str], Field(min_length=1, max_length=_MOST_ROWS)]


@dataclass(frozen=True, slots=True)
class Table:
    """A table where it stands, such as at "tracks[0]". `policies` has the hit policy of each thing that it sets;
    `first` is the number of its first row among all rows of its place."""

    name: str
    path: str
    place: Place
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    policies: Mapping[str, str]
    first: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rows of the rules file stand, once its tables are spelt out as rows."""

    tables: tuple[Table, ...] = ()
    seats: Mapping[str, str] = field(default_factory=dict)
    """The path in the file of each row, where it is another than that of the row as compiled."""

    def path(self, path: str) -> str:
        """The path in the file of a path as compiled: of a row's `when.flags`, for instance, that of the cell."""
        row = re.match(r"[a-z_.]+\[\d+\]", path)
        if row is None or row[0] not in self.seats:
            return path
        seat, rest = self.seats[row[0]], path[row.end() :].lstrip(".")
        table = next((each for each in self.tables if seat.startswith(f"{each.path}.rows[")), None)
        if table is None:
            return f"{seat}.{rest}" if rest else seat
        filled = [table.place.columns()[heading] for heading in table.columns]
        cell = next((number for number, name in enumerate(filled) if re.match(rf"{re.escape(name)}(\W|$)", rest)), None)
        return seat if cell is None else f"{seat}[{cell}]"

    def name(self, path: str) -> str:
        """What a sentence calls a row: its path, or its table and its number there, from 1."""
        for table in self.tables:
            row = re.fullmatch(rf"{re.escape(table.path)}\.rows\[(\d+)\]", self.seats.get(path, ""))
            if row:
                return f"row {int(row[1]) + 1} of {table.name}"
        return self.seats.get(path, path)

    def placed(self, error: CountyRefused) -> CountyRefused:
        """The same refusal with the path in the file."""
        file, _, path = error.place.partition(": ")
        if file != RULES or not path:
            return error
        return CountyRefused(f"{file}: {self.path(path)}", error.sentence, error.code_there, error.position)


def spelt_out(content: Mapping[str, Any]) -> tuple[dict[str, Any], Layout]:  # Any: not checked against the schema yet
    """The rules file of these contents with every table as rows, and where they stand. Raises Refused."""
    rules = content[RULES]
    known = {**CODES, "district": _short_codes(content[DISTRICTS])}
    tables: list[Table] = []
    seats: dict[str, str] = {}
    for place in PLACES:
        *above, last = place.path.split(".")
        outer = _inner(rules, above)
        if not isinstance(outer, dict) or not _has_table(outer.get(last)):
            continue
        rows: list[object] = []
        for path, item, is_table in _items(place.path, outer[last]):
            if not is_table:
                seats[f"{place.path}[{len(rows)}]"] = path
                rows.append(item)
                continue
            table = _table(item, path, place, len(rows))
            tables.append(table)
            for number, row in enumerate(_rows(table, known)):
                seats[f"{place.path}[{len(rows)}]"] = f"{path}.rows[{number}]"
                rows.append(row)
        rules = _replaced(rules, place.path.split("."), rows)
    _check_names(tables)
    return rules, Layout(tuple(tables), seats)


def _short_codes(districts: Iterable[Mapping[str, str]]) -> frozenset[str | None]:
    return frozenset(row["short_code"] for row in districts if row.get("short_code"))


def _inner(content: Any, keys: Sequence[str]) -> Any:  # Any: not checked against the schema yet
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _replaced(content: Any, keys: Sequence[str], value: Any) -> Any:  # Any: not checked against the schema yet
    return {**content, keys[0]: _replaced(content[keys[0]], keys[1:], value)} if keys else value


def _is_table(item: Any) -> bool:  # Any: not checked against the schema yet
    return isinstance(item, dict) and not TableDoc.model_fields.keys().isdisjoint(item)


def _has_table(value: Any) -> bool:  # Any: not checked against the schema yet
    """A mapping can only be meant as a table, however it is misspelt."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_is_table, value)))


def _items(path: str, value: Any) -> Iterator[tuple[str, Any, bool]]:  # Any: not checked against the schema yet
    """Each row and table with its path, and whether it is a table."""
    if isinstance(value, list):
        yield from ((f"{path}[{number}]", item, _is_table(item)) for number, item in enumerate(value))
    else:
        yield path, value, True


def _table(item: Any, path: str, place: Place, first: int) -> Table:  # Any: checked here
    doc = fitted(RULES, TableDoc, {RULES: item}, at=path)
    if doc.table is None and path != place.path:
        raise refused(f"{RULES}: {path}", "a table among others needs a name: `table: food`, for instance")
    columns = _columns(doc, path, place)
    rows = tuple(_split(row, f"{path}.rows[{number}]", len(columns)) for number, row in enumerate(doc.rows))
    return Table(doc.table or place.path, path, place, columns, rows, _policies(doc, path, place, columns), first)


def _columns(doc: TableDoc, path: str, place: Place) -> tuple[str, ...]:
    where = f"{RULES}: {path}.columns"
    columns = tuple(each.strip() for each in doc.columns.split("|"))
    known = Codes("a column of this table", frozenset(place.columns()))
    for number, heading in enumerate(columns):
        known.one(heading, f"{where}[{number}]")
        if heading in columns[:number]:
            raise refused(f"{where}[{number}]", "the column is given twice", heading)
    missing = next((heading for heading in place.required() if heading not in (*columns, "when")), None)
    if missing:
        raise refused(where, f"the column {missing!r} is missing")
    return columns


def _split(row: str, path: str, count: int) -> tuple[str, ...]:
    where = f"{RULES}: {path}"
    cells = tuple(each.strip() for each in row.split("|"))
    if len(cells) != count:
        raise refused(where, f"the row has {len(cells)} cells, and the table {count} columns")
    for number, cell in enumerate(cells):
        if len(cell) > LONGEST:
            raise refused(f"{where}[{number}]", f"a cell has at most {LONGEST} characters")
    return cells


def _policies(doc: TableDoc, path: str, place: Place, columns: Sequence[str]) -> dict[str, str]:
    where = f"{RULES}: {path}.hit_policy"
    sets = [heading.removeprefix(THEN) for heading in columns if heading.startswith(THEN)]
    given = doc.hit_policy if isinstance(doc.hit_policy, dict) else dict.fromkeys(sets, doc.hit_policy)
    Codes("set by this table", frozenset(sets)).all(given, where)
    for name in sets:
        if name not in given:
            raise refused(where, f"the hit policy of {name!r} is missing")
        if given[name] not in place.then[name]:
            close = get_close_matches(given[name], place.then[name], n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f": {' or '.join(place.then[name])}"
            raise refused(where, f"{given[name]!r} is not a hit policy of {name!r} in {place.path}{hint}")
    return dict(given)


def _rows(table: Table, known: Mapping[str, frozenset[str | None]]) -> Iterator[dict[str, Any]]:  # Any: a row
    """The rows of a table as the file would have them without it."""
    columns = [table.place.columns()[heading] for heading in table.columns]
    for number, cells in enumerate(table.rows):
        row: dict[str, Any] = {"when": {}}
        for at, (name, text) in enumerate(zip(columns, cells, strict=True)):
            cell = Cell(text, f"{RULES}: {table.path}.rows[{number}][{at}]")
            if cell.is_anything:
                continue
            value = _reader(name, known)(cell)
            into = row["when"] if name.startswith("when.") else row
            into[name.removeprefix("when.")] = value
        yield row


def _reader(name: str, known: Mapping[str, frozenset[str | None]]) -> Callable[[Cell], object]:
    """How the cells of a column are read."""
    name, is_condition = name.removeprefix("when."), name.startswith("when.")
    if name in _TRUTHS:
        return Cell.truth
    if not is_condition:
        return Cell.codes if name in _LISTS else Cell.one
    if name in get_args(SetField):
        return Cell.set_of
    if name in get_args(NumberField):
        return Cell.number
    codes = frozenset(code for code in known[name] if code) if name in known else None
    return lambda cell: cell.one_of(codes)


def _check_names(tables: Iterable[Table]) -> None:
    seen: set[str] = set()
    for table in tables:
        if table.name in seen:
            raise refused(f"{RULES}: {table.path}", f"{table.name!r} is the name of two tables")
        seen.add(table.name)
