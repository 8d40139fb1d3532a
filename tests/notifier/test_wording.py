"""Times, need labels and addresses as partners read them."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.message import masked, septets
from shared.wording import LONDON, clock_words, reply_by_words, short_reply_by_words
from tests.notifier.world import DIRECTORY, NOON

INSTANTS = st.timedeltas(timedelta(), timedelta(days=4000)).map(lambda since: datetime(2019, 1, 1, tzinfo=UTC) + since)


def london(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (time(9), "9am"),
        (time(17, 30), "5:30pm"),
        (time(12), "midday"),
        (time(0), "midnight"),
        (time(0, 5), "12:05am"),
        (time(12, 1), "12:01pm"),
        (time(23, 59), "11:59pm"),
    ],
)
def test_times_of_day_are_said_as_on_gov_uk(at: time, words: str) -> None:
    assert clock_words(at) == words


@pytest.mark.parametrize(
    ("reply_by", "words", "short"),
    [
        (london(2020, 4, 15, 20), "by 8pm today, Wednesday 15 April", "by 8pm today"),
        (london(2020, 4, 16, 17), "by 5pm tomorrow, Thursday 16 April", "by 5pm tomorrow"),
        (london(2020, 4, 17, 12), "by midday on Friday 17 April", "by midday on 17 April"),
        (london(2020, 4, 16, 0), "by midnight today, Wednesday 15 April", "by midnight today"),
        (london(2021, 1, 4, 9), "by 9am on Monday 4 January 2021", "by 9am on 4 January"),
        (london(2020, 4, 15, 11), "now: it was due by 11am today, Wednesday 15 April", "now"),
    ],
)
def test_deadlines_are_said_from_where_the_reader_stands(reply_by: datetime, words: str, short: str) -> None:
    assert reply_by_words(reply_by, NOON) == words
    assert short_reply_by_words(reply_by, NOON) == short


def test_summer_time_decides_what_today_is() -> None:
    half_past_midnight_in_summer = datetime(2020, 4, 15, 23, 30, tzinfo=UTC)
    assert reply_by_words(london(2020, 4, 16, 8), half_past_midnight_in_summer) == "by 8am today, Thursday 16 April"


def test_the_hour_that_comes_twice_is_said_by_the_clock_on_the_wall() -> None:
    first, second = (datetime(2020, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    before = datetime(2020, 10, 24, 12, tzinfo=UTC)
    assert reply_by_words(first, before) == reply_by_words(second, before) == "by 1:30am tomorrow, Sunday 25 October"


@given(INSTANTS, st.timedeltas(min_value=timedelta(), max_value=timedelta(days=10)))
def test_short_deadlines_never_outgrow_a_text(now: datetime, left: timedelta) -> None:
    words = short_reply_by_words(now + left, now)
    assert len(words) <= len("by 12:30pm on 23 September")
    assert septets(words) == len(words)


def test_each_label_is_said_once_and_many_are_counted() -> None:
    assert DIRECTORY.needs_in_words(("food.shopping", "food.shopping")) == "Food shopping (can pay)"
    assert DIRECTORY.needs_in_words(("food.shopping", "money.debt")) == "Food shopping (can pay) and Debt advice"
    assert DIRECTORY.needs_in_words(("no.such", "money.debt", "food.shopping")).startswith("Help, Debt advice and Food")
    assert DIRECTORY.needs_in_words(()) == "Help"


def test_a_district_that_is_not_known_is_said_to_be_so() -> None:
    assert DIRECTORY.district(None) == DIRECTORY.district("E99999999") == "not known yet"
    assert DIRECTORY.district("E07000034") == "Chesterfield"


@pytest.mark.parametrize(
    ("address", "shown"),
    [("referrals@dva.example", "r***@dva.example"), ("07700 900001", "…001"), ("", "")],
)
def test_addresses_are_shown_without_most_of_them(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_the_length_of_a_text_counts_brackets_twice_and_refuses_other_alphabets() -> None:
    assert septets("a" * 160) == 160
    assert septets("[a]") == 5
    assert septets("ŵ") is None
