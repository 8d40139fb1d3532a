"""The tables of a county's folder, out to spreadsheets and back into its rules file."""

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from services.router.configuration.checking import SECTORS
from services.router.configuration.checking.cases import TESTS
from services.router.configuration.documents import RULES, read_documents, read_text
from services.router.configuration.exchange import tables_of, with_sheets
from services.router.configuration.spreadsheets import read, written


def export_tables(directory: Path, to: Path) -> list[Path]:
    """Write the county's tables; the files written. Raises Refused when its files cannot be read."""
    return written(tables_of(read_documents(directory)), to)


def import_tables(files: Sequence[Path], directory: Path) -> list[str]:
    """Change the rules file by these spreadsheets; the lines that went and came. Raises Refused for what does not load,
    and then nothing has changed."""
    documents = read_documents(directory)
    with (directory / RULES).open(encoding="utf-8", newline="") as file:
        documents[RULES] = file.read()
    extra = {name: read_text(directory, name) for name in (TESTS, SECTORS) if (directory / name).exists()}
    text = with_sheets(documents, extra, read(files))
    if text == documents[RULES]:
        return ["Nothing has changed."]
    new = directory / f"{RULES}.new"
    new.write_bytes(text.encode())
    new.replace(directory / RULES)
    lines = unified_diff(documents[RULES].splitlines(), text.splitlines(), n=0, lineterm="")
    changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return [*changed, f"{RULES} changed. What this means for the whole folder: waymark check-rules {directory}"]
