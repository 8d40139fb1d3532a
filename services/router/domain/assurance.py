"""How long somebody's check of a service's published details is believed."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Assurance(StrEnum):
    """Whether a service's details have been checked: CURRENT lately, DUE for another look, LAPSED too long ago to say
    so any more, NEVER at all."""

    CURRENT = "current"
    DUE = "due"
    LAPSED = "lapsed"
    NEVER = "never"


STALE = frozenset({Assurance.DUE, Assurance.LAPSED, Assurance.NEVER})


@dataclass(frozen=True, slots=True)
class Patience:
    """A county's patience with a check, in days since it was made."""

    due_after_days: int
    lapses_after_days: int

    def of(self, assured: date | None, today: date) -> Assurance:
        """What a check made on that day is worth today; None is no check."""
        if assured is None:
            return Assurance.NEVER
        age = (today - assured).days
        if age >= self.lapses_after_days:
            return Assurance.LAPSED
        return Assurance.DUE if age >= self.due_after_days else Assurance.CURRENT

    def changed_on(self, assured: date | None, today: date) -> date | None:
        """The last day on which what a check is worth became less, None while it has not."""
        if assured is None:
            return None
        days = (assured + timedelta(days=each) for each in (self.lapses_after_days, self.due_after_days))
        return next((day for day in days if day <= today), None)
