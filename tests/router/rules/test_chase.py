"""How long an answer is waited for (R60), across clock changes, holidays and closing times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.assignment import State
from services.router.domain.chase import Clock, ClockState, Kind, Ring, Wait, Window, ring_of, stopped_by
from services.router.domain.county import County
from services.router.domain.hours import Hours, Span
from services.router.domain.vocabulary import Priority
from shared.clock import new_id

LONDON = ZoneInfo("Europe/London")
OFFICE = Hours(((Span(540, 1020),),) * 5 + ((), ()), "closed")
"""Open from 9 to 5, Monday to Friday."""
ALWAYS = Hours(((Span(0, 1440),),) * 7)
NEVER = Hours(((),) * 7)


def days() -> st.SearchStrategy[tuple[Span, ...]]:
    """The opening hours of one day: none, or one or two spans."""
    times = st.lists(st.integers(0, 1440), min_size=4, max_size=4, unique=True).map(sorted)
    return times.flatmap(lambda t: st.sampled_from([(), (Span(t[0], t[1]),), (Span(t[0], t[1]), Span(t[2], t[3]))]))


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


def chased(county: County, priority: Priority, offered_at: datetime, hours: Hours | None) -> tuple[datetime, ...]:
    """When a same-day offer made then is reminded of, when it expires, and when it is due."""
    calendar, wait = county.deadlines.calendar, county.rules.chase[priority]
    due_at = county.deadlines.due_at(priority, offered_at)
    window = Window.of(offered_at, due_at, hours, calendar)
    reminded = window.within(wait.ends(offered_at, hours, calendar), offered_at)
    return reminded, window.within(wait.ends(reminded, hours, calendar), reminded), due_at


@pytest.mark.parametrize(
    ("priority", "offered", "reminded", "expired", "due"),
    [
        ("P1", "2020-05-06T10:00:00", "2020-05-06T10:07:30", "2020-05-06T10:11:15", "2020-05-06T10:15:00"),
        ("P2", "2020-05-06T09:30:00", "2020-05-06T11:30:00", "2020-05-06T13:30:00", "2020-05-06T20:00:00"),
        ("P2", "2020-05-06T16:30:00", "2020-05-06T18:15:00", "2020-05-06T19:07:30", "2020-05-06T20:00:00"),
        ("P2", "2020-05-05T23:00:00", "2020-05-06T10:30:00", "2020-05-06T11:15:00", "2020-05-06T12:00:00"),
        ("P2", "2020-05-07T23:00:00", "2020-05-08T05:30:00", "2020-05-08T08:45:00", "2020-05-08T12:00:00"),
    ],
    ids=["immediate", "morning", "afternoon", "night", "not open before it is due"],
)
def test_what_is_due_the_same_day_is_chased_before_it_is_due(
    county: County, priority: Priority, offered: str, reminded: str, expired: str, due: str
) -> None:
    closed_on_fridays = Hours(((Span(540, 1020),),) * 4 + ((), (), ()))
    assert chased(county, priority, at(offered), closed_on_fridays) == (at(reminded), at(expired), at(due))


@given(
    seconds=st.integers(1_577_836_800, 1_830_297_600),
    left=st.integers(1, 3 * 86_400),
    late=st.floats(0, 0.99),
    priority=st.sampled_from(["P1", "P2"]),
    hours=st.none() | st.builds(Hours, st.tuples(*[days()] * 7), st.sampled_from(["open", "closed", "as_sunday"])),
)
def test_the_reminder_and_the_end_come_before_the_deadline_however_late_the_reminder_was(
    county: County, seconds: int, left: int, late: float, priority: Priority, hours: Hours | None
) -> None:
    offered_at = datetime.fromtimestamp(seconds, UTC)
    due_at, calendar, wait = (
        offered_at + timedelta(seconds=left),
        county.deadlines.calendar,
        county.rules.chase[priority],
    )
    window = Window.of(offered_at, due_at, hours, calendar)

    def ring(since: datetime) -> datetime:
        return window.within(wait.ends(since, hours, calendar), since)

    first = ring(offered_at)
    reminded_late = first + (due_at - first) * late
    assert offered_at < first < ring(first) < due_at
    assert first <= reminded_late < ring(reminded_late) < due_at
    assert 2 * (due_at - first) >= due_at - window.begins <= 4 * (due_at - ring(first))
    assert first <= wait.ends(offered_at, hours, calendar)


def test_what_is_overdue_is_waited_for_as_usual(county: County) -> None:
    due_at, calendar, wait = at("2020-05-06T12:00"), county.deadlines.calendar, county.rules.chase["P2"]
    for offered_at in (at("2020-05-06T09:00"), at("2020-05-06T13:00")):
        window = Window.of(offered_at, due_at, OFFICE, calendar)
        assert window.within(wait.ends(due_at, OFFICE, calendar), due_at) == at("2020-05-06T14:00")


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
