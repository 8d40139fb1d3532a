"""How long each message waits for word of its arrival before the next way is taken."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.clocks import again_at, confirm_by
from tests.notifier.test_ladder import HOUR, MINUTE
from tests.notifier.world import (
    NOON,
)


@pytest.mark.parametrize(("priority", "wait"), [("P1", 15), ("P2", 15), ("P3", 60), ("P4", 240)])
def test_each_priority_has_its_own_patience(priority: str, wait: int) -> None:
    assert confirm_by(priority, NOON + timedelta(days=9), NOON) == NOON + wait * MINUTE


@given(st.sampled_from(["P1", "P2", "P3", "P4"]), st.timedeltas(MINUTE, timedelta(days=9)), st.integers(1, 6))
def test_any_number_of_ways_fits_before_the_deadline(priority: str, left: timedelta, ways: int) -> None:
    at, reply_by = NOON, NOON + left
    for _ in range(ways):
        following = confirm_by(priority, reply_by, at)
        assert at < following <= at + (reply_by - at) / 2
        assert following >= again_at(priority, reply_by, at) or priority == "P3"
        at = following
    assert at < reply_by


def test_a_deadline_that_has_passed_hurries_nobody() -> None:
    assert confirm_by("P1", NOON - HOUR, NOON) == NOON + 15 * MINUTE
