"""The commands of `waymark rules`: what triage leads do with the rules besides editing them."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from services.router.domain.simulation.report import Report
from waymark import admin, checking, draft_summary, drafts, tables
from waymark.names import ServiceName

app = typer.Typer(help="The county's rules: who is sent where, and whether it came about as they say.",
                  no_args_is_help=True)  # fmt: skip
Data = Annotated[Path | None, typer.Option(help="The data folder of an embedded system.", exists=True)]
County = Annotated[Path, typer.Argument(help="The county's folder.", exists=True, file_okay=False)]


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
    draft: Annotated[str, typer.Argument(help="A county's folder, or the name of a stored version.")],
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
    async with admin.open_database(ServiceName.ROUTER, data) as database:
        if scenarios is None:
            return await drafts.on_decisions(database, asked, days, most, _progress)
        return await drafts.on_scenarios(database, asked, scenarios, _progress)


def _progress(steps: Iterable[int]) -> Iterable[int]:
    console = Console(stderr=True)
    if not console.is_terminal:
        return steps
    return track(list(steps), "Deciding the past by the rules in force", console=console, transient=True)
