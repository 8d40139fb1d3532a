"""The changes that the guide for triage leads shows do what it says when they are made in the shipped files."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.router.configuration.checking import check_documents
from services.router.configuration.checking.cases import TESTS
from services.router.configuration.checking.findings import Finding, Severity
from services.router.configuration.documents import read_documents, read_text
from services.router.configuration.versions import surge_findings
from shared.document_set import read_folder
from tests.router.rules.builders import COUNTY_DIRECTORY

GUIDE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
FILES = {**read_documents(COUNTY_DIRECTORY), TESTS: read_text(COUNTY_DIRECTORY, TESTS)}
SURGE = "Make food urgent in snow"
CHANGES = ("Add a partner", "Send prescriptions in High Peak to a new pharmacy")


def changed(example: str, only: str | None = None) -> dict[str, str]:
    """The files with the changes of one example, or only its changes to one file."""
    files = dict(FILES)
    section = re.split(r"^##", GUIDE.partition(f"### {example}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    name = ""
    for named, hunk in re.findall(r"^`(\S+)`$|```diff\n(.*?)```", section, flags=re.MULTILINE | re.DOTALL):
        name = named or name
        if hunk and only in (None, name):
            lines = hunk.splitlines()
            old = "\n".join(line[1:] for line in lines if line[0] in " -")
            assert files[name].count(old) == 1, old
            files[name] = files[name].replace(old, "\n".join(line[1:] for line in lines if line[0] in " +"))
    assert files[TESTS] != FILES[TESTS]
    return files


def check(files: Mapping[str, str]) -> list[Finding]:
    return check_documents({name: text for name, text in files.items() if name != TESTS}, {TESTS: files[TESTS]})


def test_the_guide_has_these_examples_and_no_others() -> None:
    assert tuple(re.findall(r"^### (.+)$", GUIDE, flags=re.MULTILINE)) == (*CHANGES, SURGE)


@pytest.mark.parametrize("example", CHANGES)
def test_an_example_does_what_it_says_and_adds_nothing_to_look_at(example: str) -> None:
    before = {finding.sentence for finding in check(FILES)}
    added = [finding for finding in check(changed(example)) if finding.sentence not in before]
    assert [finding for finding in added if finding.severity is not Severity.INFO] == []


@pytest.mark.parametrize("example", CHANGES)
def test_without_its_change_the_test_of_an_example_fails(example: str) -> None:
    findings = check(changed(example, only=TESTS))
    assert any(finding.severity is Severity.ERROR for finding in findings)


def test_the_surge_is_the_one_that_is_shipped_and_does_what_it_says() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", GUIDE.partition(f"### {SURGE}\n")[2], flags=re.DOTALL)
    folder = read_folder(COUNTY_DIRECTORY)
    assert text == folder["surges/snow.yaml"]
    known = {finding.sentence for finding in check(FILES)}
    assert list(surge_findings(folder, known)) == []
    # Its test fails without its row.
    without = text.replace("below: 4", "below: 3")
    assert any("fails" in each.sentence for each in surge_findings(folder | {"surges/snow.yaml": without}, known))
