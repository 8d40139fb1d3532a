"""What a report says of a draft: what is grave first, then who moves, how urgent, and how busy services are."""

from dataclasses import replace
from datetime import timedelta

from services.router.domain.conditions import AnyOf, Condition
from services.router.domain.load import Load
from services.router.domain.rule_set import Action
from services.router.domain.simulation.compare import Concern
from services.router.domain.simulation.report import (
    TABLES,
    Deadlines,
    Flags,
    Moves,
    Nobody,
    Priorities,
    Safeguarding,
    Tracks,
    csv_of,
)
from tests.router.rules.builders import AMBER_VALLEY, CHESTERFIELD, a_referral
from tests.router.rules.test_invariants import COUNTY
from tests.router.simulation.builders import (
    simulated,
    with_actions,
    with_crisis,
    with_marks,
    with_services,
    without_track,
)

DESK = COUNTY.rules.triage_desk
PHARMACY = "svc-peak-delivery"
PRESCRIPTION = a_referral("medicine.prescription", place=CHESTERFIELD)
BY_OTHERS = without_track(COUNTY, "medicine.prescription", "health")


def test_a_draft_that_changes_nothing_changes_nobody_and_decides_nobody() -> None:
    report = simulated(COUNTY, replace(COUNTY, version="draft"), a_referral("food.shopping"), a_referral("mind.crisis"))
    assert (report.simulated, report.decided, report.changed) == (2, 0, 0)
    assert [row for row in report.load if row.offers_before != row.offers_after] == []


def test_an_urgent_need_of_section_b_that_is_lowered_comes_first() -> None:
    draft = with_crisis(COUNTY, lambda row: replace(row, priority="P3"))
    report = simulated(COUNTY, draft, a_referral("mind.crisis"), a_referral("food.shopping"))
    assert report.safeguarding == (
        Safeguarding(Concern.URGENT_LOWERED, "mind.crisis", 1),
        Safeguarding(Concern.LATER, "mind.crisis", 1),
    )
    assert report.priorities == (Priorities("P2", "P3", 1),)
    assert report.deadlines == (Deadlines("P2", 0, 1),)
    assert (report.decided, [row.reference for row in report.decisions]) == (1, ["R0000"])


def test_a_concern_that_goes_to_another_service_is_seen_before_one_that_comes_to_the_desk() -> None:
    draft = with_crisis(COUNTY, lambda row: replace(row, service=DESK))
    report = simulated(COUNTY, draft, a_referral("mind.crisis"))
    assert [row.concern for row in report.safeguarding] == [Concern.RISK_NEED_MOVED, Concern.TO_THE_DESK]
    assert report.moves == (Moves("mind.crisis", "svc-mh-helpline", DESK, 1),)
    [tracks] = report.tracks
    assert (tracks.track_after, tracks.needs) == ("triage_desk", 1)


def test_a_check_by_a_person_that_is_lost_is_grave() -> None:
    draft = with_marks(COUNTY, (row for row in COUNTY.rules.marks if row.rules != ("R15",)))
    report = simulated(COUNTY, draft, a_referral("food.shopping", flags=("suicidal_thoughts",)))
    assert report.safeguarding == (Safeguarding(Concern.SAFETY_FLAG_LOST, "human_check", 1),)
    assert report.flags == (Flags("human_check", 1, 0),)
    [decision] = report.decisions
    assert (decision.need, decision.flags_lost, decision.concerns) == (None, "human_check", "safety_flag_lost")


def test_a_need_that_section_b_acts_on_anew_is_shown_too() -> None:
    cold = Condition((AnyOf("flags", frozenset({"no_heating"})),))
    draft = with_actions(
        COUNTY, (*COUNTY.rules.risk.actions, Action(("R15",), "mind.crisis", "svc-mh-helpline", "P2", cold))
    )
    report = simulated(COUNTY, draft, a_referral("food.shopping", flags=("no_heating",)))
    assert report.safeguarding == (Safeguarding(Concern.RISK_NEED_ADDED, "mind.crisis", 1),)
    assert Moves("mind.crisis", None, "svc-mh-helpline", 1) in report.moves


def test_moves_and_the_load_of_services_are_counted_by_day() -> None:
    next_day = replace(PRESCRIPTION, received_at=PRESCRIPTION.received_at + timedelta(days=1))
    report = simulated(
        COUNTY, BY_OTHERS, PRESCRIPTION, PRESCRIPTION, next_day, replace(PRESCRIPTION, needs=("food.shopping",))
    )
    [move] = report.moves
    assert (move.need, move.service_before, move.referrals) == ("medicine.prescription", PHARMACY, 3)
    assert report.tracks == (Tracks("health", "lead_va", 3),)
    loads = {load.service: load for load in report.load}
    left = loads[PHARMACY]
    assert (left.offers_before, left.busiest_before, left.offers_after, left.busiest_after) == (3, 2, 0, 0)
    assert loads[str(move.service_after)].offers_after - loads[str(move.service_after)].offers_before == 3
    assert report.safeguarding == ()


def test_days_on_which_a_service_gets_more_than_its_places_are_counted_by_the_places_of_each_version() -> None:
    one_place = {PHARMACY: replace(COUNTY.services[PHARMACY], capacity_per_day=1)}
    draft = with_services(COUNTY, ({**COUNTY.services} | one_place).values())
    report = simulated(COUNTY, draft, PRESCRIPTION, PRESCRIPTION)
    [load] = [row for row in report.load if row.service == PHARMACY]
    assert (load.places_before, load.places_after) == (COUNTY.services[PHARMACY].capacity_per_day, 1)
    assert (load.days_over_before, load.days_over_after) == (0, 1)


def test_room_is_what_it_was_when_the_referral_was_decided() -> None:
    full = Load(remaining={PHARMACY: 0})
    report = simulated(COUNTY, BY_OTHERS, (PRESCRIPTION, full))
    assert report.moves == ()
    assert report.flags == (Flags("capacity_fallback", 1, 0),)


def test_a_need_that_no_service_takes_any_more_is_counted_by_district() -> None:
    services = [replace(each, needs=each.needs - {"practical.dog_walking"}) for each in COUNTY.services.values()]
    nobody = with_services(COUNTY, services)
    report = simulated(COUNTY, nobody, a_referral("practical.dog_walking"))
    assert report.nobody == (Nobody("practical.dog_walking", AMBER_VALLEY, 0, 1),)
    assert Safeguarding(Concern.TO_THE_DESK, "practical.dog_walking", 1) in report.safeguarding


def test_every_table_is_written_as_csv_with_a_header_and_a_line_for_each_row() -> None:
    draft = with_crisis(COUNTY, lambda row: replace(row, priority="P3"))
    report = simulated(COUNTY, draft, a_referral("mind.crisis"))
    for table in TABLES:
        assert len(csv_of(report, table).splitlines()) == 1 + len(getattr(report, table))
    header, line = csv_of(report, "decisions").splitlines()
    row = dict(zip(header.split(","), line.split(","), strict=True))
    assert (row["reference"], row["need"], row["priority_before"], row["priority_after"]) == (
        "R0000", "mind.crisis", "P2", "P3"
    )  # fmt: skip
    assert row["due_before"].endswith("+00:00")
    assert row["concerns"] == "urgent_lowered later"
