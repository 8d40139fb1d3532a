"""How old the person is on the day of receipt (R10)."""

import re
import unicodedata
from datetime import date

YEAR_FIRST = re.compile(r"([0-9]{4})([-/. ])([0-9]{1,2})\2([0-9]{1,2})")
DAY_FIRST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")


def birth_date(text: str | None) -> date | None:
    """A date typed year first or, as is the custom here, day first, with a four-digit year; None when unreadable."""
    typed = unicodedata.normalize("NFKC", text or "").strip()
    if match := YEAR_FIRST.fullmatch(typed):
        year, _, month, day = match.groups()
    elif match := DAY_FIRST.fullmatch(typed):
        day, _, month, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def age_on(day: date, born: date) -> int:
    """Whole years from `born` to `day`; negative when `born` lies ahead."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
