"""The report on gaps says of each need, district and kind of hours what the router itself would do."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from services.router.configuration import load_county_documents
from services.router.domain.county import County
from services.router.domain.coverage import Band, Cell, Cover, bands, coverage, takers_of
from services.router.domain.decide import decide
from services.router.domain.load import Load
from tests.router.openreferral.samples import Tree, documents, partners, service_in
from tests.router.rules.builders import AMBER_VALLEY, HIGH_PEAK, WEDNESDAY_MORNING, a_referral

STEP_MIN = 30
# A week of winter, its Sunday followed by nothing, and a Monday that is a bank holiday.
MONDAY, HOLIDAY = date(2020, 1, 13), date(2020, 4, 13)


def cells(county: County, **about: int) -> Mapping[tuple[str, str, Band], Cell]:
    return {(cell.district.code, cell.need.code, cell.band): cell for cell in coverage(county, **about)}


def county_after(own: str, **fields: object) -> County:
    def edit(tree: Tree) -> None:
        service_in(tree, own).update(fields)

    return load_county_documents(documents(partners(edit)))


def decided(county: County, need: str, district: str) -> str | None:
    """Who gets a need on a Wednesday morning, by the router."""
    facts = a_referral(need, place=district, age=None)
    return next(each.service_id for each in decide(facts, county, Load()).needs if each.need == need)


def test_the_first_who_takes_a_need_and_opens_in_time_is_who_gets_it_from_the_router(county: County) -> None:
    checked = county.rules.selection.opening_checked
    wrong = []
    for district in (each.code for each in county.districts.values() if each.inside):
        for need in county.needs.values():
            if need.system or need.code == county.rules.unclassified:
                continue
            due = county.deadlines.due_at(need.default_priority, WEDNESDAY_MORNING)
            expected = next(
                (
                    own
                    for own, _ in takers_of(county, need, district)
                    if need.default_priority not in checked
                    or county.services[own].hours.opens_between(WEDNESDAY_MORNING, due, county.deadlines.calendar)
                ),
                county.rules.triage_desk,
            )
            if decided(county, need.code, district) != expected:
                wrong.append((district, need.code, expected))
    assert wrong == []


def test_every_need_has_a_cell_for_every_district_and_kind_of_hours(county: County) -> None:
    found = cells(county)
    needs = [need for need in county.needs.values() if not need.system and need.code != county.rules.unclassified]
    assert len(found) == 8 * len(needs) * len(Band)
    assert Counter(cell.band for cell in found.values()) == dict.fromkeys(Band, 8 * len(needs))


def moments(county: County, band: Band) -> list[datetime]:
    """Every half hour of a band, as instants of real days."""
    calendar = county.deadlines.calendar
    days = [MONDAY + timedelta(days=day) for day in range(7)] + [HOLIDAY]
    return [
        calendar.instant(day, minute)
        for day, minutes in zip(days, bands(county.deadlines)[band], strict=True)
        for minute in range(0, 24 * 60, STEP_MIN)
        if minutes >> minute & 1
    ]


@pytest.mark.parametrize("band", Band)
def test_who_is_open_when_is_what_opening_hours_say_of_those_moments(county: County, band: Band) -> None:
    instants = moments(county, band)
    calendar = county.deadlines.calendar
    at = {own: {each for each in instants if service.hours.is_open(each, calendar)}
          for own, service in county.services.items()}  # fmt: skip
    desk = at[county.rules.triage_desk]
    for cell in (cell for key, cell in cells(county).items() if key[2] is band and key[0] == AMBER_VALLEY):
        assert all(at[own] for own in cell.open)
        assert not any(at[own] for own in cell.closed)
        together = set().union(*(at[own] for own in cell.open))
        assert cell.share == pytest.approx(len(together) / len(instants))
        if not cell.open:
            assert cell.cover is (Cover.DESK if desk else Cover.NOBODY)


def test_the_bands_are_the_contact_centres_hours_the_evening_the_night_and_other_days(county: County) -> None:
    minutes = {band: sum(each.bit_count() for each in days) for band, days in bands(county.deadlines).items()}
    hour = 60
    assert minutes == {
        Band.IN_HOURS: 5 * 12 * hour,
        Band.EVENING: 5 * 2 * hour,
        Band.NIGHT: 7 * 10 * hour,
        Band.WEEKEND: 2 * 14 * hour,
        Band.BANK_HOLIDAY: 14 * hour,
    }
    assert datetime(2020, 1, 13, 8, tzinfo=UTC) in moments(county, Band.IN_HOURS)


def test_who_works_in_the_district_is_local_and_who_works_everywhere_is_not(county: County) -> None:
    found = cells(county)
    assert found[AMBER_VALLEY, "food.shopping", Band.IN_HOURS].cover is Cover.LOCAL
    assert found[AMBER_VALLEY, "medicine.advice", Band.IN_HOURS].cover is Cover.COUNTY_WIDE


def test_a_service_that_is_gone_leaves_a_gap(county: County) -> None:
    key = HIGH_PEAK, "medicine.advice", Band.IN_HOURS
    assert cells(county)[key].open == ("svc-pharm-urgent",)
    without = cells(county_after("svc-pharm-urgent", status="temporarily closed"))[key]
    assert (without.cover, without.open, without.closed, without.share) == (Cover.DESK, (), (), 0.0)


def test_a_service_that_is_closed_then_is_named_as_that(county: County) -> None:
    shut = [{"freq": "WEEKLY", "byday": "MO", "opens_at": "09:00", "closes_at": "12:00"}]
    found = cells(county_after("svc-pharm-urgent", schedules=shut, public_holidays="closed"))
    by_day = found[HIGH_PEAK, "medicine.advice", Band.IN_HOURS]
    assert by_day.open == ("svc-pharm-urgent",)
    assert by_day.share == pytest.approx(3 / 60)
    on_holidays = found[HIGH_PEAK, "medicine.advice", Band.BANK_HOLIDAY]
    assert (on_holidays.cover, on_holidays.closed) == (Cover.DESK, ("svc-pharm-urgent",))


def test_a_concern_is_covered_by_whom_the_rules_name_for_it(county: County) -> None:
    cell = cells(county)[AMBER_VALLEY, "safe.domestic_abuse", Band.NIGHT]
    assert (cell.open, cell.share) == (("svc-da-helpline",), 1.0)


def test_what_is_there_for_the_young_is_found_by_their_age(county: County) -> None:
    key = AMBER_VALLEY, "mind.young_person", Band.IN_HOURS
    assert cells(county)[key].cover is Cover.DESK
    assert "svc-young-minds" in cells(county, age=15)[key].open
