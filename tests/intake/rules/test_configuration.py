"""The county's files as intake reads them: what is refused, and where the sentence says the slip is."""

import gzip
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ParamSpec

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.configuration import (
    POLICY_FILES,
    load_areas,
    load_places,
    load_policy,
    load_policy_from,
    read_units,
)
from services.intake.domain.places import AreaPlace, PlaceTable, UnitPlace
from services.intake.domain.policy import Policy
from shared.errors import Refused

Given = ParamSpec("Given")
ONSPD_2024 = (
    'pcd,pcd2,pcds,dointr,doterm,oscty,oslaua,lat\n"DE656WE","DE65 6WE","DE65 6WE","1980","","","E07000039",1\n'
)
ONSPD_2025 = 'pcd7,pcd8,pcds,dointr,doterm,lad25cd,lat\n"DE656WE","","DE65 6WE","1980","201912","E07000039",1\n'
NSPL = "pcds,laua,doterm\nDE65 6WE,E07000039,\n"
SHORT = "pcds,lad_code,status\nDE65 6WE,E07000039,live\nDE65 6WF,E07000039,terminated\n"
AREAS = (
    "level,code,lad_code,share,auto_resolve,note\n"
    "outcode,DE65,E07000039,0.4,false,\n"
    "outcode,DE65,E06000015,0.6,false,\n"
    "sector,DE65 6,E07000039,0.99,true,\n"
)


@cache
def texts_of(county: Path) -> dict[str, str]:
    return {name: (county / name).read_text(encoding="utf-8") for name in POLICY_FILES}


@pytest.fixture(scope="module")
def documents(county: Path) -> dict[str, str]:
    return texts_of(county)


def refusal_of(load: Callable[Given, object], *args: Given.args, **kwargs: Given.kwargs) -> str | None:
    """The sentence with which it refuses, None when it does not; any other exception is let through."""
    try:
        load(*args, **kwargs)
    except Refused as refusal:
        return refusal.detail
    return None


def units_of(tmp_path: Path, content: str | bytes) -> dict[str, UnitPlace]:
    file = tmp_path / "units.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return dict(read_units(file))


def areas_of(tmp_path: Path, content: str) -> PlaceTable:
    file = tmp_path / "areas.csv"
    file.write_text(content, encoding="utf-8")
    return load_areas(file)


def test_the_county_gives_its_policy(policy: Policy) -> None:
    assert "food.shopping" in policy.needs
    assert "triage.red_flag" not in policy.needs
    assert policy.place.present_code("E08000019") == "E08000039"
    assert policy.place.present_code("E07000034") == "E07000034"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("intake.yaml", "long_notes_over: 2000", "long_notes_ovr: 2000", r"intake\.yaml: .*long_notes_ovr"),
        ("intake.yaml", "long_notes_over: 2000", "long_notes_over: many", r"intake\.yaml: long_notes_over: "),
        ("intake.yaml", "  senior_age: 70", "  senior_age: 70\n  senior_age: 71", r"(?s)intake\.yaml: .*line \d+"),
        ("intake.yaml", "- mind.crisis", "- mind.crises", r"intake\.yaml: risk\.needs: .*mind\.crises"),
        ("intake.yaml", "info.unclassified", "triage.red_flag", r"intake\.yaml: unclassified_need: .*triage\.red_flag"),
        ("intake.yaml", "Europe/London", "Europe/Matlock", r"intake\.yaml: timezone: .*Matlock"),
        ("intake.yaml", "[SL]", "[slough]", r"intake\.yaml: place\.never_corrected"),
        ("intake.yaml", "risk:", "risk: [", r"(?s)intake\.yaml: .*line \d+"),
        ("red_flag_lexicon.yaml", "[modern_slavery]", "[slavery]", r"lexicon\.yaml: exploitation\.covered.*slavery"),
        ("red_flag_lexicon.yaml", "[passport taken,", "['...',", r"lexicon\.yaml: exploitation: "),
        (
            "need_taxonomy.yaml",
            "system: true",
            "system: perhaps",
            r"need_taxonomy\.yaml: groups\.\d+\.needs\.\d+\.system",
        ),
        ("districts.csv", "historic_codes", "old_codes", r"districts\.csv: .*historic_codes"),
    ],
)
def test_a_slip_is_refused_with_its_file_and_place(
    documents: dict[str, str], name: str, old: str, new: str, said: str
) -> None:
    assert old in documents[name]
    with pytest.raises(Refused, match=said):
        load_policy(documents | {name: documents[name].replace(old, new)})


@pytest.mark.parametrize("name", POLICY_FILES)
def test_a_missing_file_is_named(documents: dict[str, str], name: str) -> None:
    with pytest.raises(Refused, match=name):
        load_policy({other: text for other, text in documents.items() if other != name})


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=str(tmp_path)):
        load_policy_from(tmp_path)


