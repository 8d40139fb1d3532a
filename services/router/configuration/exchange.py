"""Decision tables out to a spreadsheet and back: only rows that differ are written, and nothing else of the file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import yaml

from services.router.configuration import compile_county
from services.router.configuration.checking import check_documents
from services.router.configuration.checking.findings import errors
from services.router.configuration.codes import Codes
from services.router.configuration.documents import RULES, CountyRefused, parse_documents, refused
from services.router.configuration.positions import Position, Source
from services.router.configuration.tables import Table, spelt_out
from shared.errors import Refused

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table as a spreadsheet has it. `file` is what people call its file; each row has its number there, from 1."""

    file: str
    name: str
    columns: Row
    rows: tuple[tuple[int, Row], ...]

    def place(self, row: int, cell: int | None = None) -> str:
        """Such as "rules.xlsx, sheet marks, row 5, column C"."""
        column = f", column {chr(ord('A') + cell)}" if cell is not None else ""
        return f"{self.file}, sheet {self.name}, row {row}{column}"


def tables_of(documents: Mapping[str, str]) -> tuple[Table, ...]:
    """The decision tables of a county. Raises Refused for a file without any, or whose tables cannot be read."""
    tables = spelt_out(parse_documents(documents))[1].tables
    if not tables:
        raise refused(RULES, "there is no decision table in this file")
    return tables


def with_sheets(documents: Mapping[str, str], extra: Mapping[str, str], sheets: Sequence[Sheet]) -> str:
    """The rules file with the rows of these sheets in place of those of the tables of the same names.

    Raises Refused for a sheet that is no table, for rows that do not load or are wrong by the check of the whole folder
    (`extra` may have its tests and postcode sectors), with the place in the sheet.
    """
    text, tables = documents[RULES], {table.name: table for table in tables_of(documents)}
    placed: dict[str, Sheet] = {}
    for sheet in sheets:
        table = _table_of(sheet, tables)
        if table.path in placed:
            raise refused(sheet.file, f"the table {sheet.name!r} is given twice")
        placed[table.path] = sheet
        text = rewritten(text, table, [row for _, row in sheet.rows])
    if text != documents[RULES]:
        _check({**documents, RULES: text}, extra, placed)
    return text


def _table_of(sheet: Sheet, tables: Mapping[str, Table]) -> Table:
    table = tables[Codes(f"a table of {RULES}", frozenset(tables)).one(sheet.name, sheet.file)]
    if sheet.columns != table.columns:
        raise refused(sheet.place(1), f"the columns of this table are {' | '.join(table.columns)}")
    if not sheet.rows:
        raise refused(sheet.place(1), "a table has at least one row")
    for number, row in sheet.rows:
        for at, cell in enumerate(row):
            if "|" in cell or not cell.isprintable():
                raise refused(sheet.place(number, at), f"{cell!r} has a character that no cell can have")
    return table


def rewritten(text: str, table: Table, rows: Sequence[Row]) -> str:
    """The file with these rows in the table. A row that is the same stays as it is, with its comments."""
    source = Source(RULES, text)
    lines = text.splitlines(keepends=True)
    numbers = [source.find(f"{table.path}.rows[{number}]").line - 1 for number in range(len(table.rows))]
    if any(not re.match(r"\s*- ", lines[number]) for number in numbers) or len({*numbers}) < len(numbers):
        raise refused(f"{RULES}: {table.path}", "each row needs a line of its own to be changed from a sheet")
    widths = [max(map(len, cells)) for cells in zip(table.columns, *table.rows, strict=True)]
    old = [tuple(map(normal, row)) for row in table.rows]
    for tag, start, end, from_, to in reversed(SequenceMatcher(None, old, rows, autojunk=False).get_opcodes()):
        if tag != "equal":
            new = [_line(row, widths, lines[numbers[0]]) for row in rows[from_:to]]
            _replace(lines, numbers[start:end], new, numbers[start] if start < len(numbers) else numbers[-1] + 1)
    return "".join(lines)


def _replace(lines: list[str], numbers: Sequence[int], new: Sequence[str], at: int) -> None:
    """Put new lines in place of old ones, which keep what is written behind them; `at` is where, if there are none."""
    for number, line in zip(numbers, new, strict=False):
        comment = re.search(r"\s+#.*", lines[number])
        lines[number] = line.replace("\n", f"{comment[0]}\n") if comment else line
    for number in reversed(numbers[len(new) :]):
        del lines[number]
    after = numbers[min(len(numbers), len(new)) - 1] + 1 if numbers else at
    if after == len(lines) and new and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    lines[after:after] = new[len(numbers) :]


def _line(row: Row, widths: Sequence[int], like: str) -> str:
    """A row as a line that begins and ends like another one, in line with the others where it fits."""
    text = " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    try:
        is_plain = yaml.safe_load(f"- {text}") == [text]
    except yaml.YAMLError:
        is_plain = False
    begin = re.match(r"\s*-\s+", like)
    end = "\r\n" if like.endswith("\r\n") else "\n"
    if not is_plain:
        text = "'" + text.replace("'", "''") + "'"
    return f"{begin[0] if begin else '- '}{text}{end}"


def normal(cell: str) -> str:
    """A cell without what a spreadsheet may add: spaces, and ends of lines."""
    return " ".join(cell.split())


def _check(documents: Mapping[str, str], extra: Mapping[str, str], placed: Mapping[str, Sheet]) -> None:
    """Raises Refused with the first thing that is wrong in a sheet, or does not load; `placed` has the sheet of each
    table by its path. What else is wrong in the folder is left to `check-rules`."""
    try:
        compile_county(documents)
    except CountyRefused as error:
        if error.position is None:
            raise
        raise _pointed_out(error.sentence, error.position, documents[RULES], placed) or error from error
    for finding in errors(check_documents(documents, extra)):
        if finding.position is not None:
            wrong = _pointed_out(finding.sentence, finding.position, documents[RULES], placed)
            if wrong is not None:
                raise wrong


def _pointed_out(sentence: str, position: Position, text: str, placed: Mapping[str, Sheet]) -> Refused | None:
    """The refusal with its place in the sheet; None if it stands in none of them."""
    source = Source(RULES, text)
    for path, sheet in placed.items():
        for at, (number, _) in enumerate(sheet.rows):
            if position.file == RULES and source.find(f"{path}.rows[{at}]").line == position.line:
                cell = position.text[: position.column - 1].count("|")
                return Refused("county_refused", f"{sheet.place(number, cell)}: {sentence}\n{position.shown()}")
    return None
