"""What holds for every referral there could be."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.router.configuration import load_county
from services.router.domain.decide import decide
from services.router.domain.decision import Decision
from services.router.domain.facts import Facts, OpenMatch, Place
from services.router.domain.load import Load
from services.router.domain.vocabulary import PRIORITIES
from tests.router.rules.builders import COUNTY_DIRECTORY

COUNTY = load_county(COUNTY_DIRECTORY)
CHOSEN = sorted(code for code, need in COUNTY.needs.items() if not need.system)
NEVER_VOLUNTEERS = {
    code
    for code, need in COUNTY.needs.items()
    if need.group in {"care", "health", "risk"} or need.default_track in {"safeguarding", "health"}
}
KNOWN_DISTRICTS = [*COUNTY.districts, *COUNTY.renamed, "L99999999"]
INSTANTS = st.datetimes(
    datetime.fromisoformat("2019-01-02"), datetime.fromisoformat("2028-12-01"), timezones=st.just(UTC)
)
NEEDS = st.lists(st.sampled_from([*CHOSEN, "risk.suicide", "no.such.need"]), max_size=6).map(tuple)
CONSENTS: st.SearchStrategy[Literal["given", "refused", "unknown"]] = st.sampled_from(["given", "refused", "unknown"])
BY: st.SearchStrategy[Literal["self", "representative", "none"]] = st.sampled_from(["self", "representative", "none"])

places = st.one_of(
    st.builds(
        Place,
        district=st.sampled_from(KNOWN_DISTRICTS),
        method=st.just("unit"),
        outcode=st.sampled_from([None, "SK13", "S40"]),
        ward=st.sampled_from([None, "E05003297"]),
        lsoa=st.sampled_from([None, "E01019545"]),
    ),
    st.builds(
        Place,
        method=st.just("sector"),
        candidates=st.lists(st.sampled_from(KNOWN_DISTRICTS), max_size=3, unique=True).map(tuple),
    ),
)
matches = st.builds(
    OpenMatch,
    reference=st.sampled_from("ABC"),
    needs=NEEDS,
    priority=st.sampled_from([None, *PRIORITIES]),
    received_at=INSTANTS,
)
referrals = st.builds(
    Facts,
    received_at=INSTANTS,
    channel=st.sampled_from(["phone", "web_form"]),
    request_kind=st.sampled_from(["help", "help", "volunteer_offer", "org_support", "concern_report"]),
    referrer_kind=st.sampled_from(["self", "family", "professional", "public"]),
    consent_status=CONSENTS,
    consent_by=BY,
    needs=NEEDS,
    flags=st.lists(st.sampled_from(sorted(COUNTY.rules.flags)), max_size=6).map(tuple),
    age=st.one_of(st.none(), st.integers(0, 115)),
    language=st.sampled_from(["en", "pl", "ur", ""]),
    food_days_left=st.one_of(st.none(), st.integers(-1, 9)),
    meds_days_left=st.one_of(st.none(), st.integers(-1, 9)),
    requested_priority=st.sampled_from([None, *PRIORITIES]),
    shield_list_match=st.sampled_from([None, True, False]),
    red_flags=st.sampled_from([(), (), ("suicide",)]),
    place=places,
    open_matches=st.lists(matches, max_size=2).map(tuple),
)
loads = st.builds(
    Load,
    remaining=st.dictionaries(st.sampled_from(sorted(COUNTY.services)), st.integers(0, 1), max_size=12),
    declined_by=st.dictionaries(
        st.sampled_from(CHOSEN), st.frozensets(st.sampled_from(sorted(COUNTY.services)), max_size=3), max_size=3
    ),
)

everything = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@everything
@given(facts=referrals, load=loads)
def test_safeguarding_health_and_social_care_never_reach_volunteers(facts: Facts, load: Load) -> None:
    for assignment in decide(facts, COUNTY, load).assignments:
        if assignment.track == "lead_va":
            assert NEVER_VOLUNTEERS.isdisjoint(assignment.needs)


@everything
@given(facts=referrals, load=loads)
def test_every_chosen_need_is_assigned_held_or_repeated_exactly_once(facts: Facts, load: Load) -> None:
    decision = decide(facts, COUNTY, load)
    assigned = [need for assignment in decision.assignments for need in assignment.needs]
    repeats = [need.need for need in decision.needs if need.state == "duplicate"]
    placed = [*assigned, *decision.held_needs, *repeats]
    assert len(placed) == len(set(placed))
    answered = {answer for need in decision.needs for answer in need.answers}
    readable = {need for need in facts.needs if need in CHOSEN}
    assert readable <= set(placed) | answered
    unreadable = set(facts.needs) - readable
    assert not unreadable or "info.unclassified" in placed
    assert placed


@everything
@given(facts=referrals, load=loads)
def test_consent_is_respected(facts: Facts, load: Load) -> None:
    decision = decide(facts, COUNTY, load)
    outside = decision.district is not None and not COUNTY.is_inside(COUNTY.present_code(decision.district))
    child_alone = "unaccompanied_minor" in decision.flags
    if facts.request_kind == "concern_report" or child_alone or facts.consent_status == "given":
        assert decision.held_needs == ()
        return
    public_tasks = {"emergency", "safeguarding", "adult_social_care", "cru_direct", "information", "triage_desk"}
    for need in decision.needs:
        if need.origin == "risk" or need.service_id is None:
            continue
        if facts.consent_status == "refused":
            assert COUNTY.needs[need.need].default_track == "information"
            assert not outside
        else:
            assert COUNTY.services[need.service_id].track in public_tasks


@everything
@given(facts=referrals, load=loads)
def test_domestic_abuse_is_told_to_nobody_outside_without_the_persons_own_consent(facts: Facts, load: Load) -> None:
    decision = decide(facts, COUNTY, load)
    if facts.consent_status == "given" and facts.consent_by == "self":
        return
    told = {each.service_id for each in decision.assignments if "safe.domestic_abuse" in each.needs}
    assert told <= {"svc-cru-redflag"}


@everything
@given(facts=referrals, load=loads)
def test_every_assignment_is_for_one_service_due_after_receipt_and_can_be_told(facts: Facts, load: Load) -> None:
    decision = decide(facts, COUNTY, load)
    services = [assignment.service_id for assignment in decision.assignments]
    assert len(services) == len(set(services))
    for assignment in decision.assignments:
        assert assignment.due_at > facts.received_at
        assert assignment.channels
        assert COUNTY.services[assignment.service_id].active
        assert assignment.because
    assert decision.priority == min((each.priority for each in decision.assignments), default=None)


@everything
@given(facts=referrals, load=loads)
def test_nobody_is_sent_to_a_door_where_that_is_not_safe(facts: Facts, load: Load) -> None:
    decision = decide(facts, COUNTY, load)
    if "safe_contact_only" in decision.flags or "violence_risk" in facts.flags:
        assert all(assignment.track != "lead_va" for assignment in decision.assignments)


@everything
@given(facts=referrals, load=loads)
def test_a_service_that_is_full_or_declined_is_given_no_need_that_was_searched_for(facts: Facts, load: Load) -> None:
    for need in decide(facts, COUNTY, load).needs:
        searched = {search.service_id for search in need.searches} - {COUNTY.rules.triage_desk}
        if need.service_id in searched:
            assert load.remaining.get(need.service_id or "", 1) > 0
            assert need.service_id not in load.declined_by.get(need.need, frozenset())


@everything
@given(facts=referrals, load=loads)
def test_the_same_question_has_the_same_answer_and_it_can_be_kept(facts: Facts, load: Load) -> None:
    decision = decide(facts, COUNTY, load)
    assert decide(facts, COUNTY, load) == decision
    kept = TypeAdapter(Decision)
    assert kept.validate_json(kept.dump_json(decision)) == decision
    assert asdict(decision)["rule_set"] == COUNTY.version


@pytest.mark.parametrize("district", sorted(code for code, each in COUNTY.districts.items() if each.inside))
def test_every_need_of_a_young_adult_has_a_service_in_every_district(district: str) -> None:
    facts = Facts(
        received_at=datetime(2020, 5, 6, 9, 30, tzinfo=UTC),
        channel="phone",
        request_kind="help",
        referrer_kind="self",
        consent_status="given",
        consent_by="self",
        needs=(),
        age=20,
        place=Place(district=district, method="unit"),
    )
    outcomes = {need: decide(replace(facts, needs=(need,)), COUNTY, Load()).outcome for need in CHOSEN}
    assert {need for need, outcome in outcomes.items() if outcome != "routed"} == {"info.unclassified"}
