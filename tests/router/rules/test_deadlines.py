"""By when a need must be answered, and when the contact centre is open (R53)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.county import County
from services.router.domain.vocabulary import PRIORITIES, Priority
from tests.router.rules.builders import a_referral, london
from tests.router.rules.conftest import Edit, Route


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2020-05-05 07:59", "2020-05-05 12:00"),
        ("2020-05-05 08:00", "2020-05-05 20:00"),
        ("2020-05-05 18:59", "2020-05-05 20:00"),
        ("2020-05-05 19:00", "2020-05-06 12:00"),
        ("2020-05-05 20:00", "2020-05-06 12:00"),
        ("2020-05-05 23:59", "2020-05-06 12:00"),
        ("2020-05-09 08:30", "2020-05-09 12:00"),
        ("2020-05-09 14:59", "2020-05-09 16:00"),
        ("2020-05-09 15:00", "2020-05-10 12:00"),
        ("2020-05-08 10:00", "2020-05-08 16:00"),
        ("2026-12-28 10:00", "2026-12-28 16:00"),
    ],
)
def test_the_same_day(county: County, received: str, due: str) -> None:
    assert county.deadlines.due_at("P2", london(received)) == london(due)


@pytest.mark.parametrize(
    ("received", "p3", "p4"),
    [
        ("2020-05-05 10:00", "2020-05-06 17:00", "2020-05-11 17:00"),
        ("2020-05-07 23:30", "2020-05-11 17:00", "2020-05-13 17:00"),
        ("2020-05-08 10:00", "2020-05-11 17:00", "2020-05-13 17:00"),
        ("2020-05-09 10:00", "2020-05-11 17:00", "2020-05-13 17:00"),
        ("2020-12-24 10:00", "2020-12-29 17:00", "2020-12-31 17:00"),
        ("2021-12-24 16:00", "2021-12-29 17:00", "2021-12-31 17:00"),
        ("2026-04-02 09:00", "2026-04-07 17:00", "2026-04-09 17:00"),
    ],
)
def test_the_next_and_the_third_working_day(county: County, received: str, p3: str, p4: str) -> None:
    assert county.deadlines.due_at("P3", london(received)) == london(p3)
    assert county.deadlines.due_at("P4", london(received)) == london(p4)


def test_how_many_working_days_is_data(county_with: Edit) -> None:
    slower = county_with("calendar.yaml", "p3_working_days: 1", "p3_working_days: 2")
    assert slower.deadlines.due_at("P3", london("2020-05-05 10:00")) == london("2020-05-07 17:00")


@pytest.mark.parametrize(
    "received", ["2020-03-29T00:50:00+00:00", "2020-10-25T00:50:00+00:00", "2020-12-25T03:00:00+00:00"]
)
def test_immediate_is_fifteen_elapsed_minutes_always(county: County, received: str) -> None:
    at = datetime.fromisoformat(received)
    assert county.deadlines.due_at("P1", at) - at == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2020-03-28T23:30:00+00:00", "2020-03-29T11:00:00+00:00"),
        ("2020-10-24T22:30:00+00:00", "2020-10-25T12:00:00+00:00"),
        ("2020-10-25T00:30:00+00:00", "2020-10-25T12:00:00+00:00"),
        ("2020-10-25T01:30:00+00:00", "2020-10-25T12:00:00+00:00"),
    ],
)
def test_noon_is_noon_on_the_wall_when_the_clocks_change(county: County, received: str, due: str) -> None:
    assert county.deadlines.due_at("P2", datetime.fromisoformat(received)) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("received", "out_of_hours"),
    [
        ("2020-05-05 08:00", False),
        ("2020-05-05 07:59", True),
        ("2020-05-05 19:59", False),
        ("2020-05-05 20:00", True),
        ("2020-05-08 16:30", True),
        ("2020-05-10 09:00", False),
        ("2020-05-10 16:00", True),
    ],
)
def test_out_of_hours_is_flagged(route: Route, received: str, out_of_hours: bool) -> None:
    decision = route(a_referral("practical.bins", received_at=london(received)))
    assert ("out_of_hours" in decision.flags) is out_of_hours


@given(
    received_at=st.datetimes(
        datetime.fromisoformat("2019-01-02"), datetime.fromisoformat("2028-12-20"), timezones=st.just(UTC)
    ),
    priority=st.sampled_from(PRIORITIES),
)
def test_every_deadline_is_after_receipt_and_more_urgent_is_never_later(
    county: County, received_at: datetime, priority: Priority
) -> None:
    due = [county.deadlines.due_at(each, received_at) for each in PRIORITIES]
    assert due[0] > received_at
    assert county.deadlines.due_at(priority, received_at) > received_at
    assert due[2] < due[3]
