"""A refusal of a county's file points at the line, the column and what was probably meant."""

import re
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.router.configuration import load_county_documents
from services.router.configuration.documents import read_documents
from services.router.configuration.positions import Source
from shared.errors import Refused
from tests.router.rules.builders import COUNTY_DIRECTORY
from tests.router.rules.conftest import Edit

DOCUMENTS = read_documents(COUNTY_DIRECTORY)
RULES = DOCUMENTS["rules.yaml"]
TABLES = {"people", "risk", "marks", "repeats", "unclassified", "triage_desk", "emergency_track", "consent", "outside",
          "tracks", "additions", "priorities", "selection", "notice"}  # fmt: skip
"""The sections that use codes; the others define them, or hold texts."""
TABLE_NAMES = set(re.findall(r"- table: (.+)", RULES))


def codes() -> Iterator[tuple[int, str]]:
    """Where each key, heading and code of the tables begins; outcodes are not a closed list, numbers are not codes, and
    names of tables are free."""
    root = yaml.compose(RULES, yaml.CSafeLoader)
    assert isinstance(root, yaml.MappingNode)
    for section in (part for pair in root.value if pair[0].value in TABLES for part in pair):
        for node in scalars(section):
            if node.tag == "tag:yaml.org,2002:str" and node.value not in TABLE_NAMES:
                for each in re.finditer(r"[A-Za-z_][\w.-]*", RULES[node.start_mark.index : node.end_mark.index]):
                    if not re.fullmatch(r"[A-Z]{2}[0-9]+", each[0]):
                        yield node.start_mark.index + each.start(), each[0]


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for each in node.value:
        for part in each if isinstance(each, tuple) else (each,):
            yield from scalars(part)


@pytest.mark.parametrize(
    ("name", "old", "new", "begins", "pointed_at"),
    [
        ("rules.yaml", "any: [immediate_danger]", "any: [imediate_danger]", "rules.yaml:", "imediate_danger]"),
        ("rules.yaml", "when: {red_flag_words: true}", "when: {red_flags: true}", "rules.yaml:", "red_flags: true"),
        ("rules.yaml", "    priority: P2\n", "    prority: P2\n", "rules.yaml:", "prority: P2"),
        ("rules.yaml", "request_kind: [help]", "request_kind: [halp]", "rules.yaml:", "halp]"),
        ("rules.yaml", "| given   | representative", "| given   | representtive", "rules.yaml:", "representtive"),
        ("rules.yaml", "| immediate_danger |", "| imediate_danger |", "rules.yaml:", "imediate_danger |"),
        ("rules.yaml", "| own_consent |", "| own_consnt |", "rules.yaml:", "own_consnt |"),
        ("rules.yaml", "| >= 16 | yes ", "| >= 16 | true", "rules.yaml:", "true "),
        ("rules.yaml", "| >= 2 ", "| => 2 ", "rules.yaml:", "=> 2 "),
        ("rules.yaml", "| CH, NE   | health, lead_va", "| CH, NE   | health, lead_vb", "rules.yaml:", "lead_vb"),
        ("rules.yaml", "hit_policy: FIRST", "hit_policy: FRIST", "rules.yaml:", "FRIST"),
        ("rules.yaml", "    no_answer:", "    No_answer:", "rules.yaml:", "No_answer:"),
        ("rules.yaml", "declines_limit: 3", "declines_limit: three", "rules.yaml:", "three"),
        ("rules.yaml", "  declines_limit: 3", "  declines_limit: 3\n  declines_limit: 4", "rules.yaml:",
         "declines_limit: 4"),
        ("rules.yaml", "      care.*, health.*,", "      bare.*, health.*,", "rules.yaml:", "bare.*"),
        ("partners.yaml", "    rank: 10\n", "    rank: 10\n    colour: red\n", "partners.yaml:", "colour: red"),
        ("partners.yaml", "- food.shopping", "- food.shoping", "partners.yaml:", "food.shoping"),
        ("partners.yaml", "code: E07000034", "code: E07000099", "partners.yaml:", "E07000099"),
        ("need_taxonomy.yaml", "default_track: lead_va", "default_track: lead_vb", "need_taxonomy.yaml:", "lead_vb"),
        ("districts.csv", "E07000033,BO", "E07000032,BO", "districts.csv:3:1: ", "E07000032,BO"),
    ],
)  # fmt: skip
def test_the_caret_stands_under_what_is_wrong(
    county_with: Edit, name: str, old: str, new: str, begins: str, pointed_at: str
) -> None:
    with pytest.raises(Refused) as refusal:
        county_with(name, old, new)
    sentence, line, caret = refusal.value.detail.split("\n")
    assert sentence.startswith(begins)
    assert line[caret.index("^") :].startswith(pointed_at)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("| food.emergency_parcel ", "| food.emergency_parcl ", "did you mean 'food.emergency_parcel'?"),
        ("| own_consent |", "| own_consnt |", "did you mean 'own_consent'?"),
        ("| given ", "| gven ", "did you mean 'given'?"),
        ("hit_policy: FIRST", "hit_polcy: FIRST", "did you mean 'hit_policy'?"),
        ("hit_policy: FIRST", "hit_policy: FIRSY", "did you mean 'FIRST'?"),
        ("flag: unaccompanied_minor", "flag: unacompanied_minor", "did you mean 'unaccompanied_minor'?"),
        ("when: {shielding: [unverified]}", "whn: {shielding: [unverified]}", "did you mean 'when'?"),
        ("  needs: [safe.adult_abuse,", "  neds: [safe.adult_abuse,", "did you mean 'needs'?"),
    ],
)
def test_what_is_misspelt_is_answered_with_a_suggestion(county_with: Edit, old: str, new: str, hint: str) -> None:
    with pytest.raises(Refused, match=re.escape(hint)):
        county_with("rules.yaml", old, new)


def test_broken_yaml_is_pointed_at_where_it_stops_making_sense(county_with: Edit) -> None:
    with pytest.raises(Refused, match=r"^rules\.yaml:\d+:\d+: .+\n.+\n +\^$"):
        county_with("rules.yaml", "version: '1.0'", "version: '1.0")


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_code_with_one_wrong_letter_is_refused_on_its_line(data: st.DataObject) -> None:
    known = set(re.findall(r"[\w.*]+", RULES))
    start, code = data.draw(st.sampled_from(sorted(codes())))
    at = data.draw(st.integers(0, len(code) - 1))
    wrong = code[:at] + data.draw(st.sampled_from("bqxz7")) + code[at + 1 :]
    assume(wrong not in known)
    corrupted = RULES[:start] + wrong + RULES[start + len(code) :]
    with pytest.raises(Refused) as refusal:
        load_county_documents({**DOCUMENTS, "rules.yaml": corrupted})
    assert refusal.value.detail.startswith(f"rules.yaml:{RULES.count(chr(10), 0, start) + 1}:"), refusal.value.detail


def test_a_path_that_leads_nowhere_points_as_far_as_it_goes() -> None:
    source = Source("rules.yaml", "risk:\n  actions:\n  - {need: food}\n")
    assert str(source.find("risk.actions[0].when.flags")) == "rules.yaml:3:5"
    assert str(source.find("risk.actions[0].need", "food")) == "rules.yaml:3:12"
    assert str(source.find("")) == "rules.yaml:1:1"
