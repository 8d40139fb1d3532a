"""The commands of `waymark rules`: what triage leads do with the rules besides editing them."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from waymark import admin

app = typer.Typer(help="The county's rules: who is sent where, and whether it came about as they say.",
                  no_args_is_help=True)  # fmt: skip
Data = Annotated[Path | None, typer.Option(help="The data folder of an embedded system.", exists=True)]


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
