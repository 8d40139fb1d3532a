"""How long each message waits for word of its arrival before the next way is taken."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.calling import call_by
from services.notifier.domain.clocks import again_at, confirm_by
from services.notifier.domain.quiet import Arrangements
from shared.clock import utc_now
from shared.document_set import Documents
from tests.notifier.heard import offered
from tests.notifier.test_ladder import HOUR, MINUTE
from tests.notifier.test_quiet import COUNTY, EASTER, at
from tests.notifier.world import NOON, SERVICE, World, an_offer


@pytest.mark.parametrize(("priority", "wait"), [("P1", 15), ("P2", 15), ("P3", 60), ("P4", 240)])
def test_each_priority_has_its_own_patience(priority: str, wait: int) -> None:
    assert confirm_by(priority, NOON + timedelta(days=9), NOON) == NOON + wait * MINUTE


@given(st.sampled_from(["P1", "P2", "P3", "P4"]), st.timedeltas(MINUTE, timedelta(days=9)), st.integers(1, 6))
def test_any_number_of_ways_fits_before_the_deadline(priority: str, left: timedelta, ways: int) -> None:
    moment, reply_by = NOON, NOON + left
    for _ in range(ways):
        following = confirm_by(priority, reply_by, moment)
        assert moment < following <= moment + (reply_by - moment) / 2
        assert following >= again_at(priority, reply_by, moment) or priority == "P3"
        moment = following
    assert moment < reply_by


def test_a_deadline_that_has_passed_hurries_nobody() -> None:
    assert confirm_by("P1", NOON - HOUR, NOON) == NOON + 15 * MINUTE


@pytest.mark.parametrize(
    ("planned", "due", "ends"),
    [
        # A routine call of Friday afternoon: the evening counts until eight, and then Monday from eight.
        ("2020-04-17T16:30", "2020-04-22T17:00", "2020-04-20T08:30"),
        # In the evening before Easter: Tuesday is the next working day.
        ("2020-04-09T21:00", "2020-04-15T17:00", "2020-04-14T12:00"),
        # Two working hours are left: half of them, whatever the weekend.
        ("2020-04-17T19:00", "2020-04-20T09:00", "2020-04-17T20:00"),
        # Overdue: nothing hurries, and nights still do not count.
        ("2020-04-17T19:00", "2020-04-17T12:00", "2020-04-20T11:00"),
    ],
)
def test_a_routine_call_runs_out_in_working_hours_alone(planned: str, due: str, ends: str) -> None:
    arrangements = Arrangements(default=COUNTY, quiet={SERVICE: None}, bank_holidays=EASTER)
    offer = an_offer(priority="P4", reply_by=at(due))
    found = call_by(offer, arrangements, at(planned))
    assert found == at(ends)
    urgent = replace(offer, priority="P2")
    assert call_by(urgent, arrangements, at(planned)) == confirm_by("P2", at(due), at(planned))


def test_where_the_county_has_no_quiet_hours_a_call_can_be_made_at_any_time() -> None:
    friday = at("2020-04-17T16:30")
    offer = an_offer(priority="P4", reply_by=friday + timedelta(days=5))
    assert call_by(offer, Arrangements(), friday) == friday + 4 * HOUR


async def test_a_call_that_nobody_made_does_not_lapse_at_the_weekend(world: World, documents: Documents) -> None:
    days_off = {"begins": "00:00", "ends": "00:00", "days_off": True}
    holidays = [(utc_now() + timedelta(days=day)).date().isoformat() for day in range(-1, 3)]
    await world.arrange(documents, {"default": days_off, "bank_holidays": holidays})
    await world.hear(offered(channels=("phone",), priority="P4", due_in=timedelta(days=9)))
    call = await world.only()
    assert call.confirm_by is not None
    assert call.confirm_by - call.planned_at > timedelta(days=2)
