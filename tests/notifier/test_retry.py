"""When a failed message is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.failure import Failure
from services.notifier.domain.notification import Purpose, State
from services.notifier.domain.retry import SCHEDULE, TRIES_AT_LEAST, after_failure, give_up_at, is_worth_sending
from tests.notifier.world import NOON, a_notification, an_offer

ATTEMPTS = st.integers(min_value=1, max_value=50)
FAILURES = st.sampled_from(list(Failure))
JITTER = st.floats(min_value=0, max_value=1)
LEFT = st.timedeltas(min_value=timedelta(hours=-2), max_value=timedelta(days=4))
PASSED = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=4))


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 3600), (7, 3600)])
def test_waiting_times_grow_from_five_seconds_to_an_hour(attempt: int, seconds: int) -> None:
    sending = a_notification(state=State.SENDING, attempts=attempt)
    assert after_failure(sending, Failure.TRANSIENT, NOON, 1.0).try_at == NOON + timedelta(seconds=seconds)


@given(ATTEMPTS, FAILURES, LEFT, PASSED, JITTER)
def test_no_passing_failure_is_tried_again_after_half_the_time_to_the_deadline(
    attempts: int, failure: Failure, left: timedelta, passed: timedelta, jitter: float
) -> None:
    sending = a_notification(offer=an_offer(reply_by=NOON + left), state=State.SENDING, attempts=attempts)
    after = after_failure(sending, failure, NOON + passed, jitter)
    assert after.state in {State.QUEUED, State.FAILED}
    if (
        after.state is State.QUEUED
        and failure not in {Failure.AMBIGUOUS, Failure.ABSENT}
        and attempts >= TRIES_AT_LEAST
    ):
        assert NOON + passed <= after.try_at <= give_up_at(sending)
        assert after.try_at - (NOON + passed) <= (timedelta(days=1) if failure is Failure.DAILY_CAP else SCHEDULE[-1])


@given(ATTEMPTS, FAILURES, JITTER)
def test_the_reason_always_names_the_class_of_failure(attempts: int, failure: Failure, jitter: float) -> None:
    after = after_failure(a_notification(state=State.SENDING, attempts=attempts), failure, NOON, jitter)
    assert after.reason == failure.value


@pytest.mark.parametrize("failure", [Failure.PERMANENT_RECIPIENT, Failure.POLICY, Failure.CONFIG, Failure.NO_CONTACT])
def test_what_cannot_mend_itself_is_not_tried_again(failure: Failure) -> None:
    after = after_failure(a_notification(state=State.SENDING, attempts=1), failure, NOON, 0.5)
    assert after.state is State.FAILED


def test_a_refused_password_is_tried_again_because_the_message_is_not_at_fault() -> None:
    after = after_failure(a_notification(state=State.SENDING, attempts=1), Failure.AUTH, NOON, 0.5)
    assert after.state is State.QUEUED


def test_a_message_that_may_have_been_taken_is_sent_once_more_and_only_once() -> None:
    first = after_failure(a_notification().claimed(), Failure.AMBIGUOUS, NOON, 0.5)
    assert (first.state, first.unsure, first.try_at) == (State.QUEUED, 1, NOON + timedelta(seconds=30))
    second = after_failure(first.claimed(), Failure.AMBIGUOUS, NOON, 0.5)
    assert (second.state, second.reason) == (State.FAILED, "ambiguous")


def test_a_message_whose_workers_keep_dying_is_not_sent_for_ever() -> None:
    once_lost = a_notification().claimed().claimed()
    assert is_worth_sending(once_lost)
    assert not is_worth_sending(once_lost.claimed())


def test_a_recall_is_tried_for_four_hours_whatever_the_deadline_was() -> None:
    past = an_offer(reply_by=NOON - timedelta(hours=1))
    assert give_up_at(a_notification(offer=past, purpose=Purpose.RECALL)) == NOON + timedelta(hours=4)


@pytest.mark.parametrize("priority", ["P2", "P3"])
def test_an_offer_whose_deadline_has_passed_is_tried_just_once(priority: str) -> None:
    offer = an_offer(priority=priority, reply_by=NOON - timedelta(minutes=1))
    late = a_notification(offer=offer, state=State.SENDING, attempts=1)
    assert after_failure(late, Failure.TRANSIENT, NOON + timedelta(seconds=1), 0.0).state is State.FAILED


@pytest.mark.parametrize(("priority", "tries"), [("P2", 1), ("P3", TRIES_AT_LEAST)])
def test_what_waited_for_the_morning_is_tried_four_times_if_it_is_not_urgent(priority: str, tries: int) -> None:
    offer = an_offer(priority=priority, reply_by=NOON + timedelta(hours=20))
    morning, tried = NOON + timedelta(hours=16), 0
    message = a_notification(offer=offer)
    while message.state is State.QUEUED:
        message, tried = after_failure(message.claimed(), Failure.TRANSIENT, morning, 1.0), tried + 1
        morning = max(morning, message.try_at)
    assert (message.state, tried) == (State.FAILED, tries)


def test_a_recall_that_waited_for_the_morning_is_not_given_up_at_its_first_failure() -> None:
    recall = a_notification(offer=an_offer(priority="P3", reply_by=NOON), purpose=Purpose.RECALL)
    after = after_failure(recall.claimed(), Failure.TRANSIENT, NOON + timedelta(hours=10), 1.0)
    assert (after.state, after.try_at) == (State.QUEUED, NOON + timedelta(hours=10, seconds=5))


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 2), (0.5, 6), (1.0, 10)])
def test_too_many_at_once_waits_two_to_ten_seconds_however_often(jitter: float, seconds: int) -> None:
    for attempts in (1, 5, 40):
        sending = a_notification(state=State.SENDING, attempts=attempts)
        assert after_failure(sending, Failure.RATE, NOON, jitter).try_at == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("failure", [Failure.RATE, Failure.TRANSIENT])
def test_the_other_sides_own_wait_is_kept(failure: Failure) -> None:
    sending = a_notification(state=State.SENDING, attempts=1)
    after = after_failure(sending, failure, NOON, 1.0, timedelta(minutes=9))
    assert (after.state, after.try_at) == (State.QUEUED, NOON + timedelta(minutes=9))


def test_a_wait_beyond_the_time_to_give_up_gives_up_at_once() -> None:
    sending = a_notification(state=State.SENDING, attempts=1)
    assert after_failure(sending, Failure.RATE, NOON, 0.0, timedelta(days=2)).state is State.FAILED


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2020, 4, 15, 11, 0, tzinfo=UTC), datetime(2020, 4, 16, 0, 5, tzinfo=UTC)),
        (datetime(2020, 4, 15, 23, 59, tzinfo=UTC), datetime(2020, 4, 16, 0, 5, tzinfo=UTC)),
        (datetime(2020, 4, 16, 0, 4, tzinfo=UTC), datetime(2020, 4, 16, 0, 5, tzinfo=UTC)),
        (datetime(2020, 4, 16, 0, 5, tzinfo=UTC), datetime(2020, 4, 17, 0, 5, tzinfo=UTC)),
        (datetime(2020, 4, 16, 0, 30, tzinfo=timezone(timedelta(hours=1))), datetime(2020, 4, 16, 0, 5, tzinfo=UTC)),
    ],
)
def test_too_many_today_waits_until_five_past_midnight_by_the_providers_clock(now: datetime, then: datetime) -> None:
    patient = an_offer(priority="P4", reply_by=NOON + timedelta(days=5))
    after = after_failure(a_notification(offer=patient, state=State.SENDING, attempts=1), Failure.DAILY_CAP, now, 0.5)
    assert (after.state, after.try_at) == (State.QUEUED, then)


@pytest.mark.parametrize("priority", ["P1", "P2"])
def test_what_is_urgent_does_not_wait_for_tomorrow(priority: str) -> None:
    urgent = an_offer(priority=priority, reply_by=NOON + timedelta(days=5))
    after = after_failure(a_notification(offer=urgent, state=State.SENDING, attempts=1), Failure.DAILY_CAP, NOON, 0.5)
    assert (after.state, after.reason) == (State.FAILED, "daily_cap")


def test_a_message_that_was_not_there_is_looked_for_again_a_minute_and_a_half_later() -> None:
    looking = a_notification(state=State.SENDING, attempts=2, unsure=1)
    after = after_failure(looking, Failure.ABSENT, NOON, 0.5)
    assert (after.state, after.unsure, after.try_at) == (State.QUEUED, 1, NOON + timedelta(seconds=90))
