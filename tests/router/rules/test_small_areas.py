"""Rules may ask for the ward and the LSOA of the person, where intake tells of them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from services.router.configuration import load_county_documents
from services.router.configuration.checking import check_documents
from services.router.configuration.checking.findings import Finding, errors
from services.router.configuration.documents import read_documents
from services.router.domain.decide import decide
from services.router.domain.decision import Decision
from services.router.domain.load import Load
from shared.errors import Refused
from tests.router.rules.builders import AMBER_VALLEY, COUNTY_DIRECTORY, a_referral, in_district, need_of

DOCUMENTS = read_documents(COUNTY_DIRECTORY)
PRIORITIES = "\npriorities:\n"
WARD, LSOA, ELSEWHERE = "E05003297", "E01019545", "E05003298"


def with_row(asked: str) -> Mapping[str, str]:
    """The county's files, in which dogs are walked the same day where that holds."""
    row = f"- {{rules: [R51], needs: [practical.dog_walking], when: {{{asked}}}, at_least: P2}}\n"
    return {**DOCUMENTS, "rules.yaml": DOCUMENTS["rules.yaml"].replace(PRIORITIES, PRIORITIES + row, 1)}


def decided(asked: str, ward: str | None, lsoa: str | None = None) -> Decision:
    place = replace(in_district(AMBER_VALLEY, "DE56"), ward=ward, lsoa=lsoa)
    return decide(a_referral("practical.dog_walking", place=place), load_county_documents(with_row(asked)), Load())


def faults(asked: str, tells: str) -> list[Finding]:
    """The errors in the county's files, where intake tells of these areas."""
    return errors(check_documents(with_row(asked), {"intake.yaml": f"place: {{candidate_share: 0.02, {tells}}}\n"}))


@pytest.mark.parametrize(
    ("asked", "ward", "lsoa", "priority"),
    [
        (f"ward: [{WARD}, {ELSEWHERE}]", WARD, None, "P2"),
        (f"ward: [{WARD}]", ELSEWHERE, None, "P3"),
        (f"ward: [{WARD}]", None, None, "P3"),
        (f"lsoa: [{LSOA}]", None, LSOA, "P2"),
        (f"ward: [{WARD}], lsoa: [{LSOA}]", WARD, None, "P3"),
    ],
)
def test_a_row_may_ask_for_small_areas(asked: str, ward: str | None, lsoa: str | None, priority: str) -> None:
    assert need_of(decided(asked, ward, lsoa), "practical.dog_walking").priority == priority


def test_where_the_ward_is_not_known_the_caller_is_asked_for_the_place() -> None:
    assert [(ask.fact, ask.rules) for ask in decided(f"ward: [{WARD}]", None).asks] == [("place", ("R51",))]
    assert decided(f"ward: [{WARD}]", ELSEWHERE).asks == ()


@pytest.mark.parametrize("code", ["Belper", "E0500329", "e05003297"])
def test_what_is_no_code_of_an_area_does_not_load(code: str) -> None:
    with pytest.raises(Refused, match=r"rules\.yaml"):
        load_county_documents(with_row(f"ward: [{code}]"))


@pytest.mark.parametrize(("asked", "area"), [(f"ward: [{WARD}]", "ward"), (f"lsoa: [{LSOA}]", "lsoa")])
def test_a_row_that_asks_for_what_intake_does_not_tell_is_an_error(asked: str, area: str) -> None:
    [fault] = faults(asked, "tells: []")
    assert fault.sentence.endswith(
        f"asks for the {area}, which intake does not tell: add it to place.tells in intake.yaml"
    )
    assert fault.position is not None
    assert "when: {" in fault.position.text
    assert faults(asked, "never_corrected: [SL]") == [fault]
    assert faults(asked, f"tells: [{area}]") == []


def test_a_row_for_a_ward_that_can_never_hold_is_found_like_any_other() -> None:
    never = (
        f"ward: [{WARD}], flags: {{none: [shielded, hospice_patient]}}, most_vulnerable: true, markers: {{below: 2}}"
    )
    [fault] = faults(never, "tells: [ward]")
    assert "can never hold" in fault.sentence
