"""Tables go out to a spreadsheet and come back: only what was changed there changes; what does not fit is refused."""

import csv
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from services.router.configuration.documents import RULES, read_documents, tree_of
from services.router.configuration.exchange import rewritten, tables_of, with_sheets
from services.router.configuration.spreadsheets import read, written
from shared.errors import Refused
from tests.router.rules.builders import COUNTY_DIRECTORY

DOCUMENTS = read_documents(COUNTY_DIRECTORY)
TABLES = {table.name: table for table in tables_of(DOCUMENTS)}
CIRCUMSTANCES = TABLES["circumstances"]
HEADING = "rules,needs,flags,requested_priority,then at_least"
FORMS = ("rules.xlsx", "folder")


def imported(*files: Path) -> str:
    return with_sheets(DOCUMENTS, {}, read(files))


def refusal_of(*files: Path) -> str:
    with pytest.raises(Refused) as refusal:
        imported(*files)
    assert refusal.value.code == "county_refused"
    return refusal.value.detail


def a_csv(folder: Path, *rows: str) -> Path:
    file = folder / "circumstances.csv"
    file.write_text("\r\n".join((HEADING, *rows)), encoding="utf-8")
    return file


@pytest.mark.parametrize("form", FORMS)
def test_what_comes_back_as_it_went_leaves_the_file_as_it_is(tmp_path: Path, form: str) -> None:
    written(list(TABLES.values()), tmp_path / form)
    assert {sheet.name for sheet in read([tmp_path / form])} == TABLES.keys()
    assert imported(tmp_path / form) == DOCUMENTS[RULES]


@pytest.mark.parametrize("form", FORMS)
def test_a_spreadsheet_shows_a_table_as_it_is(tmp_path: Path, form: str) -> None:
    written(list(TABLES.values()), tmp_path / form)
    for sheet in read([tmp_path / form]):
        table = TABLES[sheet.name]
        assert (sheet.columns, tuple(row for _, row in sheet.rows)) == (table.columns, table.rows)


def test_a_csv_file_is_the_table_that_it_is_named_after(tmp_path: Path) -> None:
    [file] = written(list(TABLES.values()), tmp_path / "circumstances.csv")
    assert file.read_bytes().startswith(b"\xef\xbb\xbfrules,needs,flags,")
    assert b"R51,housing.*,homeless_tonight,-,P2\r\n" in file.read_bytes()
    with pytest.raises(Refused, match="name the file after a table: danger, safeguarding"):
        written(list(TABLES.values()), tmp_path / "others.csv")


def test_only_the_rows_that_were_changed_change(tmp_path: Path) -> None:
    old = DOCUMENTS[RULES]
    file = a_csv(tmp_path, "R51,housing.*,homeless_tonight,-,P1", "R51,care.*,hospital_discharge,-,P2",
                 "R52,*,-,\"P1, P2\",P2", "R52,*,-,P3,P3", "R51,mind.*,\"any of  shielded, carer\",-,P2")  # fmt: skip
    lines = old.splitlines()
    at = next(number for number, line in enumerate(lines) if "| homeless_tonight" in line)
    lines[at] = lines[at].replace("P2", "P1")
    assert "money.energy" in lines.pop(at + 1)
    lines.insert(at + 4, "  - R51   | mind.*       | any of shielded, carer | -                  | P2")
    assert imported(file).splitlines() == lines


def test_comments_between_and_behind_rows_stay(tmp_path: Path) -> None:
    row = "  - R51   | housing.*    | homeless_tonight   | -                  | P2"
    text = DOCUMENTS[RULES].replace(row, f"  # For the night.\n{row}  # as agreed\n  # By day.")
    assert text != DOCUMENTS[RULES]
    file = a_csv(tmp_path, "R51,housing.*,homeless_tonight,-,P1")
    new = with_sheets({**DOCUMENTS, RULES: text}, {}, read([file]))
    assert f"  # For the night.\n{row[:-1]}1  # as agreed\n  # By day.\n\n# Section G." in new


def test_what_excel_makes_of_cells_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "rules.xlsx"
    written([TABLES["days left"]], file)
    book = load_workbook(file)
    sheet = book["days left"]
    assert all(cell.number_format == "@" for row in sheet.iter_rows() for cell in row)
    sheet["C2"].value, sheet["E3"].value, sheet["E4"].value = True, 2, 3.0
    sheet["B4"].value = "food.bank,\nfood.hot_meals "
    sheet["I9"].value = " "
    book.save(file)
    [back] = read([file])
    rows = [row for _, row in back.rows]
    assert (rows[0][2], rows[1][4], rows[2][4], rows[2][1]) == ("yes", "2", "3", "food.bank, food.hot_meals")


