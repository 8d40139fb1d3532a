"""Quiet hours by the clock on the wall: across both clock changes, at weekends, on bank holidays, and who waits."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.notification import Channel, Purpose
from services.notifier.domain.quiet import (
    DIGEST,
    QUIET,
    SPREAD,
    TO_ANSWER,
    Arrangements,
    QuietHours,
    Wait,
    gap,
    wait_of,
)
from services.notifier.domain.update import Update, update_notification
from shared.wording import LONDON
from tests.notifier.world import IDS, NOON, SERVICE, a_notification, an_offer

NIGHT = QuietHours(time(20), time(8), days_off=False)
COUNTY = QuietHours(time(20), time(8))
EASTER = frozenset({date(2020, 4, 10), date(2020, 4, 13)})
GOES_FORWARD, GOES_BACK = datetime(2020, 3, 29, 1, tzinfo=UTC), datetime(2020, 10, 25, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """An instant by the clock on the wall in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2020-04-15T19:59", None),
        ("2020-04-15T20:00", "2020-04-16T08:00"),
        ("2020-04-16T07:59", "2020-04-16T08:00"),
        ("2020-04-16T08:00", None),
        # Thursday evening before Good Friday: the next working day is Tuesday.
        ("2020-04-09T21:00", "2020-04-14T08:00"),
        ("2020-04-18T12:00", "2020-04-20T08:00"),
        # The nights on which an hour is missing, and comes twice.
        ("2020-03-28T23:00", "2020-03-30T08:00"),
        ("2020-10-24T23:00", "2020-10-26T08:00"),
    ],
)
def test_the_countys_quiet_hours_end_at_eight_on_the_next_working_day(now: str, end: str | None) -> None:
    arrangements = Arrangements(default=COUNTY, bank_holidays=EASTER)
    assert arrangements.quiet_until(SERVICE, at(now)) == (at(end) if end else None)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2020-04-15T21:00", "2020-04-16T08:00"),
        # A Friday night, then Saturday by day, then Good Friday.
        ("2020-04-17T21:00", "2020-04-18T08:00"),
        ("2020-04-18T12:00", None),
        ("2020-04-10T12:00", None),
    ],
)
def test_people_at_home_are_left_alone_at_night_and_told_on_days_off(now: str, until: str | None) -> None:
    update = Update(IDS, IDS, "7K3M-2QX", "resident", "received", "sms")
    planned = update_notification(update, None, at(now)).claimed()
    wait = wait_of(planned, Arrangements(default=COUNTY, bank_holidays=EASTER), at(now))
    assert wait == (Wait(at(until), QUIET) if until else None)
    assert wait_of(planned, Arrangements(), at(now)) is None


@pytest.mark.parametrize("purpose", [each for each in Purpose if each not in (Purpose.OFFER, Purpose.REMINDER)])
def test_a_digest_lists_only_what_is_to_be_answered(purpose: Purpose) -> None:
    message = a_notification(offer=an_offer(reply_by=NOON + timedelta(days=9)), purpose=purpose).claimed()
    assert wait_of(message, Arrangements(digests={SERVICE: time(9)}), NOON) is None


def test_an_end_that_does_not_exist_that_night_is_where_the_clocks_change() -> None:
    hours = QuietHours(time(22), time(1, 30), days_off=False)
    assert hours.end_after(at("2020-03-29T00:30"), frozenset()) == GOES_FORWARD


def test_of_an_end_that_comes_twice_each_is_one() -> None:
    hours = QuietHours(time(22), time(1, 30), days_off=False)
    first = datetime(2020, 10, 25, 0, 30, tzinfo=UTC)
    assert hours.end_after(GOES_BACK - timedelta(hours=1), frozenset()) == first
    # The clock shows half past one again an hour later, and before it the hours run a second time.
    assert hours.end_after(GOES_BACK + timedelta(minutes=10), frozenset()) == first + timedelta(hours=1)


minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
near_a_change = st.builds(
    lambda change, minute: change + timedelta(minutes=minute),
    st.sampled_from((GOES_FORWARD, GOES_BACK)),
    st.integers(-3 * 24 * 60, 3 * 24 * 60),
)


@given(begins=minutes, ends=minutes, days_off=st.booleans(), now=near_a_change)
def test_quiet_hours_last_exactly_while_the_clock_on_the_wall_is_within_them(
    begins: time, ends: time, days_off: bool, now: datetime
) -> None:
    hours = QuietHours(begins, ends, days_off)
    end = hours.end_after(now, EASTER)
    assert end is not None
    assert end >= now
    assert not hours.are_at(end, EASTER)
    minute = timedelta(minutes=1)
    assert all(hours.are_at(now + minute * passed, EASTER) for passed in range(int((end - now) / minute)))


def test_a_service_has_its_own_hours_or_none() -> None:
    own = Arrangements(default=COUNTY, quiet={SERVICE: QuietHours(time(12), time(13), days_off=False), "svc-b": None})
    assert own.quiet_until(SERVICE, at("2020-04-15T12:30")) == at("2020-04-15T13:00")
    assert own.quiet_until(SERVICE, at("2020-04-15T22:00")) is None
    assert own.quiet_until("svc-b", at("2020-04-15T22:00")) is None
    assert own.quiet_until("svc-c", at("2020-04-15T22:00")) == at("2020-04-16T08:00")


