"""The report on gaps in the directory, as commissioners read it: on the screen and as a table to keep."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.router.domain.coverage import Band, Cell, Cover
from services.router.openreferral.exporting import safe_cell

HOURS = {
    Band.IN_HOURS: "in hours",
    Band.EVENING: "evening",
    Band.NIGHT: "night",
    Band.WEEKEND: "weekend",
    Band.BANK_HOLIDAY: "bank holiday",
}
WHO = {
    Cover.NOBODY: "nobody",
    Cover.DESK: "only the triage desk",
    Cover.COUNTY_WIDE: "only county-wide",
    Cover.LOCAL: "somebody local",
}
COLOURS = {Cover.NOBODY: "bold red", Cover.DESK: "yellow", Cover.COUNTY_WIDE: "cyan", Cover.LOCAL: "green"}
COLUMNS = ("district", "district_name", "need", "need_label", "hours", "cover", "open", "closed", "share")


def write_csv(cells: Iterable[Cell], file: Path) -> None:
    """Every cell as a row, by district, need and hours."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows([safe_cell(value) for value in _row(cell)] for cell in cells)


def show(cells: Sequence[Cell], hours: Band, console: Console) -> None:
    """How many needs in how many districts have whom, for each kind of hours; then what is not local in one of them."""
    counts = Counter((cell.band, cell.cover) for cell in cells)
    summary = Table("needs × districts", *WHO.values(), show_edge=False, pad_edge=False)
    for band, name in HOURS.items():
        if any((band, cover) in counts for cover in WHO):
            summary.add_row(name, *(str(counts[band, cover]) for cover in WHO))
    console.print(summary)
    console.print(f"\nWithout anybody local, {HOURS[hours]}:", highlight=False)
    console.print(_gaps(cells, hours))


def _gaps(cells: Sequence[Cell], hours: Band) -> Table:
    """One row for each need and kind of cover, worst first, with its districts and who there is."""
    everywhere = {cell.district.code for cell in cells}
    places: dict[tuple[Cover, str, tuple[str, ...]], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.band is hours and cell.cover is not Cover.LOCAL:
            places[cell.cover, cell.need.code, cell.open].append(cell)
    table = Table("who is open", "need", "districts", "services", show_edge=False, pad_edge=False)
    order = list(WHO)
    for (cover, need, services), found in sorted(
        places.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
    ):
        names = ", ".join(cell.district.short_code or cell.district.name for cell in found)
        where = "all" if len(found) == len(everywhere) else names
        table.add_row(f"[{COLOURS[cover]}]{WHO[cover]}[/]", escape(need), where, escape(", ".join(services)))
    return table


def _row(cell: Cell) -> tuple[object, ...]:
    return (
        cell.district.code,
        cell.district.name,
        cell.need.code,
        cell.need.label,
        cell.band.value,
        cell.cover.value,
        " ".join(cell.open),
        " ".join(cell.closed),
        round(cell.share, 4),
    )
