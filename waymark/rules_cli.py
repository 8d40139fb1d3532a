"""The commands of `waymark rules`: what triage leads do with the rules besides editing them."""

import asyncio
import re
from collections.abc import Coroutine, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from services.router.api.rule_sets import PERSON
from services.router.domain.simulation.report import Report
from services.router.use_cases.publishing import Word
from waymark import admin, checking, draft_summary, drafts, rules, surges, tables
from waymark.databases import opened
from waymark.names import ServiceName

app = typer.Typer(
    help="The county's rules: who is sent where, and whether it came about as they say.", no_args_is_help=True
)
surge = typer.Typer(help="Extra rules that a named authority switches on for a time.", no_args_is_help=True)
app.add_typer(surge, name="surge")
Data = Annotated[Path | None, typer.Option(help="The data folder of an embedded system.", exists=True)]
County = Annotated[Path, typer.Argument(help="The county's folder.", exists=True, file_okay=False)]
Version = Annotated[str, typer.Argument(help="A version's name, or how it begins.")]


def person(code: str | None) -> str | None:
    """A person's code as the API takes it. Raises BadParameter."""
    if code is not None and not re.fullmatch(PERSON, code):
        raise typer.BadParameter(
            f"{code!r} is not a person's code: 2 to 32 small letters, digits and hyphens, such as triage-lead-1."
        )
    return code


By = Annotated[str, typer.Option(callback=person, help="The code of who does this, such as triage-lead-1.")]
Reason = Annotated[str, typer.Option(help="Why; nothing about a person who needs help.")]


@app.command()
def check(directory: County) -> None:
    """Say what is wrong, doubtful or worth knowing; the same as `waymark check-rules`."""
    raise typer.Exit(not checking.check_rules(directory, Console()))


@app.command("export")
def export_tables(
    directory: County,
    to: Annotated[Path, typer.Option(help="An XLSX file, a CSV file named after a table, or a folder of CSV files.")],
) -> None:
    """Write the decision tables to a spreadsheet: a sheet, or a CSV file, for each."""
    for file in tables.export_tables(directory, to):
        typer.echo(file)


@app.command("import")
def import_tables(
    files: Annotated[list[Path], typer.Argument(help="XLSX and CSV files, and folders of CSV files.", exists=True)],
    directory: County,
) -> None:
    """Put the rows of spreadsheets into rules.yaml: nothing else of it changes, and nothing if a row is wrong."""
    for line in tables.import_tables(files, directory):
        typer.echo(line)


@app.command()
def versions(data: Data = None) -> None:
    """What was, is and will be in force, what is drafted, and what each service goes by."""
    _say(rules.versions(data))
    _say(rules.in_force_everywhere(data))


@app.command()
def show(
    version: Version,
    into: Annotated[Path | None, typer.Option(help="An empty folder for its documents.", file_okay=False)] = None,
    data: Data = None,
) -> None:
    """One version: who answers for it, and what the check found."""
    _say(rules.show(version, into, data))


@app.command()
def draft(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False)], by: By, reason: Reason, data: Data = None
) -> None:
    """Keep a folder as a version of its own, and check it."""
    _say(rules.draft(directory, Word(by, reason), data))


@app.command()
def approve(version: Version, by: By, data: Data = None) -> None:
    """Answer for a version that somebody else drafted."""
    _say(rules.approve(version, by, data))


@app.command()
def publish(
    version: Version,
    by: By,
    reason: Reason,
    at: Annotated[
        datetime | None, typer.Option(help="A later time, UTC unless it has an offset; at once if not given.")
    ] = None,
    data: Data = None,
) -> None:
    """Put an approved version in force."""
    _say(rules.publish(version, Word(by, reason), _in_utc(at) if at else None, data))


@app.command()
def withdraw(version: Version, by: By, reason: Reason, data: Data = None) -> None:
    """Take a version back that was to come into force later."""
    _say(rules.withdraw(version, Word(by, reason), data))


@app.command()
def rollback(
    by: By,
    reason: Reason,
    version: Annotated[str | None, typer.Option(help="The version to leave; the one in force unless given.")] = None,
    data: Data = None,
) -> None:
    """Put the version before in force again, at once."""
    _say(rules.roll_back(version, Word(by, reason), data))


@surge.command("list")
def list_surges(data: Data = None) -> None:
    """Which there are, and who switched which on."""
    _say(surges.listed(data))


@surge.command("on")
def switch_on(
    name: Annotated[str, typer.Argument(help="Such as snow, for surges/snow.yaml of the version in force.")],
    authority: Annotated[str, typer.Option(help="The office that orders it.")],
    until: Annotated[datetime, typer.Option(help="When it ends by itself, UTC unless it has an offset.")],
    by: By,
    reason: Reason,
    data: Data = None,
) -> None:
    """Have a surge count at once, until its end."""
    _say(surges.switch_on(name, authority, Word(by, reason), _in_utc(until), data))


@surge.command("off")
def switch_off(name: str, by: By, reason: Reason, data: Data = None) -> None:
    """End a surge before its time."""
    _say(surges.switch_off(name, Word(by, reason), data))


@app.command()
def rederive(
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 1,
    most: Annotated[int, typer.Option(min=1, help="How many at most; where there are more, some by chance.")] = 1000,
    data: Data = None,
) -> None:
    """Make past decisions again from what was kept with them, and compare. Ends with 1 if any comes out otherwise."""
    lines, is_alike = asyncio.run(admin.rederive(days, most, data))
    for line in lines:
        typer.echo(line)
    raise typer.Exit(not is_alike)


@app.command()
def simulate(
    draft: Annotated[str, typer.Argument(help="A county's folder, or a stored version's name, or how it begins.")],
    against: Annotated[int, typer.Option(min=1, help="Past decisions of so many days.")] = 30,
    scenarios: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file for `waymark route` instead of the past.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder to compare with; else those in force.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many decisions at most, the newest.")] = 50_000,
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Writes all tables there, as CSV.")] = None,
    data: Data = None,
) -> None:
    """Say what a draft would change: who would go where, how urgent, how busy services are; what is grave first.

    Nothing is stored. It knows of no names: references and codes are all there is.
    """
    folder = Path(draft) if Path(draft).is_dir() else None
    if scenarios and folder and base:
        report = drafts.folders_on_scenarios(folder, base, scenarios, _progress)
    else:
        report = asyncio.run(_report(drafts.Asked(draft, folder, base), scenarios, against, most, data))
    draft_summary.show(report, Console())
    for file in drafts.write_tables(report, out) if out else ():
        typer.echo(file)


async def _report(asked: drafts.Asked, scenarios: Path | None, days: int, most: int, data: Path | None) -> Report:
    async with opened(ServiceName.ROUTER, data) as database:
        if scenarios is None:
            return await drafts.on_decisions(database, asked, days, most, _progress)
        return await drafts.on_scenarios(database, asked, scenarios, _progress)


def _progress(steps: Iterable[int]) -> Iterable[int]:
    console = Console(stderr=True)
    if not console.is_terminal:
        return steps
    return track(list(steps), "Deciding the past by the rules in force", console=console, transient=True)


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _say(lines: Coroutine[Any, Any, list[str]]) -> None:  # as asyncio.run takes it
    for line in asyncio.run(lines):
        typer.echo(line)