def test_a_digest_never_leaves_in_quiet_hours() -> None:
    arrangements = Arrangements(default=COUNTY, digests={SERVICE: time(9)}, bank_holidays=EASTER)
    assert arrangements.digest_after(SERVICE, at("2020-04-09T09:00")) == at("2020-04-14T09:00")
    assert arrangements.digest_after(SERVICE, at("2020-04-09T08:59")) == at("2020-04-09T09:00")
    assert arrangements.digest_after("svc-b", at("2020-04-09T08:59")) is None
    inside = replace(arrangements, digests={SERVICE: time(7)})
    assert inside.digest_after(SERVICE, at("2020-04-09T08:59")) is None


TONIGHT = at("2020-04-15T21:00")
NIGHTLY = Arrangements(default=NIGHT)
MORNING = at("2020-04-16T08:00")


def claimed(hours: float, priority: str = "P3", purpose: Purpose = Purpose.OFFER, channel: Channel = Channel.EMAIL):  # type: ignore[no-untyped-def]  # the builder's own type
    offer = an_offer(priority=priority, reply_by=TONIGHT + timedelta(hours=hours))
    return a_notification(offer=offer, purpose=purpose, channel=channel, planned_at=TONIGHT, attempts=1)


@pytest.mark.parametrize("priority", ["P1", "P2"])
def test_what_is_urgent_never_waits(priority: str) -> None:
    always = replace(NIGHTLY, digests={SERVICE: time(9)})
    assert wait_of(claimed(1000, priority), always, TONIGHT) is None


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_what_can_wait_does_so_until_quiet_hours_end(channel: Channel) -> None:
    assert wait_of(claimed(1000, channel=channel), NIGHTLY, TONIGHT) == Wait(MORNING, QUIET)
    assert wait_of(claimed(1000, channel=channel), NIGHTLY, MORNING) is None
    assert wait_of(claimed(1000, channel=channel), Arrangements(), TONIGHT) is None


def test_a_service_s_own_system_is_told_at_night() -> None:
    assert wait_of(claimed(1000, channel=Channel.WEBHOOK), NIGHTLY, TONIGHT) is None


def test_nothing_waits_until_too_little_time_to_answer_is_left() -> None:
    enough = (MORNING + SPREAD + TO_ANSWER - TONIGHT) / timedelta(hours=1)
    assert wait_of(claimed(enough), NIGHTLY, TONIGHT) == Wait(MORNING, QUIET)
    assert wait_of(claimed(enough - 0.1), NIGHTLY, TONIGHT) is None
    assert wait_of(claimed(-5), NIGHTLY, TONIGHT) is None


@pytest.mark.parametrize(
    ("offered", "reply_by", "leaves"),
    [
        ("2020-04-14T20:30", "2020-04-15T17:00", "2020-04-15T08:00"),
        ("2020-04-15T02:00", "2020-04-16T17:00", "2020-04-15T08:00"),
        # On a Friday evening, and at the weekend, for Monday.
        ("2020-04-17T20:30", "2020-04-20T17:00", "2020-04-20T08:00"),
        ("2020-04-18T10:00", "2020-04-20T17:00", "2020-04-20T08:00"),
    ],
)
def test_an_offer_for_the_next_working_day_leaves_on_its_morning(offered: str, reply_by: str, leaves: str) -> None:
    offer = an_offer(priority="P3", reply_by=at(reply_by))
    message = a_notification(offer=offer, planned_at=at(offered), attempts=1)
    arrangements = Arrangements(default=COUNTY, bank_holidays=EASTER)
    assert wait_of(message, arrangements, at(offered)) == Wait(at(leaves), QUIET)


def test_what_was_tried_before_goes_on() -> None:
    assert wait_of(replace(claimed(1000), attempts=2), NIGHTLY, TONIGHT) is None


def test_e_mails_wait_for_the_digest_and_recalls_and_texts_do_not() -> None:
    daily = Arrangements(default=NIGHT, digests={SERVICE: time(9)})
    nine = at("2020-04-16T09:00")
    assert wait_of(claimed(1000), daily, TONIGHT) == Wait(nine, DIGEST)
    assert wait_of(claimed(1000, purpose=Purpose.REMINDER), daily, TONIGHT) == Wait(nine, DIGEST)
    assert wait_of(claimed(1000, purpose=Purpose.RECALL), daily, TONIGHT) == Wait(MORNING, QUIET)
    assert wait_of(claimed(1000, channel=Channel.SMS), daily, TONIGHT) == Wait(MORNING, QUIET)
    # The digest would come too late, the end of the night would not.
    assert wait_of(claimed(23), daily, TONIGHT) == Wait(MORNING, QUIET)
    assert wait_of(claimed(15), daily, TONIGHT) is None


def test_a_few_leave_within_seconds_and_many_within_ten_minutes() -> None:
    assert gap(1) == gap(100) == timedelta(seconds=5)
    assert gap(2_000) * 2_000 == SPREAD
    assert gap(0) > timedelta()
    assert NOON.tzinfo is not None
