"""What may become of a message, and what may not."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.arrival import Arrival
from services.notifier.domain.directory import Contact
from services.notifier.domain.failure import Failure
from services.notifier.domain.notification import (
    MOVES,
    NAMESPACE,
    CallOutcome,
    Channel,
    IllegalMove,
    Notification,
    Purpose,
    State,
)
from services.notifier.domain.planning import notification_id, offer_notice, recall_notice
from tests.notifier.world import ASSIGNMENT, EMAIL, NOON, a_notification, an_offer

FINAL = [state for state, after in MOVES.items() if not after]


def attempted_moves(notification: Notification) -> list[Notification]:
    moves: list[Callable[[], Notification]] = [
        notification.claimed,
        lambda: notification.sent(NOON),
        lambda: notification.postponed(Failure.TRANSIENT, NOON),
        lambda: notification.failed(Failure.POLICY),
        lambda: notification.skipped("recalled"),
        lambda: notification.rung(CallOutcome.REACHED, NOON),
        lambda: notification.rung(CallOutcome.NO_ANSWER, NOON),
    ]
    moved = []
    for move in moves:
        with suppress(IllegalMove):
            moved.append(move())
    return moved


@pytest.mark.parametrize("state", FINAL)
def test_nothing_ever_moves_a_message_out_of_a_final_state(state: State) -> None:
    assert attempted_moves(a_notification(state=state)) == []


@pytest.mark.parametrize("state", list(State))
def test_every_move_leads_to_a_state_that_the_table_allows(state: State) -> None:
    assert {moved.state for moved in attempted_moves(a_notification(state=state))} == MOVES[state]


def test_a_queued_message_cannot_be_sent_without_being_claimed() -> None:
    with pytest.raises(IllegalMove) as refused:
        a_notification(state=State.QUEUED).sent(NOON)
    assert refused.value.code == "illegal-transition"


def test_a_message_that_is_claimed_again_counts_the_lost_attempt_as_unsure() -> None:
    again = a_notification().claimed().claimed()
    assert (again.attempts, again.unsure, again.may_have_arrived) == (2, 1, True)


def test_a_message_that_was_never_tried_cannot_have_arrived() -> None:
    assert not a_notification().may_have_arrived


@pytest.mark.parametrize("outcome", [CallOutcome.NO_ANSWER, CallOutcome.LEFT_MESSAGE])
def test_a_contact_that_was_not_reached_is_rung_again(outcome: CallOutcome) -> None:
    rung = a_notification(state=State.AWAITING_CALL, channel=Channel.PHONE).rung(outcome, NOON)
    assert (rung.state, rung.attempts, rung.sent_at) == (State.AWAITING_CALL, 1, None)


def test_a_contact_that_was_reached_has_been_told() -> None:
    rung = a_notification(state=State.AWAITING_CALL).rung(CallOutcome.REACHED, NOON)
    assert (rung.state, rung.sent_at) == (State.SENT, NOON)


def test_a_wrong_number_fails_for_good() -> None:
    rung = a_notification(state=State.AWAITING_CALL).rung(CallOutcome.WRONG_NUMBER, NOON)
    assert (rung.state, rung.reason) == (State.FAILED, "permanent_recipient")


@given(st.sampled_from(list(Purpose)), st.sampled_from(list(Channel)), st.text(max_size=20), st.text(max_size=20))
def test_the_id_is_the_same_for_the_same_message_and_differs_for_another(
    purpose: Purpose, channel: Channel, contact: str, other: str
) -> None:
    first = notification_id(ASSIGNMENT, purpose, channel, contact)
    assert first == notification_id(ASSIGNMENT, purpose, channel, contact)
    assert (first == notification_id(ASSIGNMENT, purpose, channel, other)) == (contact == other)


def test_the_id_of_what_is_told_once_is_what_it_was_before_there_were_occasions() -> None:
    told_once = notification_id(ASSIGNMENT, Purpose.OFFER, Channel.EMAIL, "c")
    assert told_once == uuid5(NAMESPACE, f"{ASSIGNMENT}|offer|email|c")
    assert notification_id(ASSIGNMENT, Purpose.OFFER, Channel.EMAIL, "c", "second") != told_once


@pytest.mark.parametrize(
    ("channel", "begins"),
    [
        (Channel.EMAIL, State.QUEUED),
        (Channel.SMS, State.QUEUED),
        (Channel.PHONE, State.AWAITING_CALL),
        (Channel.PORTAL, State.POSTED),
    ],
)
def test_each_channel_begins_in_its_own_state(channel: Channel, begins: State) -> None:
    planned = offer_notice(an_offer(), channel, Contact("c", channel, EMAIL), None, NOON)
    assert planned.state is begins


def test_a_service_without_the_contact_fails_at_once_but_its_portal_needs_none() -> None:
    missing = offer_notice(an_offer(), Channel.SMS, None, None, NOON)
    assert (missing.state, missing.reason) == (State.FAILED, "no_contact")
    assert offer_notice(an_offer(), Channel.PORTAL, None, None, NOON).state is State.POSTED


def test_what_was_sent_is_taken_back_with_the_same_contact_over_the_same_channel() -> None:
    told = a_notification(state=State.SENT)
    recall = recall_notice(told, NOON)
    assert recall is not None
    assert (recall.channel, recall.contact, recall.address) == (told.channel, told.contact, told.address)
    assert recall.id != told.id


@pytest.mark.parametrize(
    "told",
    [
        a_notification(state=State.QUEUED),
        a_notification(state=State.FAILED),
        a_notification(state=State.POSTED, channel=Channel.PORTAL),
        a_notification(state=State.SENT, purpose=Purpose.RECALL),
    ],
)
def test_nobody_is_told_of_a_recall_who_did_not_hear_of_the_offer(told: Notification) -> None:
    assert recall_notice(told, NOON) is None


def test_a_message_that_may_have_arrived_is_taken_back_even_if_it_failed() -> None:
    assert recall_notice(a_notification(state=State.FAILED, unsure=1), NOON) is not None


@pytest.mark.parametrize("arrival", [Arrival.BOUNCED_HARD, Arrival.NOT_SENT])
def test_where_the_offer_came_back_nobody_is_told_of_its_recall(arrival: Arrival) -> None:
    assert recall_notice(replace(a_notification(state=State.SENT), receipt=arrival), NOON) is None


def test_a_contact_that_was_rung_is_rung_again_to_take_the_offer_back() -> None:
    told = replace(a_notification(state=State.SENT, channel=Channel.PHONE), sent_at=NOON - timedelta(hours=1))
    recall = recall_notice(told, NOON)
    assert recall is not None
    assert recall.state is State.AWAITING_CALL
