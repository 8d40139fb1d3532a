"""Explanations of a search among more services than a decision lists."""

from dataclasses import replace

from services.router.domain.basis import Basis, derive
from services.router.domain.county import County
from services.router.domain.explaining import Made, explain, why_not
from services.router.domain.index import directory_of
from tests.router.rules.builders import a_referral


def test_of_a_long_list_the_waterfall_counts_all_and_any_service_can_be_asked_about(county: County) -> None:
    doorstep = county.services["svc-av-doorstep"]
    older = replace(doorstep.eligibility, minimum_age=60)
    more = [replace(doorstep, id=f"svc-more-{number:02}", rank=90) for number in range(20)]
    more += [replace(doorstep, id=f"svc-older-{number:02}", eligibility=older, rank=1) for number in range(20)]
    inside = [code for code, district in county.districts.items() if district.inside]
    services = [*county.services.values(), *more]
    large = replace(county, directory=directory_of(county.organisations.values(), services, inside))
    facts = a_referral("practical.post", age=20)
    asked = Made(facts, large, derive(facts, large, Basis()), Basis())
    [waterfall, *_] = explain(asked).needs[0].searches[0].tracks
    assert (waterfall.taken, waterfall.listed, waterfall.eligible) == ("svc-av-doorstep", 42, 22)
    assert [(step.reason, step.count) for step in waterfall.steps] == [("age", 20)]
    assert len(waterfall.services) < 10
    assert why_not(asked, "svc-older-07", "practical.post").because == "passed_over"
    assert why_not(asked, "svc-more-19", "practical.post").because == "ranked_after"
