"""Sheets as CSV and XLSX files, safe to open in Excel and to read back after it."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from services.router.configuration.cells import ANYTHING
from services.router.configuration.documents import refused
from services.router.configuration.exchange import Sheet, normal
from services.router.configuration.tables import Table

CSV, XLSX = ".csv", ".xlsx"
AS_TEXT = "@"
FORMULA_STARTS = ("=", "+", "-", "@", "'")
"""What makes a spreadsheet read a cell of a CSV file as a formula, or hide an apostrophe."""
WIDEST = 60


def written(tables: Sequence[Table], to: Path) -> list[Path]:
    """Write tables to one XLSX file, the one that a CSV file is named after, or all into a folder of CSV files."""
    if to.suffix == XLSX:
        _write_xlsx(tables, to)
        return [to]
    if to.suffix == CSV:
        named = [table for table in tables if table.name == to.stem]
        if not named:
            raise refused(to.name, f"name the file after a table: {', '.join(table.name for table in tables)}")
        _write_csv(named[0], to)
        return [to]
    to.mkdir(parents=True, exist_ok=True)
    files = [to / f"{table.name}{CSV}" for table in tables]
    for table, file in zip(tables, files, strict=True):
        _write_csv(table, file)
    return files


def read(files: Iterable[Path]) -> list[Sheet]:
    """The sheets of these files, and of all CSV files of folders among them. Raises Refused for what is not a table."""
    sheets: list[Sheet] = []
    for file in files:
        if file.is_dir():
            sheets += [_read_csv(each) for each in sorted(file.glob(f"*{CSV}"))]
        elif file.suffix == XLSX:
            sheets += _read_xlsx(file)
        elif file.suffix == CSV:
            sheets.append(_read_csv(file))
        else:
            raise refused(file.name, "this is neither a CSV nor an XLSX file")
    return sheets


def _write_csv(table: Table, file: Path) -> None:
    """UTF-8 with the mark by which Excel knows it; a cell that looks like a formula gets an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in (table.columns, *table.rows):
        writer.writerow(f"'{cell}" if cell.startswith(FORMULA_STARTS) and cell != ANYTHING else cell for cell in row)
    file.write_bytes(text.getvalue().encode("utf-8-sig"))


def _read_csv(file: Path) -> Sheet:
    try:
        text = file.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise refused(file.name, "this is not CSV in UTF-8; save it as CSV UTF-8 (comma delimited)") from error
    texts = [[cell[1:] if cell[1:].startswith(FORMULA_STARTS) and cell[0] == "'" else cell for cell in row]
             for row in rows]  # fmt: skip
    return _sheet(file.name, file.stem, texts)


def _write_xlsx(tables: Sequence[Table], file: Path) -> None:
    """A sheet for each table; every cell is text, which Excel neither calculates nor makes a date of."""
    book = Workbook()
    for old in book.worksheets:
        book.remove(old)
    for table in tables:
        sheet: Worksheet = book.create_sheet(table.name)
        for number, row in enumerate((table.columns, *table.rows), start=1):
            for at, text in enumerate(row, start=1):
                cell = sheet.cell(number, at)
                cell.value, cell.data_type = text, "s"
                cell.number_format = AS_TEXT
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.font = Font(bold=number == 1)
        for at, texts in enumerate(zip(table.columns, *table.rows, strict=True), start=1):
            sheet.column_dimensions[get_column_letter(at)].width = min(max(map(len, texts)) + 2, WIDEST)
        sheet.freeze_panes = "A2"
    book.save(file)


def _read_xlsx(file: Path) -> list[Sheet]:
    try:
        book = load_workbook(file)
    except (InvalidFileException, BadZipFile, KeyError, ValueError) as error:
        raise refused(file.name, "this cannot be read as an XLSX file") from error
    return [_read_worksheet(file.name, sheet) for sheet in book.worksheets]


def _read_worksheet(file: str, sheet: Worksheet) -> Sheet:
    rows = []
    for row in sheet.iter_rows():
        cells = [cell for cell in row if isinstance(cell, Cell)]
        rows.append([_text(cell, f"{file}, sheet {sheet.title}, row {cell.row}, column {cell.column_letter}")
                     for cell in cells])  # fmt: skip
    return _sheet(file, sheet.title, rows)


def _text(cell: Cell, place: str) -> str:
    value = cell.value
    if cell.data_type == "f":
        raise refused(place, "this is a formula; write what it comes to")
    if isinstance(value, datetime | date | time):
        raise refused(place, f"this has become a date or a time ({value}); format the cell as text and write it again")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _sheet(file: str, name: str, rows: Sequence[Sequence[str]]) -> Sheet:
    """Without empty rows, and without empty cells to the right of the heading; cells that are missing are empty."""
    heading, *others = [[normal(cell) for cell in row] for row in rows] or [[]]
    while heading and not heading[-1]:
        heading.pop()
    count = len(heading)
    kept = []
    for number, row in enumerate(others, start=2):
        if any(row):
            if any(row[count:]):
                raise refused(
                    f"{file}, sheet {name}, row {number}", f"there is something to the right of {count} columns"
                )
            kept.append((number, tuple((*row, *[""] * count)[:count])))
    return Sheet(file, name, tuple(heading), tuple(kept))
