"""The check of a county's folder, as a triage lead reads it on the screen."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.router.configuration.checking import check_directory
from services.router.configuration.checking.findings import Finding, Severity, errors
from services.router.configuration.versions import surge_findings
from shared.document_set import read_folder
from shared.errors import Refused

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def check_rules(directory: Path, console: Console) -> bool:
    """Print all findings on a county's folder, with the lines of the errors; whether it may go live."""
    findings = found(directory)
    if findings:
        console.print(_table(findings))
    for finding in errors(findings):
        if finding.position is not None:
            console.print(f"{finding.position}\n{finding.position.shown()}", markup=False, highlight=False)
    console.print(counted(findings), highlight=False)
    return not errors(findings)


def counted(findings: Iterable[Finding]) -> str:
    """Such as "0 errors, 2 warnings, 1 info"."""
    severities = [finding.severity for finding in findings]
    numbers = {severity: severities.count(severity) for severity in Severity}
    return ", ".join(
        f"{number} {severity}{'s' if number != 1 and severity is not Severity.INFO else ''}"
        for severity, number in numbers.items()
    )


def checked(directory: Path) -> list[str]:
    """A line for each warning. Raises Refused with all errors, one a line, when there are any."""
    findings = found(directory)
    wrong = errors(findings)
    if wrong:
        raise Refused("county_refused", "\n".join(map(line, wrong)))
    return [line(finding) for finding in findings if finding.severity is Severity.WARNING]


def found(directory: Path) -> list[Finding]:
    """All findings on a county's folder, and on it while each of its surges is on; errors first."""
    findings = check_directory(directory)
    if errors(findings):
        return findings
    surges = surge_findings(read_folder(directory), {finding.sentence for finding in findings})
    return sorted([*findings, *surges], key=lambda finding: list(Severity).index(finding.severity))


def line(finding: Finding) -> str:
    """One finding as one line, and of an error the line of the file under it."""
    place = f"{finding.position}: " if finding.position else ""
    shown = f"\n{finding.position.shown()}" if finding.position and finding.severity is Severity.ERROR else ""
    return f"{finding.severity}: {place}{finding.sentence}{shown}"


def _table(findings: Iterable[Finding]) -> Table:
    table = Table("", "where", "what", show_edge=False, pad_edge=False)
    table.columns[1].no_wrap = True
    for finding in findings:
        place = f"{finding.position.file}:{finding.position.line}" if finding.position else ""
        colour = COLOURS[finding.severity]
        table.add_row(f"[{colour}]{finding.severity}[/]", place, escape(finding.sentence))
    return table
