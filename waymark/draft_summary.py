"""What a draft of the rules would change, as a triage lead reads it on a screen of 80 columns: what is grave first."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.router.domain.simulation.compare import Concern
from services.router.domain.simulation.report import Report
from services.router.use_cases.simulating import BEYOND_THE_LIMIT

MOST_ROWS = 12
SHORT = 8
WORDS: Mapping[Concern, str] = {
    Concern.RISK_NEED_LOST: "safeguarding: left to nobody",
    Concern.RISK_NEED_MOVED: "safeguarding: goes elsewhere",
    Concern.RISK_NEED_ADDED: "safeguarding: newly acted on",
    Concern.SAFETY_FLAG_LOST: "a flag for safety is lost",
    Concern.URGENT_LOWERED: "P1 or P2 is lowered",
    Concern.LATER: "P1 or P2 is due later",
    Concern.NEED_LOST: "left to nobody",
    Concern.TO_THE_DESK: "newly at the triage desk",
}
LEFT_OUT = {
    "incomplete": "incomplete, never decided",
    "unreadable": "not in the shape of a referral",
    BEYOND_THE_LIMIT: "older than the newest that were read",
}


def show(report: Report, console: Console) -> None:
    """Print what a simulation found; of long tables the first rows."""
    _head(report, console)
    graves = [(WORDS[row.concern], row.about, row.referrals) for row in report.safeguarding]
    if not graves and report.changed:
        console.print("\n[green]No change touches safeguarding, urgency or the triage desk.[/]")
    _table(console, "[red]Look at these first[/]", ("", "need or flag", "referrals"), graves)
    _table(console, "Who would move", ("need", "from", "to", "referrals"),
           [(row.need, row.service_before, row.service_after, row.referrals) for row in report.moves])  # fmt: skip
    _matrix(report, console)
    _table(console, "Priorities", ("from", "to", "needs"),
           [(row.priority_before, row.priority_after, row.needs) for row in report.priorities])  # fmt: skip
    _table(console, "Deadlines", ("priority", "earlier", "later"),
           [(row.priority_before, row.earlier, row.later) for row in report.deadlines])  # fmt: skip
    _table(console, "Flags", ("flag", "lost", "gained"), [(row.flag, row.lost, row.gained) for row in report.flags])
    _loads(report, console)
    _table(console, "Needs that no service takes", ("need", "district", "before", "after"),
           [(row.need, row.district or "not known", row.before, row.after)
            for row in report.nobody if row.before != row.after])  # fmt: skip
    _table(console, "Rules that hold for more or fewer", ("rule", "before", "after"),
           [(row.rule, row.before, row.after) for row in report.rules])  # fmt: skip


def _head(report: Report, console: Console) -> None:
    span = ""
    if report.received_from and report.received_to:
        span = f", received {report.received_from:%Y-%m-%d} to {report.received_to:%Y-%m-%d}"
    console.print(
        f"[bold]{report.changed:,} of {report.simulated:,}[/] referrals would be decided otherwise{span}.\n"
        f"Draft {report.rule_set_after[:SHORT]} against {report.rule_set_before[:SHORT]}; "
        f"{report.decided:,} could differ and were decided by both.",
        highlight=False,
    )
    if report.without_load:
        console.print(f"{report.without_load:,} as if every service had room: what they had was not kept.")
    for why, count in sorted(report.left_out.items()):
        console.print(
            f"Left out: {count:,} {LEFT_OUT.get(why, f'later decisions ({why}): they depend on who answers')}."
        )


def _matrix(report: Report, console: Console) -> None:
    """From which track to which; a row for each from, a column for each to."""
    froms = sorted({str(row.track_before or "-") for row in report.tracks})
    tos = sorted({str(row.track_after or "-") for row in report.tracks})
    counts = {(str(row.track_before or "-"), str(row.track_after or "-")): row.needs for row in report.tracks}
    rows = [(one, *(counts.get((one, other), "") for other in tos)) for one in froms]
    _table(console, "Tracks, from (down) and to (across)", ("", *tos), rows)


def _loads(report: Report, console: Console) -> None:
    changed = [
        row for row in report.load
        if (row.offers_before, row.days_over_before, row.places_before)
        != (row.offers_after, row.days_over_after, row.places_after)
    ]  # fmt: skip
    rows = [
        (
            row.service,
            _arrow(row.offers_before, row.offers_after),
            _arrow(row.busiest_before, row.busiest_after),
            _arrow(row.places_before, row.places_after),
            _arrow(row.days_over_before, row.days_over_after),
        )
        for row in changed
    ]
    _table(console, "Load of services", ("service", "offers", "busiest day", "places a day", "days over"), rows)


def _arrow(before: int | None, after: int | None) -> str:
    words = ["-" if count is None else f"{count:,}" for count in (before, after)]
    return words[0] if before == after else " → ".join(words)


def _table(console: Console, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    rows = list(rows)
    if not rows:
        return
    console.print(f"\n[bold]{title}[/]", highlight=False)
    table = Table(*header, show_edge=False, pad_edge=False)
    for column in table.columns[1:]:
        column.overflow = "fold"
    for row in rows[:MOST_ROWS]:
        table.add_row(*("-" if value is None else escape(str(value)) for value in row))
    console.print(table)
    if len(rows) > MOST_ROWS:
        console.print(f"… and {len(rows) - MOST_ROWS:,} more (--out writes them all)")
