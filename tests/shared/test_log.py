"""Log lines are JSON with a closed vocabulary, and hold no word that a person may have written."""

import json
import logging
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import structlog

from shared.log import KEYS, LIBRARIES, get_logger, set_up_logging

CANARY = "Zzmaureen"
Lines = Callable[[], list[dict[str, Any]]]  # JSON


@pytest.fixture
def lines() -> Lines:
    """Sets the log up anew; answers its lines so far."""
    written = StringIO()
    set_up_logging("debug", stream=written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_tells_event_level_time_and_what_was_bound(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(correlation_id="call-0001"):
        get_logger().info("referral.submitted", reference="3NQK-8N1")
    [line] = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "referral.submitted",
        "level": "info",
        "correlation_id": "call-0001",
        "reference": "3NQK-8N1",
    }


def test_a_key_outside_the_vocabulary_is_dropped_and_counted(lines: Lines) -> None:
    get_logger().info("referral.submitted", **{"name": CANARY, "postcode": CANARY, "reference": "3NQK-8N1"})
    [line] = lines()
    assert line["dropped_keys"] == 2
    assert line.keys() <= KEYS
    assert CANARY not in json.dumps(line)


def test_an_exception_is_told_by_class_and_place_never_by_its_words(lines: Lines) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        get_logger().error("request.failed", exc_info=error)
    [line] = lines()
    assert line["error"] == "ValueError"
    assert line["where"][-1].partition(":")[0].endswith("test_log.py")
    assert CANARY not in json.dumps(line)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_is_heard_without_its_words(lines: Lines, name: str) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger(name).exception("could not store %s", CANARY)
    logging.getLogger(name).info("chatter")
    [line] = lines()
    assert (line["event"], line["logger"], line["level"], line["error"]) == (
        "library.warned",
        name,
        "error",
        "ValueError",
    )
    assert line["code"].startswith("test_log:")
    assert CANARY not in json.dumps(line)


def test_less_than_the_least_level_is_not_written() -> None:
    written = StringIO()
    set_up_logging("warning", stream=written)
    get_logger().info("referral.submitted")
    get_logger().warning("event.set_aside")
    assert [json.loads(line)["event"] for line in written.getvalue().splitlines()] == ["event.set_aside"]


def test_no_key_could_hold_personal_data() -> None:
    assert KEYS.isdisjoint({"name", "address", "phone", "mobile", "email", "dob", "age", "postcode", "note", "notes"})
