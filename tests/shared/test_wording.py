"""Instants as people say them, by the clock on the wall in London."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.wording import DAYS, MONTHS, moment_words, reply_by_words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2020, 1, 15, 9, 5, tzinfo=UTC), "9:05am on 15 January 2020"),
        (datetime(2020, 4, 15, 9, 5, tzinfo=UTC), "10:05am on 15 April 2020"),
        (datetime(2020, 4, 14, 23, 0, tzinfo=UTC), "midnight on 15 April 2020"),
        (datetime(2020, 4, 15, 20, 0, tzinfo=timezone(timedelta(hours=9))), "midday on 15 April 2020"),
    ],
)
def test_a_moment_is_said_by_the_clock_on_the_wall(at: datetime, words: str) -> None:
    assert moment_words(at) == words


def test_days_and_months_are_in_the_order_of_the_calendar() -> None:
    assert [datetime(2024, 1, day, tzinfo=UTC).strftime("%A") for day in range(1, 8)] == list(DAYS)
    assert [datetime(2024, month, 1, tzinfo=UTC).strftime("%B") for month in range(1, 13)] == list(MONTHS)


def test_a_deadline_is_over_only_once_it_has_passed() -> None:
    due = datetime(2020, 4, 15, 19, 0, tzinfo=UTC)
    assert reply_by_words(due, due) == "by 8pm today, Wednesday 15 April"
    assert reply_by_words(due, due + timedelta(seconds=1)).startswith("now: it was due by 8pm")
