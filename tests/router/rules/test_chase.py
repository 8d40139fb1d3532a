"""How long an answer is waited for (R60), across clock changes, holidays and closing times."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.assignment import State
from services.router.domain.chase import Clock, ClockState, Kind, Ring, Wait, ring_of, stopped_by
from services.router.domain.county import County
from services.router.domain.hours import Hours, Span
from services.router.domain.vocabulary import Priority
from shared.clock import new_id

LONDON = ZoneInfo("Europe/London")
OFFICE = Hours(((Span(540, 1020),),) * 5 + ((), ()), "closed")
"""Open from 9 to 5, Monday to Friday."""
ALWAYS = Hours(((Span(0, 1440),),) * 7)
NEVER = Hours(((),) * 7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("priority", "since", "ends"),
    [
        ("P1", "2020-05-06T23:55", "2020-05-07T00:05"),
        ("P2", "2020-05-06T10:00", "2020-05-06T12:00"),
        ("P2", "2020-05-06T16:30", "2020-05-07T10:30"),
        ("P2", "2020-05-07T16:30", "2020-05-11T10:30"),
        ("P2", "2020-05-06T06:00", "2020-05-06T11:00"),
        ("P2", "2020-03-27T16:00", "2020-03-30T10:00"),
        ("P2", "2020-10-23T16:00", "2020-10-26T10:00"),
        ("P3", "2020-05-06T10:00", "2020-05-07T12:00"),
        ("P3", "2020-05-07T10:00", "2020-05-11T12:00"),
        ("P3", "2020-03-27T10:00", "2020-03-30T12:00"),
        ("P3", "2020-10-23T18:00", "2020-10-26T12:00"),
        ("P4", "2020-05-06T10:30", "2020-05-11T10:30"),
        ("P4", "2020-03-27T10:30", "2020-03-31T10:30"),
        ("P4", "2020-10-23T10:30", "2020-10-27T10:30"),
        ("P4", "2020-12-24T09:00", "2020-12-30T09:00"),
    ],
    ids=lambda each: each,
)
def test_the_wait_ends_by_the_clock_on_the_wall(county: County, priority: Priority, since: str, ends: str) -> None:
    """8 May and 28 December 2020 are bank holidays; the clocks change on 29 March and 25 October."""
    assert county.rules.chase[priority].ends(at(since), OFFICE, county.deadlines.calendar) == at(ends)


@pytest.mark.parametrize("change", ["2020-03-29", "2020-10-25"])
def test_elapsed_time_is_elapsed_time_when_the_clocks_change(county: County, change: str) -> None:
    since = at(f"{change}T00:30")
    for wait in (Wait(minutes=120), Wait(open_minutes=120)):
        ends = wait.ends(since, ALWAYS, county.deadlines.calendar)
        assert ends.timestamp() - since.timestamp() == 120 * 60


@pytest.mark.parametrize("hours", [NEVER, None])
def test_a_service_without_hours_is_not_waited_for_for_ever(county: County, hours: Hours | None) -> None:
    since = at("2020-05-06T10:00")
    assert Wait(open_minutes=120).ends(since, hours, county.deadlines.calendar) == since + timedelta(hours=2)


@given(
    seconds=st.integers(1_577_836_800, 1_830_297_600),
    priority=st.sampled_from(["P1", "P2", "P3", "P4"]),
)
def test_a_wait_always_ends_later_than_it_began(county: County, seconds: int, priority: Priority) -> None:
    since = datetime.fromtimestamp(seconds, LONDON)
    ends = county.rules.chase[priority].ends(since, OFFICE, county.deadlines.calendar)
    assert ends.timestamp() > since.timestamp()


@pytest.mark.parametrize(
    ("kind", "state", "at_desk", "ring"),
    [
        (Kind.RESPOND, ClockState.RUNNING, False, Ring.REMIND),
        (Kind.RESPOND, ClockState.WARNED, False, Ring.EXPIRE),
        (Kind.RESPOND, ClockState.RUNNING, True, Ring.REMIND),
        (Kind.RESPOND, ClockState.WARNED, True, Ring.TELL),
        (Kind.FIRST_CONTACT, ClockState.RUNNING, False, Ring.TELL),
    ],
)
def test_one_reminder_then_the_offer_expires_except_at_the_triage_desk(
    kind: Kind, state: ClockState, at_desk: bool, ring: Ring
) -> None:
    clock = Clock(new_id(), kind, at("2020-05-06T10:00"), state=state)
    assert ring_of(clock, at_desk=at_desk) is ring


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        (State.OPENED, ()),
        (State.ACCEPTED, (Kind.RESPOND,)),
        (State.CONTACTED, (Kind.RESPOND, Kind.FIRST_CONTACT)),
        (State.DONE, tuple(Kind)),
        (State.EXPIRED, tuple(Kind)),
        (State.RECALLED, tuple(Kind)),
    ],
)
def test_an_answer_stops_the_clocks_that_waited_for_it(state: State, kinds: tuple[Kind, ...]) -> None:
    assert stopped_by(state) == kinds
