"""Times as people say them, in the style of GOV.UK and by the clock on the wall in London."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clock_words(at: time) -> str:
    """A time of day: "9am", "5:30pm", "midday", "midnight"."""
    if (at.hour, at.minute) == (12, 0):
        return "midday"
    if (at.hour, at.minute) == (0, 0):
        return "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def line_hours_words(weekday: tuple[int, int], other_day: tuple[int, int]) -> str:
    """When a line is open, each pair in minutes after midnight: "8am to 8pm Monday to Friday, and 9am to 4pm at …"."""
    on_weekdays, on_others = (
        f"{_minute_words(opens)} to {_minute_words(closes)}" for opens, closes in (weekday, other_day)
    )
    return f"{on_weekdays} Monday to Friday, and {on_others} at weekends and on bank holidays"


def _minute_words(minute: int) -> str:
    return clock_words(time(minute // 60 % 24, minute % 60))


def reply_by_words(reply_by: datetime, now: datetime) -> str:
    """A deadline: "by 8pm today, Wednesday 15 April", or "now: it was due …" once it has passed.

    Both are aware instants. The year is told when it is not this year's.
    """
    day, clock = _deadline(reply_by)
    today = now.astimezone(LONDON).date()
    year = f" {day.year}" if day.year != today.year else ""
    full = f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}{year}"
    near = _near(day, today)
    moment = f"by {clock} {near}, {full}" if near else f"by {clock} on {full}"
    return f"now: it was due {moment}" if reply_by < now else moment


def short_reply_by_words(reply_by: datetime, now: datetime) -> str:
    """The same in at most 26 characters: "by 8pm today", "by 12:30pm on 23 September", "now"."""
    if reply_by < now:
        return "now"
    day, clock = _deadline(reply_by)
    near = _near(day, now.astimezone(LONDON).date())
    return f"by {clock} {near}" if near else f"by {clock} on {day.day} {MONTHS[day.month - 1]}"


def _deadline(reply_by: datetime) -> tuple[date, str]:
    local = reply_by.astimezone(LONDON)
    # "By midnight on Thursday" is read as the end of Thursday, so 00:00 is told as the end of the day before.
    ends_the_day = local.time().replace(second=0, microsecond=0) == time(0)
    return local.date() - timedelta(days=ends_the_day), clock_words(local.time())


def _near(day: date, today: date) -> str:
    return {0: "today", 1: "tomorrow"}.get((day - today).days, "")


def moment_words(at: datetime) -> str:
    """An instant: "9:05am on 15 April 2020"."""
    local = at.astimezone(LONDON)
    return f"{clock_words(local.time())} on {local.day} {MONTHS[local.month - 1]} {local.year}"
