"""When a service is open: weekly hours, public holidays and clock changes (R56)."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.hours import Calendar, Hours, Span
from tests.router.rules.builders import LONDON, london

CHRISTMAS = date(2026, 12, 25)
CALENDAR = Calendar(LONDON, frozenset({CHRISTMAS}))
OFFICE = Span(9 * 60, 17 * 60)
MIDDAY = Span(12 * 60, 14 * 60)
WEEK = (*[(OFFICE,)] * 5, (), (MIDDAY,))


def office_hours(public_holidays: Literal["open", "closed", "as_sunday"] = "open") -> Hours:
    return Hours(WEEK, public_holidays)


def test_the_opening_minute_is_inside_and_the_closing_minute_outside() -> None:
    assert office_hours().is_open(london("2026-03-03 09:00"), CALENDAR)
    assert office_hours().is_open(london("2026-03-03 16:59"), CALENDAR)
    assert not office_hours().is_open(london("2026-03-03 17:00"), CALENDAR)
    assert not office_hours().is_open(london("2026-03-07 12:30"), CALENDAR)


@pytest.mark.parametrize(
    ("start", "end", "opens"),
    [
        ("2026-03-03 17:00", "2026-03-04 09:00", False),
        ("2026-03-03 17:00", "2026-03-04 09:01", True),
        ("2026-03-03 16:59", "2026-03-03 20:00", True),
        ("2026-03-06 17:30", "2026-03-07 12:00", False),
        ("2026-03-07 15:00", "2026-03-08 12:00", False),
    ],
)
def test_it_must_be_open_at_some_moment_between(start: str, end: str, opens: bool) -> None:
    assert office_hours().opens_between(london(start), london(end), CALENDAR) is opens


@pytest.mark.parametrize(
    ("policy", "at_ten", "at_noon"), [("open", True, True), ("closed", False, False), ("as_sunday", False, True)]
)
def test_a_public_holiday_keeps_the_hours_has_none_or_has_sundays(
    policy: Literal["open", "closed", "as_sunday"], at_ten: bool, at_noon: bool
) -> None:
    hours = office_hours(policy)
    assert hours.is_open(london("2026-12-25 10:00"), CALENDAR) is at_ten
    assert hours.is_open(london("2026-12-25 12:00"), CALENDAR) is at_noon


def test_a_service_without_a_sunday_is_closed_on_a_holiday_that_is_as_sunday() -> None:
    hours = Hours((*[(OFFICE,)] * 5, (), ()), "as_sunday")
    assert not hours.is_open(london("2026-12-25 12:00"), CALENDAR)


def test_round_the_clock_has_no_gap_at_midnight() -> None:
    always = Hours(((Span(0, 1440),),) * 7)
    midnight = london("2026-03-03 00:00")
    assert all(always.is_open(midnight + timedelta(seconds=seconds), CALENDAR) for seconds in (-1, 0, 1))


@given(
    start=st.one_of(
        st.datetimes(
            datetime.fromisoformat("2026-03-28"), datetime.fromisoformat("2026-03-30"), timezones=st.just(UTC)
        ),
        st.datetimes(
            datetime.fromisoformat("2026-10-24"), datetime.fromisoformat("2026-10-26"), timezones=st.just(UTC)
        ),
    ),
    minutes=st.integers(1, 600),
    spans=st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 240)), min_size=1, max_size=3),
)
def test_open_between_two_moments_is_open_at_a_minute_between_them_also_when_the_clocks_change(
    start: datetime, minutes: int, spans: list[tuple[int, int]]
) -> None:
    start = start.replace(second=0, microsecond=0)
    day = tuple(Span(opens, min(1440, opens + length)) for opens, length in spans)
    hours = Hours((day,) * 7)
    half_a_minute = timedelta(seconds=30)
    each_minute = [start + half_a_minute + timedelta(minutes=minute) for minute in range(minutes)]
    expected = any(hours.is_open(at, CALENDAR) for at in each_minute)
    assert hours.opens_between(start, start + timedelta(minutes=minutes), CALENDAR) is expected


def test_an_hour_that_the_clocks_skip_is_not_opening_time() -> None:
    night = Hours(((Span(60, 120),),) * 7)
    assert not night.opens_between(london("2026-03-29 00:00"), london("2026-03-29 08:00"), CALENDAR)
    assert night.opens_between(london("2026-03-30 00:00"), london("2026-03-30 08:00"), CALENDAR)
