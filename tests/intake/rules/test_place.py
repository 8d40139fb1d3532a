"""From postcode and hint to a district (R03-R07)."""

import pytest

from services.intake.domain.assessment import Place
from services.intake.domain.policy import Policy
from tests.intake.rules.builders import Rules

AMBER_VALLEY, BOLSOVER, CHESTERFIELD, DALES = "E07000032", "E07000033", "E07000034", "E07000035"
HIGH_PEAK, NORTH_EAST, SOUTH, DERBY = "E07000037", "E07000038", "E07000039", "E06000015"
SHEFFIELD, SHEFFIELD_BEFORE_2025 = "E08000039", "E08000019"


def test_a_listed_unit_gives_the_district(rules: Rules) -> None:
    found = rules.at_place("S40 1US")
    assert found.place == Place(CHESTERFIELD, "unit", (), "S40")
    assert (found.quality, found.because) == ((), ("R02", "R03"))


def test_a_withdrawn_unit_still_gives_the_district(rules: Rules) -> None:
    found = rules.at_place("S40 1WB")
    assert found.place.district == CHESTERFIELD
    assert found.quality == ("postcode_terminated",)


def test_a_pseudo_code_is_a_place_outside_the_county(rules: Rules) -> None:
    assert rules.at_place("IM1 1XX").place == Place("M99999999", "unit", (), "IM1")


def test_a_corrected_postcode_says_so(rules: Rules) -> None:
    found = rules.at_place("S4O IUS")
    assert (found.place.district, found.place.method) == (CHESTERFIELD, "unit")
    assert found.quality == ("postcode_corrected",)


def test_an_unlisted_unit_takes_the_district_of_its_sector(rules: Rules) -> None:
    found = rules.at_place("DE45 1AA")
    assert found.place == Place(DALES, "sector", (), "DE45")
    assert found.quality == ("district_from_sector",)
    assert found.because == ("R02", "R04")


def test_an_unknown_sector_takes_the_district_of_its_outcode(rules: Rules) -> None:
    found = rules.at_place("SK22 5AA")
    assert (found.place.district, found.place.method) == (HIGH_PEAK, "outcode")
    assert found.quality == ("district_from_outcode",)


@pytest.mark.parametrize(("typed", "method"), [("DE45 1", "sector"), ("DE45", "outcode")])
def test_part_of_a_postcode_is_enough_where_one_district_holds_it(rules: Rules, typed: str, method: str) -> None:
    assert rules.at_place(typed).place == Place(DALES, method, (), "DE45")


def test_a_straddling_sector_gives_candidates_and_no_district(rules: Rules, policy: Policy) -> None:
    found = rules.at_place("S44 5GH")
    shares = {district: share for district, share in _shares(rules, "S44 5") if share >= policy.place.candidate_share}
    assert found.place == Place(None, "sector", tuple(shares), "S44")
    assert len(shares) > 1
    assert found.quality == ("district_ambiguous",)
    assert found.because == ("R02", "R04", "R05")


def test_a_district_with_less_than_two_in_a_hundred_is_no_candidate(rules: Rules) -> None:
    found = rules.at_place("DE12")
    assert "E07000132" in dict(_shares(rules, "DE12"))
    assert found.place.candidates == ("E07000134", SOUTH)


def test_a_sector_with_too_few_postcodes_stays_open_though_one_district_holds_all(rules: Rules) -> None:
    found = rules.at_place("SK22 9AA")
    assert found.place == Place(None, "sector", (HIGH_PEAK,), "SK22")
    assert found.quality == ("district_ambiguous",)


def test_among_candidates_the_hint_decides(rules: Rules) -> None:
    found = rules.at_place("S44 5GH", hint=BOLSOVER)
    assert found.place == Place(BOLSOVER, "hint", (), "S44")
    assert found.quality == ("district_from_hint",)
    assert found.because == ("R02", "R04", "R05")


def test_a_hint_outside_the_candidates_is_a_conflict(rules: Rules) -> None:
    found = rules.at_place("S44 5GH", hint=DERBY)
    assert found.place.district is None
    assert found.quality == ("district_ambiguous", "hint_conflict")


@pytest.mark.parametrize("typed", ["S43 4ZZ", "S41 7", "S40"])
def test_the_postcode_beats_the_hint(rules: Rules, typed: str) -> None:
    alone, hinted = rules.at_place(typed), rules.at_place(typed, hint=SOUTH)
    assert hinted.place == alone.place
    assert hinted.quality == (*alone.quality, "hint_conflict")
    assert "R07" in hinted.because


def test_a_hint_that_agrees_changes_nothing(rules: Rules) -> None:
    assert rules.at_place("S40 1US", hint=CHESTERFIELD) == rules.at_place("S40 1US")


def test_old_and_new_codes_of_one_authority_are_no_conflict(rules: Rules) -> None:
    units = {SHEFFIELD, SHEFFIELD_BEFORE_2025}
    for hint in units:
        found = rules.at_place("S11 7QP", hint=hint)
        assert found.place.district in units
        assert found.quality == ()


def test_a_hint_by_its_old_code_picks_a_candidate(rules: Rules) -> None:
    straddling = next(
        code
        for code, area in rules.places.sectors.items()
        if area.resolved is None and dict(area.shares).get(SHEFFIELD, 0) >= rules.policy.place.candidate_share
    )
    assert rules.at_place(straddling, hint=SHEFFIELD_BEFORE_2025).place.district == SHEFFIELD


@pytest.mark.parametrize(
    ("typed", "flag"),
    [
        (None, "postcode_missing"),
        ("  ", "postcode_missing"),
        ("??", "postcode_missing"),
        ("ZZ99 3VZ", "postcode_invalid"),
        ("not known", "postcode_invalid"),
        ("SL8 9ZZ", "unknown_outcode"),
        ("AB10 1AB", "unknown_outcode"),
        ("AB10", "unknown_outcode"),
        ("AB10 1", "unknown_outcode"),
    ],
)
def test_without_a_usable_postcode_the_hint_decides_if_there_is_one(rules: Rules, typed: str | None, flag: str) -> None:
    lost, hinted = rules.at_place(typed), rules.at_place(typed, hint=BOLSOVER)
    assert (lost.place, lost.quality) == (Place(), (flag, "district_unresolved"))
    assert (hinted.place, hinted.quality) == (Place(BOLSOVER, "hint"), (flag, "district_from_hint"))
    assert lost.because == hinted.because == ("R02", "R06")


@pytest.mark.parametrize("hint", ["", " ", "Bolsover", "E0700003", "E07000033 or so"])
def test_a_hint_that_is_no_district_code_counts_as_none(rules: Rules, hint: str) -> None:
    assert rules.at_place(None, hint=hint) == rules.at_place(None)
    assert rules.at_place("S40 1US", hint=hint) == rules.at_place("S40 1US")


def _shares(rules: Rules, code: str) -> tuple[tuple[str, float], ...]:
    return (rules.places.sectors.get(code) or rules.places.outcodes[code]).shares
