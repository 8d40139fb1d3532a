"""How old the person is, and flags that cannot be true (R10)."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.age import age_on, birth_date
from tests.intake.rules.builders import ADA, LONDON, REFERRAL, Rules

DATED = st.one_of(st.text(), st.text("0123456789-/. ", max_size=12), st.dates().map(str))


@pytest.mark.parametrize(
    "typed", ["1950-03-01", "01/03/1950", "1/3/1950", "01-03-1950", "01.03.1950", " 1950/03/01 ", "１９５０-03-01"]
)
def test_a_date_is_read_year_first_or_day_first(typed: str) -> None:
    assert birth_date(typed) == date(1950, 3, 1)


@pytest.mark.parametrize(
    "typed", ["1950-13-45", "31/02/1950", "1950", "1/3/50", "March 1950", "0000-01-01", "1950-03/01", "n/a", "-"]
)
def test_anything_else_is_unreadable(typed: str) -> None:
    assert birth_date(typed) is None


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2004, 5, 13), date(2020, 5, 13), 16),
        (date(2004, 5, 14), date(2020, 5, 13), 15),
        (date(2004, 2, 29), date(2020, 2, 28), 15),
        (date(2004, 2, 29), date(2022, 2, 28), 17),
        (date(2004, 2, 29), date(2022, 3, 1), 18),
        (date(2020, 5, 13), date(2020, 5, 13), 0),
        (date(2020, 5, 14), date(2020, 5, 13), -1),
    ],
)
def test_a_year_is_full_on_the_birthday(born: date, day: date, age: int) -> None:
    assert age_on(day, born) == age


def test_the_day_of_receipt_is_the_day_in_london(rules: Rules) -> None:
    turning_sixteen = replace(REFERRAL, person=replace(ADA, age=None, dob="2004-07-01"))
    before = datetime(2020, 6, 30, 22, 59, tzinfo=ZoneInfo("UTC"))
    after = datetime(2020, 6, 30, 23, 0, tzinfo=ZoneInfo("UTC"))
    assert rules.assess(turning_sixteen, at=before).age == 15
    assert rules.assess(turning_sixteen, at=after).age == 16


def test_the_date_of_birth_counts_before_the_age(rules: Rules) -> None:
    assert rules.of_person(replace(ADA, age=30, dob="1950-01-01")).age == 70


@pytest.mark.parametrize("dob", [None, "", "  "])
def test_without_a_date_of_birth_the_age_given_counts(rules: Rules, dob: str | None) -> None:
    assert rules.of_person(replace(ADA, age=30, dob=dob)).age == 30


@pytest.mark.parametrize(
    ("age", "dob"),
    [(-1, None), (116, None), (30, "unknown"), (30, "1950-13-45"), (None, "1904-05-13"), (30, "2020-05-14")],
)
def test_an_age_nobody_has_or_an_unreadable_date_makes_it_unknown(rules: Rules, age: int | None, dob: str) -> None:
    found = rules.of_person(replace(ADA, age=age, dob=dob))
    assert (found.age, found.quality, found.because[-1]) == (None, ("age_invalid",), "R10")


@pytest.mark.parametrize(("age", "dob"), [(0, None), (115, None), (None, "1904-05-14"), (None, "2020-05-13")])
def test_the_ends_of_the_range_are_believed(rules: Rules, age: int | None, dob: str | None) -> None:
    found = rules.of_person(replace(ADA, age=age, dob=dob))
    assert found.age in (0, 115)
    assert found.quality == ()


def test_no_age_at_all_is_unknown_and_not_invalid(rules: Rules) -> None:
    found = rules.of_person(replace(ADA, age=None))
    assert (found.age, found.quality) == (None, ())


@pytest.mark.parametrize(
    ("flag", "age", "household", "contradicts"),
    [
        ("over_70", 69, None, True),
        ("over_70", 70, None, False),
        ("over_70", None, None, False),
        ("lives_alone", 50, 2, True),
        ("lives_alone", 50, 1, False),
        ("lives_alone", 50, 0, False),
        ("lives_alone", 50, None, False),
        ("carer", 50, 2, False),
    ],
)
def test_flags_that_cannot_be_true_are_told(
    rules: Rules, flag: str, age: int | None, household: int | None, contradicts: bool
) -> None:
    found = rules.assess(replace(REFERRAL, flags=(flag,), household_size=household, person=replace(ADA, age=age)))
    assert found.quality == (("contradictory_flags",) if contradicts else ())
    assert (found.age, found.flags) == (age, (flag,))


def test_the_date_of_birth_can_contradict_a_flag(rules: Rules) -> None:
    found = rules.assess(replace(REFERRAL, flags=("over_70",), person=replace(ADA, dob=str(date(1960, 1, 1)))))
    assert found.quality == ("contradictory_flags",)


@given(DATED)
def test_any_text_is_a_date_or_none_and_a_date_stays_itself(text: str) -> None:
    born = birth_date(text)
    assert born is None or birth_date(born.isoformat()) == born


@given(DATED, st.datetimes(timezones=st.just(LONDON)))
def test_an_age_is_within_the_range_whatever_the_day(rules: Rules, text: str, at: datetime) -> None:
    age = rules.assess(replace(REFERRAL, person=replace(ADA, age=None, dob=text)), at=at).age
    assert age is None or 0 <= age <= 115
