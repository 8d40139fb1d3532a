"""Rows that meet are found in every pair of rows: against the table's policy, decided by order, and adding nothing."""

import pytest

from services.router.configuration.checking import check_documents
from services.router.configuration.checking.findings import Severity
from services.router.configuration.documents import RULES, read_documents
from tests.router.rules.builders import COUNTY_DIRECTORY

DOCUMENTS = read_documents(COUNTY_DIRECTORY)
TRACKS = """tracks:
- table: doorstep
  hit_policy: FIRST
  columns:
    rules | needs                          | flags     | age   | then tracks
  rows:
  - R28   | welfare.no_contact             | dementia  | -     | health
  - R29   | welfare.no_contact             | -         | >= 70 | specialist
  - R32   | welfare.no_contact             | -         | < 70  | specialist
"""
PRIORITIES = """priorities:
- table: more
  hit_policy: UNIQUE
  columns:
    rules | needs                     | essential | food_days_left | flags     | then at_least
  rows:
  - R50   | food.*                    | -         | < 2            | -         | P2
  - R50   | food.*, welfare.no_contact | -        | [2..3]         | -         | P3
  - R49   | *                         | yes       | < 1            | pregnant  | P1
"""
ACTIONS = """  actions:
  - table: twice
    hit_policy: {need: COLLECT, service: ANY, priority: PRIORITY}
    columns:
      rules | flags           | then need         | then service       | then priority
    rows:
    - R13   | pregnant        | safe.child_concern | svc-starting-point | P2
    - R13   | pregnant, carer | safe.child_concern | svc-starting-point | P1
"""
MARKS = "  - R49   | -                 | -                   | -       | -              | -          | yes  "
BEFORE = "  - {rules: [R22], when: {age: {below: 18}}, tracks: [children_services]}\n"


@pytest.mark.parametrize(
    ("old", "new", "severity", "sentence"),
    [
        # Rows may not overlap: those that can are named with somebody for whom they do.
        ("tracks:\n", TRACKS.replace("FIRST", "UNIQUE"), Severity.ERROR,
         "row 1 of doorstep (R28) and row 2 of doorstep (R29) can both hold, and UNIQUE allows one; for example aged "
         "70; ticked: dementia"),
        ("priorities:\n", PRIORITIES, Severity.ERROR,
         "row 1 of more (R50) and row 3 of more (R49) can both hold, and UNIQUE allows one; for example"),
        # Rows must agree where they overlap.
        ("tracks:\n", TRACKS.replace("FIRST", "ANY"), Severity.ERROR,
         "row 1 of doorstep (R28) and row 3 of doorstep (R32) can both hold, and ANY asks them to agree on tracks; for "
         "example aged 0; ticked: dementia"),
        ("  actions:\n", ACTIONS.replace("svc-starting-point | P1", "svc-cru-duty | P1"), Severity.ERROR,
         "row 1 of twice (R13) and row 2 of twice (R13) can both hold, and ANY asks them to agree on service"),
        # Where both hold, the order of the rows decides.
        ("tracks:\n", TRACKS, Severity.INFO,
         "row 2 of doorstep (R29) holds too where row 1 of doorstep (R28) comes first; for example aged 70"),
        # Contained in another row that does as much.
        ("  actions:\n", ACTIONS, Severity.WARNING,
         "row 1 of twice (R13) adds nothing but its reason: whenever it holds, so does row 2 of twice (R13)"),
        (MARKS, f"  - R49   | dementia | - | - | - | - | yes | most_vulnerable\n{MARKS}", Severity.WARNING,
         "row 6 of marks (R49) adds nothing but its reason: whenever it holds, so does row 7 of marks (R49)"),
        (BEFORE, BEFORE + BEFORE.replace("18", "16"), Severity.WARNING,
         "selection.before_the_desk[1] (R22) adds nothing but its reason"),
        ("priorities:\n", PRIORITIES.replace("UNIQUE", "PRIORITY").replace("< 2  ", "< 3  "), Severity.INFO,
         "row 2 of days left (R50) adds nothing but its reason"),
    ],
)  # fmt: skip
def test_rows_that_meet_are_found(old: str, new: str, severity: Severity, sentence: str) -> None:
    assert DOCUMENTS[RULES].count(old) == 1
    findings = check_documents({**DOCUMENTS, RULES: DOCUMENTS[RULES].replace(old, new)}, {})
    assert any(each.severity is severity and sentence in each.sentence for each in findings), findings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tracks:\n", TRACKS.replace("| dementia  | -  ", "| dementia  | < 1").replace("< 70 ", "[1..69]")
         .replace("FIRST", "UNIQUE")),
        ("tracks:\n", TRACKS.replace("health", "specialist").replace("FIRST", "ANY")),
        ("priorities:\n", PRIORITIES.replace("| < 1 ", "| >= 4")),
        ("  actions:\n", ACTIONS),
    ],
)  # fmt: skip
def test_rows_that_keep_to_the_policy_are_left_alone(old: str, new: str) -> None:
    findings = check_documents({**DOCUMENTS, RULES: DOCUMENTS[RULES].replace(old, new)}, {})
    assert [each for each in findings if each.severity is Severity.ERROR] == []
