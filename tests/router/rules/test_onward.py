"""To whom needs may be passed on, and what nobody's word can override."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.county import County
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.onward import Onward, OnwardRefused, pass_on
from services.router.domain.vocabulary import PRIORITIES, Priority
from tests.router.rules.builders import AMBER_VALLEY, CHESTERFIELD, a_referral, london, straddling
from tests.router.rules.test_invariants import COUNTY, NEEDS, everything, loads, referrals

NEED = "mind.creative_wellbeing"
CREATIVE, LEAD = "svc-kakou", "svc-dva-network"
VOLUNTARY = {"voluntary", "social enterprise"}
STATUTORY_NEEDS = sorted(
    code
    for code, need in COUNTY.needs.items()
    if need.group in {"care", "health", "risk"}
    or need.default_track in {"safeguarding", "health", "emergency"}
    or code.startswith("safe.")
)
VOLUNTARY_SERVICES = sorted(
    service.id
    for service in COUNTY.services.values()
    if COUNTY.organisations[service.organization_id].kind in VOLUNTARY or service.track == "lead_va"
)


def to(
    service: str, *needs: str, priority: Priority = "P4", passed_by: frozenset[str] = frozenset({CREATIVE})
) -> Onward:
    return Onward(needs or (NEED,), service, priority, passed_by)


def why_not(facts: Facts, onward: Onward, load: Load = Load()) -> str:  # noqa: B008  # a frozen value
    with pytest.raises(OnwardRefused) as refused:
        pass_on(facts, COUNTY, load, onward)
    assert refused.value.detail.endswith(".")
    return str(refused.value.extensions["why"])


IN_CHESTERFIELD = a_referral(NEED, place=CHESTERFIELD)


def test_it_is_an_offer_like_any_other_as_urgent_as_before() -> None:
    offer = pass_on(IN_CHESTERFIELD, COUNTY, Load(), to(LEAD, priority="P3"))
    assert (offer.service_id, offer.needs, offer.priority) == (LEAD, (NEED,), "P3")
    assert offer.due_at == COUNTY.deadlines.due_at("P3", IN_CHESTERFIELD.received_at)
    assert offer.channels


@pytest.mark.parametrize(
    ("facts", "onward", "load", "why"),
    [
        (IN_CHESTERFIELD, to("svc-nobody"), Load(), "unknown"),
        (IN_CHESTERFIELD, to(CREATIVE), Load(), "same_service"),
        (IN_CHESTERFIELD, to(LEAD, passed_by=frozenset({CREATIVE, LEAD})), Load(), "same_service"),
        (IN_CHESTERFIELD, to(COUNTY.rules.triage_desk), Load(), "triage_desk"),
        (IN_CHESTERFIELD, to("svc-dva-doorstep"), Load(), "not_covered"),
        (a_referral(NEED, place=AMBER_VALLEY), to(LEAD), Load(), "not_covered"),
        (a_referral(NEED, place=straddling(CHESTERFIELD, AMBER_VALLEY)), to(LEAD), Load(), "not_covered"),
        (IN_CHESTERFIELD, to(LEAD, "no.such_need"), Load(), "not_covered"),
        (a_referral(NEED, place=CHESTERFIELD, consent="unknown"), to(LEAD), Load(), "consent"),
        (a_referral(NEED, place=CHESTERFIELD, consent="refused"), to(LEAD), Load(), "consent"),
        (IN_CHESTERFIELD, to(LEAD), Load(declined_by={NEED: frozenset({LEAD})}), "declined"),
        (IN_CHESTERFIELD, to(LEAD), Load(remaining={LEAD: 0}), "full"),
        (
            replace(IN_CHESTERFIELD, received_at=london("2020-05-06 23:50")),
            to(LEAD, priority="P1"),
            Load(),
            "closed",
        ),
        (
            a_referral("food.shopping", place=CHESTERFIELD, flags=("violence_risk",)),
            to("svc-dva-doorstep", "food.shopping"),
            Load(),
            "unsafe_visit",
        ),
        (
            a_referral("food.shopping", place=CHESTERFIELD, flags=("domestic_abuse",)),
            to("svc-dva-doorstep", "food.shopping"),
            Load(),
            "unsafe_visit",
        ),
        (a_referral("food.shopping", place=CHESTERFIELD, age=14), to("svc-dva-doorstep", "food.shopping"), Load(),
         "statutory"),
        (a_referral("food.shopping", place=CHESTERFIELD, age=17), to("svc-dva-doorstep", "food.shopping"), Load(),
         "age"),
    ],
)  # fmt: skip
def test_what_is_against_it_is_named(facts: Facts, onward: Onward, load: Load, why: str) -> None:
    assert why_not(facts, onward, load) == why


@pytest.mark.parametrize("service", VOLUNTARY_SERVICES)
def test_no_voluntary_service_is_ever_passed_what_statutory_services_keep(county: County, service: str) -> None:
    at_noon = london("2020-05-06 12:00")
    for need in STATUTORY_NEEDS:
        facts = a_referral(need, place=CHESTERFIELD, received_at=at_noon, request_kind="concern_report")
        assert why_not(facts, to(service, need, passed_by=frozenset())) == "statutory"


@everything
@given(
    facts=referrals,
    load=loads,
    needs=st.lists(st.sampled_from([*STATUTORY_NEEDS, *COUNTY.needs]), min_size=1, max_size=3, unique=True),
    service=st.sampled_from(sorted(COUNTY.services)),
    priority=st.sampled_from(PRIORITIES),
    chosen=NEEDS,
)
def test_whatever_is_passed_on_goes_to_a_service_that_the_rules_allow(
    facts: Facts, load: Load, needs: list[str], service: str, priority: Priority, chosen: tuple[str, ...]
) -> None:
    facts = replace(facts, needs=(*chosen, *needs))
    try:
        offer = pass_on(facts, COUNTY, load, to(service, *needs, priority=priority))
    except OnwardRefused:
        return
    target = COUNTY.services[offer.service_id]
    assert target.active
    assert target.needs >= set(needs)
    assert target.id not in {CREATIVE, COUNTY.rules.triage_desk}
    assert load.remaining.get(service, 1) > 0
    assert all(service not in load.declined_by.get(need, ()) for need in needs)
    if service in VOLUNTARY_SERVICES:
        assert set(STATUTORY_NEEDS).isdisjoint(needs)
        doors = [need for need in needs if COUNTY.needs[need].doorstep]
        assert not doors or not {"violence_risk", "domestic_abuse"} & set(facts.flags)
