"""How typed postcodes are read (R02)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.places import AreaPlace, PlaceTable
from services.intake.domain.postcode import Form, Reading, candidates, clean, full_code, read

SLOUGH = frozenset({"SL"})
KNOWN = ("S10", "S18", "S40", "S41", "SK13", "DE1", "DE7", "DE65", "DE75", "NG16")
TABLE = PlaceTable({}, {}, {code: AreaPlace((("E07000034", 1.0),)) for code in KNOWN})
# Texts near a postcode, and any text at all.
NEARLY = st.text("DESNGKSTLIOZ0159 -\u00a0Ｄ６\u200bé", max_size=9)
TYPED = st.one_of(st.text(), NEARLY)


def reading(text: str | None) -> Reading:
    return read(text, TABLE, SLOUGH)


@pytest.mark.parametrize(
    "typed",
    [
        "DE65 6WE",
        "de656we",
        " De65  6wE ",
        "DE65-6WE",
        "D.E.6.5.6.W.E",
        "ＤＥ６５　６ＷＥ",
        "DE65\u00a06WE",
        "DE65 6WE 🏠",
    ],
)
def test_case_spaces_punctuation_and_width_do_not_matter(typed: str) -> None:
    assert reading(typed) == Reading(Form.FULL, "DE656WE", "DE65 6", "DE65")


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("DE65 OWE", "DE650WE"),
        ("DE65 IWE", "DE651WE"),
        ("DE65 lWE", "DE651WE"),
        ("S4O 1AB", "S401AB"),
        ("S4I 1AB", "S411AB"),
        ("SK1L 8AB", "SK118AB"),
        ("SKI3 8AB", "SK138AB"),
        ("DEl 1AB", "DE11AB"),
        ("SI8 1AB", "S181AB"),
        ("SLO 1AB", "S101AB"),
        ("NGI6 IAB", "NG161AB"),
    ],
)
def test_look_alikes_in_numeric_positions_are_corrected_when_the_outcode_is_then_known(typed: str, unit: str) -> None:
    table = PlaceTable({}, {}, {**TABLE.outcodes, "SK11": AreaPlace(())})
    corrected = read(typed, table, SLOUGH)
    assert (corrected.form, corrected.unit, corrected.corrected) == (Form.FULL, unit, True)


def test_two_area_letters_are_tried_before_one() -> None:
    table = PlaceTable({}, {}, {"SO1": AreaPlace(()), "S01": AreaPlace(())})
    assert read("SOI 1AB", table).outcode == "SO1"


def test_a_known_outcode_is_never_corrected_away() -> None:
    table = PlaceTable({}, {}, {"S1L": AreaPlace(()), "S11": AreaPlace(())})
    assert read("S1L 1AB", table) == Reading(Form.FULL, "S1L1AB", "S1L 1", "S1L")


@pytest.mark.parametrize("typed", ["SL8 9ZZ", "sl1 8ab", "SL18AB"])
def test_slough_is_a_real_area_and_stays(typed: str) -> None:
    assert (reading(typed).outcode, reading(typed).corrected) in {("SL8", False), ("SL1", False)}


def test_a_correction_that_leads_to_no_known_outcode_is_dropped() -> None:
    assert reading("XX1O 1AB") == Reading(Form.FULL, "XX1O1AB", "XX1O 1", "XX1O")
    assert reading("XX10 OAB") == Reading(Form.INVALID)


@pytest.mark.parametrize("letter", "CIKMOV")
def test_the_last_two_letters_are_never_c_i_k_m_o_or_v(letter: str) -> None:
    assert reading(f"DE65 6{letter}E").form is Form.INVALID
    assert reading(f"DE65 6E{letter}").form is Form.INVALID


@pytest.mark.parametrize(
    ("typed", "form", "code"),
    [
        ("DE7 5", Form.SECTOR, "DE7 5"),
        ("S40 1", Form.SECTOR, "S40 1"),
        (" de7\t5 ", Form.SECTOR, "DE7 5"),
        ("DE 7 5", Form.SECTOR, "DE7 5"),
        ("NG16 5", Form.SECTOR, "NG16 5"),
        ("DE75", Form.OUTCODE, "DE75"),
        ("D E75", Form.OUTCODE, "DE75"),
        ("S40", Form.OUTCODE, "S40"),
        ("s-40", Form.OUTCODE, "S40"),
        ("DE7-5", Form.OUTCODE, "DE75"),
    ],
)
def test_in_part_of_a_postcode_the_typed_space_decides(typed: str, form: Form, code: str) -> None:
    partial = reading(typed)
    assert (partial.form, partial.sector or partial.outcode, partial.unit) == (form, code, None)


@pytest.mark.parametrize("typed", ["DE656", "S401", "DE6 55", "DE"])
def test_without_its_space_a_sector_is_nothing(typed: str) -> None:
    assert reading(typed) == Reading(Form.INVALID)


@pytest.mark.parametrize("typed", ["S4O", "DEI", "DE7 O", "S4O 1"])
def test_part_of_a_postcode_is_not_corrected(typed: str) -> None:
    assert not reading(typed).corrected
    assert reading(typed).outcode not in KNOWN


@pytest.mark.parametrize("typed", [None, "", "   ", "?", "—", "🏠", "\u200b"])
def test_without_a_letter_or_digit_it_is_missing(typed: str | None) -> None:
    assert reading(typed) == Reading(Form.MISSING)


@pytest.mark.parametrize(
    "typed", ["ZZ99 3VZ", "unknown", "GIR 0AA", "DE65 6WE Hilton", "12345", "неизвестно", "DE65 6WÉ"]
)
def test_what_has_no_form_of_a_postcode_is_invalid(typed: str) -> None:
    assert reading(typed) == Reading(Form.INVALID)


@given(TYPED)
def test_any_text_can_be_read(text: str) -> None:
    assert reading(text).form in Form


@given(TYPED)
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    first = reading(text)
    code = first.unit or first.sector or first.outcode
    again = reading(code)
    assert code is None or (again.unit, again.sector, again.outcode) == (first.unit, first.sector, first.outcode)
    assert clean(clean(text)) == clean(text)


@given(TYPED)
def test_the_rows_named_beforehand_are_enough_to_read_and_locate(text: str) -> None:
    wanted = candidates(text)
    small = PlaceTable({}, {}, {code: area for code, area in TABLE.outcodes.items() if code in wanted})
    assert read(text, small, SLOUGH) == reading(text)
    assert {reading(text).unit, reading(text).sector, reading(text).outcode} <= {None, *wanted}
    assert len(wanted) <= 9


@given(TYPED)
def test_a_full_code_as_it_stands_is_the_one_that_is_read_unless_corrected(text: str) -> None:
    first = reading(text)
    assert first.corrected or full_code(text) == first.unit
