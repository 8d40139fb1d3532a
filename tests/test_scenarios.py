"""The published scenarios, decided by the code that routes live, and the command that decides a file of them."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import Refused
from tests.compare import Json, differences
from waymark.scenarios import Ground, decide_scenario, route_file

SCENARIOS = Path(__file__).parent / "data" / "scenarios_public.jsonl"
COUNTY = Path(__file__).parents[1] / "deploy" / "derbyshire"
PUBLISHED: list[Json] = [json.loads(line) for line in SCENARIOS.read_text(encoding="utf-8").splitlines()]
RUBBISH = st.none() | st.text(max_size=30)


@pytest.fixture(scope="module")
def ground() -> Ground:
    return Ground.load(COUNTY)


def answers(out: Path) -> list[Json]:
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def route(file: Path, out: Path, *, explain: bool = False, places: Path | None = None) -> list[Json]:
    route_file(file, directory=COUNTY, places=places, out=out, explain=explain)
    return answers(out)


@pytest.mark.parametrize("scenario", PUBLISHED, ids=lambda scenario: f"{scenario['id']} {scenario['title']}")
def test_a_published_scenario_is_decided_as_expected(ground: Ground, scenario: Json) -> None:
    result = decide_scenario(scenario["input"], ground)
    assert differences(scenario["expected"], result) == []
    assert result["district_method"] == scenario["expected"]["district_method"]
    assert [each["org"] for each in sorted(result["assignments"], key=lambda each: each["service"])] == [
        each["org"] for each in sorted(scenario["expected"]["assignments"], key=lambda each: each["service"])
    ]


def test_the_comparison_sees_every_kind_of_difference() -> None:
    expected = PUBLISHED[0]["expected"]
    first, *others = expected["assignments"]
    wrong: list[Json] = [
        {"outcome": "triage_desk"},
        {"district": "E07000039"},
        {"missing": ["need"]},
        {"held_needs": ["food.bank"]},
        {"flags": []},
        {"flags": [*expected["flags"], "human_check"]},
        {"assignments": others},
        {"assignments": [first, first, *others]},
        {"assignments": [first | {"notify": ["portal"]}, *others]},
        {"assignments": [first | {"due_at": "2020-04-15T20:00:00+00:00"}, *others]},
    ]
    assert [change for change in wrong if not differences(expected, expected | change)] == []
    assert differences(expected, expected | {"flags": [*expected["flags"], "long_notes"], "because": []}) == []


def test_a_file_gives_one_line_for_each_scenario_and_the_results_of_deciding_them_singly(
    ground: Ground, tmp_path: Path
) -> None:
    assert route(SCENARIOS, tmp_path / "out.jsonl") == [
        {"id": scenario["id"], "result": json.loads(json.dumps(decide_scenario(scenario["input"], ground)))}
        for scenario in PUBLISHED
    ]


def test_without_an_out_file_the_results_go_to_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    route_file(SCENARIOS, directory=COUNTY, places=None, out=None, explain=False)
    assert len(capsys.readouterr().out.splitlines()) == len(PUBLISHED)


def test_an_explanation_tells_of_every_need(tmp_path: Path) -> None:
    told = route(SCENARIOS, tmp_path / "out.jsonl", explain=True)[0]["result"]["explanation"]
    shopping, prescription = told["needs"]
    assert (shopping["need"], shopping["service_id"]) == ("food.shopping", "svc-cru-shopping")
    assert (prescription["need"], prescription["service_id"]) == ("medicine.prescription", "svc-peak-delivery")
    assert shopping["searches"][0]["tracks"][0]["services"] != []
    assert told["fired"] != []


def test_an_explanation_has_the_questions_that_a_caller_could_be_asked(tmp_path: Path) -> None:
    asked = route(SCENARIOS, tmp_path / "out.jsonl", explain=True)
    questions = {ask["question"] for each in asked for ask in each["result"].get("asks", ())}
    assert "For how many days is there still food in the house?" in questions


def test_other_place_data_may_be_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "units.csv"
    elsewhere.write_text("pcds,lad_code,status\nS40 1US,E07000039,live\n", encoding="utf-8")
    assert route(SCENARIOS, tmp_path / "out.jsonl", places=elsewhere)[0]["result"]["district"] == "E07000039"


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text("\ufeff\n  \n" + json.dumps(PUBLISHED[0]) + "\n\n", encoding="utf-8")
    assert [answer["id"] for answer in route(file, tmp_path / "out.jsonl")] == ["P001"]


def test_an_input_of_the_wrong_shape_does_not_stop_the_file_and_is_not_quoted(tmp_path: Path) -> None:
    wrong = {"id": "X1", "input": PUBLISHED[0]["input"] | {"person": {"name": "Ada", "age": "about forty"}}}
    file = tmp_path / "in.jsonl"
    file.write_text(f'{json.dumps(wrong)}\n{{"id": "X2"}}\n{json.dumps(PUBLISHED[0])}\n', encoding="utf-8")
    first, second, third = route(file, tmp_path / "out.jsonl")
    assert (first["id"], first["result"]) == ("X1", None)
    assert first["error"].startswith("input.person.age: ")
    assert "forty" not in first["error"]
    assert (second["id"], second["result"]) == ("X2", None)
    assert third["result"]["outcome"] == "routed"


@pytest.mark.parametrize("line", ["{", "3", "null", "[]", "{}", '{"id": 7}', "[" * 100_000, "\x00"])
def test_a_line_that_is_no_scenario_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(f"{json.dumps(PUBLISHED[0])}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"^in\.jsonl: line 3: "):
        route(file, tmp_path / "out.jsonl")


def test_a_file_that_is_no_text_is_refused_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match=r"^in\.jsonl: "):
        route(file, tmp_path / "out.jsonl")


def test_nulls_and_missing_parts_count_as_nothing_given(ground: Ground) -> None:
    sparse = {"received_at": "2020-05-13T12:00:00+01:00", "postcode": "S40 1US", "needs": ["food.shopping", None]}
    nulls = dict.fromkeys(("channel", "person", "consent", "flags", "context", "notes", "shield_list_match"))
    assert decide_scenario(sparse | nulls, ground) == decide_scenario(sparse, ground)


def test_a_time_without_an_offset_is_london_time(ground: Ground) -> None:
    given_input = PUBLISHED[0]["input"]
    local = given_input | {"received_at": given_input["received_at"].removesuffix("+01:00")}
    assert decide_scenario(local, ground) == decide_scenario(given_input, ground)


def test_half_a_surrogate_pair_in_a_text_does_no_harm(ground: Ground) -> None:
    cut = PUBLISHED[0]["input"] | {"notes": "🙏"[:1] + "\ud83d", "postcode": "S40 1US\ud83d"}
    assert decide_scenario(cut, ground)["district"] == "E07000034"


@pytest.mark.parametrize("given_input", [None, [], 3, "text", {}, {"received_at": "yesterday"}])
def test_an_input_without_a_time_is_refused(ground: Ground, given_input: object) -> None:
    with pytest.raises(ValidationError):
        decide_scenario(given_input, ground)


@settings(deadline=None)
@given(
    name=RUBBISH, phone=RUBBISH, dob=RUBBISH, email=RUBBISH, postcode=RUBBISH, hint=RUBBISH, notes=RUBBISH,
    priority=RUBBISH, status=RUBBISH, kind=RUBBISH, needs=st.lists(RUBBISH), flags=st.lists(RUBBISH),
)  # fmt: skip
def test_any_rubbish_in_the_texts_is_decided(
    ground: Ground, name: object, phone: object, dob: object, email: object, postcode: object, hint: object,
    notes: object, priority: object, status: object, kind: object, needs: object, flags: object,
) -> None:  # fmt: skip
    person = {"name": name, "phone": phone, "dob": dob, "email": email, "language": kind, "age": 40}
    result = decide_scenario(
        {
            "received_at": "2020-05-13T12:00:00+01:00", "channel": kind, "request_kind": kind, "referrer_kind": kind,
            "person": person, "postcode": postcode, "district_hint": hint, "consent": {"status": status, "by": kind},
            "needs": needs, "flags": flags, "requested_priority": priority, "notes": notes, "address": notes,
        },
        ground,
    )  # fmt: skip
    assert result["missing"] or result["assignments"] or result["held_needs"]
