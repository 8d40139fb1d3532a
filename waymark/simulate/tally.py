"""The week-by-week table of a simulated month, counted from the events."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, tzinfo

from rich.box import SIMPLE_HEAD
from rich.table import Table

COLUMNS = ("submitted", "cancelled", "offered", "accepted", "declined", "expired", "handed back", "desk", "reminders",
           "messages", "not told", "late", "done")  # fmt: skip
MOVES = {"accepted", "declined", "expired", "handed_back", "done"}
TYPES = {
    "org.waymark.referral.submitted.v1": "submitted",
    "org.waymark.referral.cancelled.v1": "cancelled",
    "org.waymark.assignment.reminded.v1": "reminders",
    "org.waymark.assignment.overdue.v1": "late",
    "org.waymark.notification.sent.v1": "messages",
    "org.waymark.notification.failed.v1": "not told",
}


class Tally:
    """Counts what is heard, by the local week in which it was told."""

    def __init__(self, desk: str, zone: tzinfo) -> None:
        self._desk = desk
        self._zone = zone
        self.weeks: dict[date, Counter[str]] = defaultdict(Counter)

    def hear(self, kind: str, at: datetime, event: dict[str, object]) -> None:
        """One event."""
        day = at.astimezone(self._zone).date()
        week = self.weeks[day - timedelta(days=day.weekday())]
        if kind == "org.waymark.assignment.offered.v1":
            week["desk" if event["service_id"] == self._desk else "offered"] += 1
        elif kind == "org.waymark.assignment.moved.v1" and event["to_state"] in MOVES:
            if event["from_state"] != event["to_state"]:
                week[str(event["to_state"]).replace("_", " ")] += 1
        elif kind in TYPES:
            week[TYPES[kind]] += 1

    @property
    def total(self) -> Counter[str]:
        """All weeks together."""
        return sum(self.weeks.values(), Counter[str]())

    def table(self) -> Table:
        """One row for each week, and their sum."""
        table = Table("week of", box=SIMPLE_HEAD, pad_edge=False)
        for column in COLUMNS:
            table.add_column(column, justify="right")
        for monday, counts in sorted(self.weeks.items()):
            table.add_row(f"{monday:%d %b %Y}", *(str(counts[column]) for column in COLUMNS))
        table.add_row("in all", *(str(self.total[column]) for column in COLUMNS), style="bold")
        return table
