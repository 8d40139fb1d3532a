"""Surges: extra rules that a named authority switches on for a time, such as while roads are closed by snow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Surge:
    """One time that a surge was switched on. It ends by itself at `until`, or when somebody ends it before; `seq` is 0
    before it is kept."""

    name: str
    authority: str
    switched_by: str
    reason: str
    began_at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_reason: str | None = None
    seq: int = 0

    @property
    def ends_at(self) -> datetime:
        """When it ends, or ended."""
        return self.until if self.ended_at is None else min(self.ended_at, self.until)

    def runs(self, at: datetime) -> bool:
        """Whether it is on at an instant: from the very one at which it began, up to the one at which it ends."""
        return self.began_at <= at < self.ends_at


def running(surges: Iterable[Surge], at: datetime) -> tuple[str, ...]:
    """The names of the surges that are on at an instant, in the order of the alphabet."""
    return tuple(sorted({surge.name for surge in surges if surge.runs(at)}))
