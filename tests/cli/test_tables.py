"""Tables of the rules go to a spreadsheet and come back by the command line."""

import shutil
from pathlib import Path

from tests.cli.running import waymark

COUNTY = Path(__file__).parents[2] / "deploy" / "derbyshire"


def test_tables_go_out_and_come_back_and_only_changed_rows_are_written(folder: Path) -> None:
    county = folder / "county"
    shutil.copytree(COUNTY, county)
    before = (county / "rules.yaml").read_bytes()
    out = waymark("rules", "export", county, "--to", "book.xlsx")
    assert (out.returncode, out.stdout) == (0, "book.xlsx\n")
    back = waymark("rules", "import", "book.xlsx", county)
    assert (back.returncode, back.stdout) == (0, "Nothing has changed.\n")
    assert waymark("rules", "export", county, "--to", "marks.csv").returncode == 0
    sheet = folder / "marks.csv"
    sheet.write_bytes(sheet.read_bytes().replace(b"suicidal_thoughts", b"suicidal_thought"))
    refused = waymark("rules", "import", sheet, county)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("marks.csv, sheet marks, row 2, column B: 'suicidal_thought' is not a flag")
    assert (county / "rules.yaml").read_bytes() == before
    sheet.write_bytes(sheet.read_bytes().replace(b"suicidal_thought,", b'"suicidal_thoughts, self_neglect",'))
    changed = waymark("rules", "import", sheet, county)
    removed, added, hint = changed.stdout.splitlines()
    assert (removed[:12], added[:12]) == ("-  - R15   |", "+  - R15   |")
    assert "| suicidal_thoughts, self_neglect |" in added
    assert "waymark check-rules" in hint
    after = (county / "rules.yaml").read_bytes()
    assert len(set(after.splitlines()) - set(before.splitlines())) == 1
    assert waymark("rules", "check", county).returncode == 0