def test_a_cell_that_could_be_a_formula_is_kept_from_being_one(tmp_path: Path) -> None:
    documents = {**DOCUMENTS, RULES: DOCUMENTS[RULES].replace("| SK13 ", "| @SUM,+1,'x,-2 ", 1)}
    [table] = [table for table in tables_of(documents) if table.name == "health"]
    written([table], tmp_path / "health.csv")
    written([table], tmp_path / "health.xlsx")
    with (tmp_path / "health.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'@SUM,+1,'x,-2" in cells
    assert {cell for cell in cells if cell.startswith(("=", "+", "-", "@"))} == {"-"}
    assert load_workbook(tmp_path / "health.xlsx")["health"]["C2"].data_type == "s"
    for form in ("health.csv", "health.xlsx"):
        assert [row for _, row in read([tmp_path / form])[0].rows] == list(table.rows)


@pytest.mark.parametrize(
    ("row", "sentence", "pointed_at"),
    [
        ("R51,housing.*,homeles_tonight,-,P2", "row 3, column C: 'homeles_tonight' is not a flag that may be ticked; "
         "did you mean 'homeless_tonight'?", "homeles_tonight"),
        ("R51,housing.*,\"has a, b\",-,P2", "row 3, column C: 'has' takes one code", "b "),
        ("R51,housing.*,,-,P2", "row 3, column C: the cell is empty: write - if anything will do", "|"),
        ("R51,housing.*,shielded,-,P5", "row 3, column E: Input should be", "P5"),
        ("R51,housing.*,shielded,-", "row 3, column E: the cell is empty", ""),
        ("R51,housing.*,\"shielded and not(shielded)\",-,P2", "row 3, column A: row 2 of circumstances (R51) can never "
         "hold", "R51"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_load_is_refused_with_its_place_in_the_sheet(
    tmp_path: Path, row: str, sentence: str, pointed_at: str
) -> None:
    sentence_line, line, caret = refusal_of(a_csv(tmp_path, "R51,care.*,hospital_discharge,-,P2", row)).split("\n")
    assert sentence_line.startswith(f"circumstances.csv, sheet circumstances, {sentence}")
    assert line[caret.index("^") :].startswith(pointed_at)


def test_rows_that_break_their_hit_policy_are_refused(tmp_path: Path) -> None:
    unique = {**DOCUMENTS, RULES: DOCUMENTS[RULES].replace("circumstances\n  hit_policy: PRIORITY",
                                                          "circumstances\n  hit_policy: UNIQUE")}  # fmt: skip
    file = a_csv(tmp_path, "R51,care.*,hospital_discharge,-,P2", "R52,*,-,P3,P3")
    with pytest.raises(Refused, match=r"^circumstances.csv, sheet circumstances, row 3, .* can both hold, and UNIQUE"):
        with_sheets(unique, {}, read([file]))


def edit_book(cell: str, value: object) -> Callable[[Path], Path]:
    def edited(folder: Path) -> Path:
        file = folder / "rules.xlsx"
        written([CIRCUMSTANCES], file)
        book = load_workbook(file)
        book["circumstances"][cell].value = value
        book.save(file)
        return file

    return edited


def text_file(name: str, text: bytes) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        (folder / name).write_bytes(text)
        return folder / name

    return made


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (edit_book("D3", "=1+1"), "rules.xlsx, sheet circumstances, row 3, column D: this is a formula"),
        (edit_book("D3", date(2020, 3, 2)), "row 3, column D: this has become a date or a time"),
        (edit_book("G3", "see above"), "row 3: there is something to the right of 5 columns"),
        (edit_book("C1", "flag"), "row 1: the columns of this table are rules | needs | flags | requested_priority"),
        (edit_book("B2", "a|b"), "row 2, column B: 'a|b' has a character that no cell can have"),
        (text_file("circumstanses.csv", b"rules"), "is not a table of rules.yaml; did you mean 'circumstances'?"),
        (text_file("circumstances.csv", b"rules\xff"), "save it as CSV UTF-8"),
        (text_file("circumstances.csv", b'"rules'), "save it as CSV UTF-8"),
        (text_file("circumstances.csv", b""), "row 1: the columns of this table are"),
        (text_file("circumstances.csv", f"{HEADING}\n,,\n".encode()), "a table has at least one row"),
        (text_file("rules.xlsx", b"no book"), "rules.xlsx: this cannot be read as an XLSX file"),
        (text_file("rules.ods", b""), "rules.ods: this is neither a CSV nor an XLSX file"),
    ],
)  # fmt: skip
def test_what_is_not_a_table_is_refused(tmp_path: Path, made: Callable[[Path], Path], sentence: str) -> None:
    assert sentence in refusal_of(made(tmp_path))


def test_a_table_cannot_come_twice(tmp_path: Path) -> None:
    assert "the table 'circumstances' is given twice" in refusal_of(*[a_csv(tmp_path, "R52,*,-,P3,P3")] * 2)


def test_a_county_without_tables_has_none_to_write() -> None:
    with pytest.raises(Refused, match=r"rules.yaml: there is no decision table in this file"):
        tables_of({**DOCUMENTS, RULES: "marks: []"})


def test_an_empty_book_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rules.xlsx"
    Workbook().save(file)
    assert "'Sheet' is not a table of rules.yaml" in refusal_of(file)


def rows_at(path: str, node: Any) -> list[tuple[str, ...]]:  # Any: the content of a YAML file
    """The rows of the table at a path of a rules file."""
    for key, number in re.findall(r"(\w+)|\[(\d+)\]", path):
        node = node[key] if key else node[int(number)]
    return [tuple(cell.strip() for cell in row.split("|")) for row in node["rows"]]


def other_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not re.match(r" +- .*\|", line)]


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_any_edit_of_rows_can_be_read_again_and_leaves_all_else(data: st.DataObject) -> None:
    table = TABLES[data.draw(st.sampled_from(sorted(TABLES)))]
    cells = st.sampled_from(("-", "'", "[1..2]", "> 2", "a, b", "no", "* & x: y", "a #b", "{c}", "%d"))
    row = st.one_of(st.sampled_from(table.rows), st.tuples(*[cells] * len(table.columns)))
    rows = data.draw(st.lists(row, min_size=1, max_size=20))
    text = rewritten(DOCUMENTS[RULES], table, rows)
    content = tree_of(RULES, text)
    assert rows_at(table.path, content) == rows
    assert all(rows_at(each.path, content) == list(each.rows) for each in TABLES.values() if each is not table)
    assert other_lines(text) == other_lines(DOCUMENTS[RULES])
