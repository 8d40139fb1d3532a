"""A surge's rows go before those of the rules file, and what they make of a county passes the same checks."""

from collections.abc import Mapping

import pytest
import yaml

from services.router.configuration import load_county_documents
from services.router.configuration.documents import RULES
from services.router.configuration.surges import overlaid, surges_in, wanted
from services.router.configuration.versions import noted, surge_findings
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.load import Load
from services.router.domain.surge import Surge, running
from shared.document_set import read_folder, version_of
from shared.errors import NotFound, Refused
from tests.router.builders import NOON
from tests.router.rules.builders import COUNTY_DIRECTORY, a_referral

FOLDER = read_folder(COUNTY_DIRECTORY)
SNOW = "surges/snow.yaml"
HUNGRY = a_referral("food.shopping", food_days_left=3)


def with_surge(text: str, name: str = SNOW) -> dict[str, str]:
    return {**FOLDER, name: text}


def surge(**parts: object) -> str:
    row = {"rules": ["R90"], "needs": ["food.*"], "when": {"food_days_left": {"below": 4}}, "at_least": "P2"}
    usual = {"title": "Snow", "rows": {"priorities": [row]}, "rules": {"R90": {"title": "Snow", "text": "Snow."}}}
    return yaml.safe_dump({**usual, **parts}, sort_keys=False)


def priority(county: County) -> str | None:
    return decide(HUNGRY, county, Load()).priority


def said(documents: Mapping[str, str]) -> list[str]:
    return [f"{finding.severity} {finding.sentence}" for finding in surge_findings(documents, ())]


def test_food_is_urgent_while_snow_is_on_and_as_always_otherwise() -> None:
    on = overlaid(FOLDER, ("snow",))
    assert (priority(load_county_documents(FOLDER)), priority(load_county_documents(on))) == ("P3", "P2")
    assert "R90" in decide(HUNGRY, load_county_documents(on), Load()).because
    assert overlaid(FOLDER, ()) == FOLDER


def test_while_it_is_on_decisions_name_a_version_of_their_own() -> None:
    on = overlaid(FOLDER, ("snow",))
    assert load_county_documents(on).version == version_of(on) != version_of(FOLDER)
    assert {name for name in on if on[name] != FOLDER[name]} == {RULES, "tests.yaml"}


def test_all_else_is_decided_as_without_it() -> None:
    normal, on = load_county_documents(FOLDER).rules, load_county_documents(overlaid(FOLDER, ("snow",))).rules
    assert (on.tracks, on.risk, on.marks) == (normal.tracks, normal.risk, normal.marks)
    changed = {need for need, rows in on.priorities.items() if rows != normal.priorities[need]}
    assert {need.partition(".")[0] for need in changed} == {"food"}


def test_several_may_be_on_and_one_that_a_version_has_not_changes_nothing() -> None:
    heat = surge(rules={"R91": {"title": "Heat", "text": "Heat."}}, rows={"marks": [
        {"rules": ["R91"], "when": {"age": {"from": 75}}, "flag": "human_check"}]})  # fmt: skip
    on = load_county_documents(overlaid(with_surge(heat, "surges/heat.yaml"), ("heat", "snow", "flood")))
    assert {"R90", "R91"} <= on.rules.texts.keys()
    assert list(surges_in(with_surge(heat, "surges/heat.yaml"))) == ["heat", "snow"]


def test_a_place_that_holds_one_table_alone_takes_rows_before_it() -> None:
    rules = yaml.safe_load(FOLDER[RULES])
    assert isinstance(rules["marks"], dict)
    text = surge(rows={"marks": [{"rules": ["R90"], "when": {"age": {"from": 75}}, "flag": "human_check"}]})
    assert len(load_county_documents(overlaid(with_surge(text), ("snow",))).rules.marks) == len(
        load_county_documents(FOLDER).rules.marks
    ) + 1  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("title: Snow\n", "rows"),
        (surge(rowz={}), "no such key"),
        (surge(rows={"priority": [{}]}), "'priority' is not a place for rows"),
        (surge(rules={"R50": {"title": "Mine", "text": "Mine."}}), "'R50' is a rule of rules.yaml already"),
        ("title: [", "surges/snow.yaml"),
    ],
)
def test_a_file_that_is_no_surge_is_refused(text: str, why: str) -> None:
    with pytest.raises(Refused, match=why.replace(".", r"\.")):
        overlaid(with_surge(text), ("snow",))


def test_the_shipped_surge_adds_nothing_to_look_at() -> None:
    known = {noted_.sentence for noted_ in noted(FOLDER)}
    assert list(surge_findings(FOLDER, known)) == []


def test_a_surge_that_cannot_be_or_breaks_a_test_is_an_error() -> None:
    misspelt = {"rules": ["R90"], "needs": ["fod.*"], "when": {"food_days_left": {"below": 4}}, "at_least": "P2"}
    assert any("fod" in each for each in said(with_surge(surge(rows={"priorities": [misspelt]}))))
    careless = {"rules": ["R90"], "when": {}, "need": "food.shopping", "service": "svc-dva-doorstep", "priority": "P4"}
    broken = said(with_surge(surge(rows={"risk.actions": [careless]})))
    assert any(each.startswith("error while the surge 'snow' is on") for each in broken)
    errors = [each for each in noted(with_surge(surge(rowz={}))) if each.severity == "error"]
    assert [(each.file, "no such key" in each.sentence) for each in errors] == [(SNOW, True)]


def test_a_test_of_the_county_may_be_said_not_to_hold_then() -> None:
    tests = yaml.safe_load(FOLDER["tests.yaml"])
    given = {"at": "2020-05-06T10:30:00+01:00", "needs": ["food.shopping"], "food_days_left": 3, "age": 45}
    usual = {"name": "Three days wait", "given": given | {"district": "AV"}, "expect": {"needs": {"food.shopping": {
        "service": "svc-av-doorstep", "priority": "P3"}}}}  # fmt: skip
    documents = FOLDER | {"tests.yaml": yaml.safe_dump({**tests, "tests": [*tests["tests"], usual]}, sort_keys=False)}
    assert any("Three days wait" in each for each in said({**documents, SNOW: surge()}))
    assert not any("Three days wait" in each for each in said({**documents, SNOW: surge(not_then=["Three days wait"])}))


def test_only_a_surge_that_the_version_has_can_be_switched_on() -> None:
    wanted(FOLDER, "snow")
    with pytest.raises(NotFound, match="It has: snow"):
        wanted(FOLDER, "flood")


def test_a_surge_is_on_from_its_very_instant_up_to_its_end() -> None:
    later = NOON.replace(hour=18)
    on = Surge("snow", "Director of Public Health", "lead-1", "Snow.", NOON, later)
    ended = Surge("heat", "Director of Public Health", "lead-1", "Heat.", NOON, later, ended_at=NOON.replace(hour=12))
    hours = {hour: running((on, ended), NOON.replace(hour=hour)) for hour in (10, 11, 12, 17, 18)}
    assert hours == {10: (), 11: ("heat", "snow"), 12: ("snow",), 17: ("snow",), 18: ()}
