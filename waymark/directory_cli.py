"""The commands `waymark directory …` and `waymark feed`: the way from their words to the code that does it."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.router.domain.coverage import Band
from waymark import coverage_report
from waymark import directory as work

app = typer.Typer(help="The directory: out and in by the field's standard, and what is missing in it.",
                  no_args_is_help=True)  # fmt: skip

Data = Annotated[Path | None, typer.Option(help="The data folder of an embedded system.", exists=True)]
Folder = Annotated[
    Path | None, typer.Option(help="A county's folder; the directory in force when not given.", exists=True)
]


@app.command("export")
def export(
    to: Annotated[Path, typer.Option(help="A file that ends with .json, or a folder for CSV tables.")],
    directory: Folder = None,
    data: Data = None,
    feed_url: Annotated[str, typer.Option(help="Where everybody reaches the public feed.")] = work.FEED_URL,
) -> None:
    """Write what the public may know of the directory, as HSDS 3.0 of the UK profile."""
    typer.echo(asyncio.run(work.export(to, directory, data, feed_url.rstrip("/"))))


@app.command("import")
def import_services(
    what: Annotated[str, typer.Argument(metavar="FILE|URL", help="A JSON document of HSDS 3.0, or a feed's address.")],
    directory: Annotated[Path, typer.Option(help="The county's folder to merge into.", exists=True)],
    source: Annotated[str | None, typer.Option(help="What the source is called: its services may disappear.")] = None,
    into: Annotated[Path | None, typer.Option(help="A new folder for the county as it would be.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell the differences.")] = False,
    many_gone: Annotated[bool, typer.Option("--many-gone", help="It is right that most of them are gone.")] = False,
) -> None:
    """Merge services from elsewhere into a county's folder, as a new folder that can be checked and put in force.

    The county's folder itself stays as it is, and so does all that says how a service is used here.
    """
    planned = asyncio.run(work.plan_import(what, directory, source, many_gone))
    for line in planned.changes.lines():
        typer.echo(line)
    if dry_run or not planned.changes.any:
        return
    if into is None:
        typer.echo("Nothing was written. Name a new folder with --into.", err=True)
        raise typer.Exit(1)
    work.keep_import(planned, directory, into)
    typer.echo(f"Written to {into}. Check it: waymark check-rules {into}")


@app.command("stale")
def list_stale(directory: Folder = None, data: Data = None) -> None:
    """Services whose details nobody has checked lately: since when, and whom to ask."""
    found = asyncio.run(work.stale_services(directory, data))
    for each in found:
        since = f"{each.worth}, checked on {each.assured_date}" if each.assured_date else "never checked"
        whose = f", from {each.source}" if each.source else ""
        typer.echo(f"{each.service_id}: {each.service_name} ({each.organization_name}{whose}): {since}")
    typer.echo(f"{len(found)} to be checked")


@app.command("gaps")
def list_gaps(
    directory: Folder = None,
    data: Data = None,
    hours: Annotated[Band, typer.Option(help="The hours to list.")] = Band.IN_HOURS,
    age: Annotated[int | None, typer.Option(min=0, max=130, help="Of the person; else as the rules take it.")] = None,
    file: Annotated[Path | None, typer.Option("--csv", help="Write every need, district and hours here.")] = None,
) -> None:
    """Where nobody is there, or only the triage desk, or only county-wide services: needs by districts and hours."""
    cells = asyncio.run(work.gaps(directory, data, age))
    if file is not None:
        coverage_report.write_csv(cells, file)
        typer.echo(f"{len(cells)} rows written to {file}")
        return
    coverage_report.show(cells, hours, Console())


def feed(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8010,
    data: Data = None,
    postcodes: Annotated[Path | None, typer.Option(help="Unit postcodes, in an ONSPD layout.", exists=True)] = None,
) -> None:
    """Serve the public directory to everybody, on a port of its own."""
    asyncio.run(work.serve_feed(host, port, data, postcodes))