@settings(max_examples=40)
@given(name=st.sampled_from(POLICY_FILES), text=st.text(), at=st.integers(0, 40_000), cut=st.integers(0, 60))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    county: Path, name: str, text: str, at: int, cut: int
) -> None:
    documents = texts_of(county)
    whole = documents[name]
    at %= len(whole)
    for damaged in (text, whole[:at] + text + whole[at + cut :]):
        refusal = refusal_of(load_policy, documents | {name: damaged})
        assert refusal is None or refusal.partition(":")[0] in POLICY_FILES


@pytest.mark.parametrize(
    "bomb", ["[" * 5000, "&a [*a]", "? [a]\n: b", "!!python/object:os.system {}", "2020-99-99", "\x00"]
)
def test_hostile_yaml_is_refused(documents: dict[str, str], bomb: str) -> None:
    with pytest.raises(Refused, match=r"intake\.yaml"):
        load_policy(documents | {"intake.yaml": bomb})


@pytest.mark.parametrize(
    ("content", "terminated"), [(ONSPD_2024, False), (ONSPD_2025, True), (NSPL, False), ("\ufeff" + NSPL, False)]
)
def test_every_layout_of_the_directory_is_read_by_its_column_names(
    tmp_path: Path, content: str, terminated: bool
) -> None:
    assert units_of(tmp_path, content) == {"DE656WE": UnitPlace("E07000039", terminated)}


def test_the_short_form_is_read_and_so_is_a_packed_file(tmp_path: Path) -> None:
    expected = {"DE656WE": UnitPlace("E07000039"), "DE656WF": UnitPlace("E07000039", terminated=True)}
    assert units_of(tmp_path, SHORT) == expected
    assert units_of(tmp_path, gzip.compress(SHORT.encode())) == expected


def test_rows_without_a_district_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    assert units_of(tmp_path, SHORT + "\nDE65 9ZZ,nan,terminated\nDE65 9ZY,,live\n").keys() == {"DE656WE", "DE656WF"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1"),
        (b"pcds,oslaua\nDE65 6WE,E07000039\n", "line 1"),
        (b"pcds,doterm\nDE65 6WE,\n", "line 1"),
        (b"pcd,oslaua,doterm\nDE65 6WE,E07000039,\n", "line 1"),
        (b"pcds,ladxxcd,doterm\n", "line 1"),
        (b"pcds,oslaua,doterm\n", "no unit"),
        (b"pcds,oslaua,doterm\nDE65 6WE,E07000039,\nDE65 6WF\n", "line 3"),
        (b"pcds,oslaua,doterm\nDE65 6WE,\xff,\n", "utf-8"),
        (gzip.compress(SHORT.encode(), mtime=0)[:-20], r"units\.csv"),
        (b"\x1f\x8b rubbish", r"units\.csv"),
    ],
)
def test_a_file_of_units_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(Refused, match=rf"units\.csv: .*{said}|{said}"):
        units_of(tmp_path, content)


def test_a_missing_file_of_units_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"nothing\.csv"):
        list(read_units(tmp_path / "nothing.csv"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary() | st.text().map(str.encode), packed=st.booleans())
def test_any_file_of_units_is_read_or_refused(tmp_path: Path, content: bytes, packed: bool) -> None:
    rows = SHORT.encode() + content
    refusal = refusal_of(units_of, tmp_path, gzip.compress(rows) if packed else rows)
    assert refusal is None or refusal.startswith("units.csv: ")


def test_the_shipped_units_of_the_county_can_be_loaded(county: Path) -> None:
    [packed] = (county / "places").glob("*.csv.gz")
    units = load_places(county, packed).units
    assert len(units) > 57_000
    assert units["DE10AA"].terminated


def test_areas_have_their_shares_largest_first_and_their_one_district(tmp_path: Path) -> None:
    table = areas_of(tmp_path, AREAS)
    assert table.outcodes == {"DE65": AreaPlace((("E06000015", 0.6), ("E07000039", 0.4)), None)}
    assert table.sectors == {"DE65 6": AreaPlace((("E07000039", 0.99),), "E07000039")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("outcode,DE65,E07000039", "county,DE65,E07000039", "line 2: level"),
        ("outcode,DE65,E07000039", "outcode,de65,E07000039", "line 2: code"),
        ("outcode,DE65,E06000015", "outcode,DE65,Derby", "line 3: lad_code"),
        (",0.6,", ",60%,", "line 3: share"),
        (",0.6,", ",1.5,", "line 3: share"),
        (",0.99,true", ",0.99,maybe", "line 4: auto_resolve"),
        (",share,", ",part,", "line 2: share"),
        (
            "0.4,false,\noutcode,DE65,E06000015,0.6,false",
            "0.4,true,\noutcode,DE65,E06000015,0.6,true",
            "DE65: auto_resolve",
        ),
    ],
)
def test_a_slip_in_the_areas_is_refused_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in AREAS
    with pytest.raises(Refused, match=rf"areas\.csv: {said}"):
        areas_of(tmp_path, AREAS.replace(old, new))


def test_a_file_without_areas_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"areas\.csv: "):
        areas_of(tmp_path, AREAS.splitlines()[0])
