"""What a county's files may say, and what they are refused for."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from services.router.configuration import load_county, load_county_documents
from services.router.configuration.documents import read_documents, tree_of
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.load import Load
from shared.errors import Refused
from tests.router.rules.builders import COUNTY_DIRECTORY, a_referral, given
from tests.router.rules.conftest import Edit


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("partners.yaml", "track: lead_va", "track: lead_vb", "'svc-dva-doorstep': track: 'lead_vb' is not a track"),
        ("partners.yaml", "- food.shopping", "- food.shoping", "did you mean 'food.shopping'?"),
        ("partners.yaml", "      flags_any: []", "      flags_any: [shelded]", "did you mean 'shielded'?"),
        ("partners.yaml", "code: E07000034", "code: E07000099", "'E07000099' is not a district of this county's list"),
        ("partners.yaml", "code: E07000034", "code: chesterfield", "'chesterfield' is not the GSS code"),
        ("partners.yaml", "opens_at: '09:00'", "opens_at: '9:00'", "services[0].schedules[0].opens_at"),
        ("partners.yaml", "closes_at: '17:00'", "closes_at: '08:00'", "which is not after 09:00"),
        ("partners.yaml", "byday: MO,TU", "byday: MO;TU", "schedules[0].byday"),
        ("partners.yaml", "    rank: 10\n", "    rank: 10\n    colour: red\n", "services[0].colour"),
        ("partners.yaml", "    rank: 10\n", "    rank: 10\n    rank: 20\n", "'rank' is given twice"),
        ("partners.yaml", "      sms: 07700 900001\n", "", "'sms' is used, but the contact has none"),
        ("partners.yaml", "id: svc-dva-network", "id: svc-dva-doorstep", "the id is given twice"),
        ("partners.yaml", "id: svc-da-helpline", "id: svc-da-line", "'svc-da-helpline' is not a service"),
        ("need_taxonomy.yaml", "default_track: lead_va", "default_track: volunteers", "'volunteers' is not a track"),
        ("need_taxonomy.yaml", "default_priority: P3", "default_priority: P5", "groups[0].needs[0].default_priority"),
        ("need_taxonomy.yaml", "code: food.shopping", "code: shopping", "does not begin with 'food.'"),
        ("calendar.yaml", "timezone: Europe/London", "timezone: Europe/Derby", "'Europe/Derby' is not a time zone"),
        ("calendar.yaml", "'2020-01-01'", "'2020-13-01'", "'2020-13-01' is not a date"),
        ("calendar.yaml", "['08:00', '20:00']", "['13:00', '20:00']", "begin after p2_after_hours_due"),
        ("districts.csv", "E07000033,BO", "E07000032,BO", "'E07000032' is given twice"),
        ("districts.csv", "E07000033,BO", "E07000033,", "needs a short code"),
        ("districts.csv", "Bolsover; Clowne", "Bolsover, Clowne", "districts.csv:3:1: "),
        ("rules.yaml", "any: [immediate_danger]", "any: [imediate_danger]", "did you mean 'immediate_danger'?"),
        ("rules.yaml", "when: {red_flag_words: true}", "when: {red_flags: true}", "risk.actions[3].when.red_flags"),
        ("rules.yaml", "flag: unaccompanied_minor", "flag: minor", "risk.child_alone.flag"),
        ("rules.yaml", "| CH, NE ", "| CH, XX ", "'XX' is not the short code of a district"),
        ("rules.yaml", "| cru_direct, lead_va", "| cru, lead_va", "'cru' is not a track"),
        ("rules.yaml", "- R28 ", "- R78 ", "'R78' is not a rule with a text"),
        ("rules.yaml", "  R53:", "  R93:", "'R53' is not a rule with a text"),
        ("rules.yaml", "| care.*", "| car.*", "did you mean 'care'?"),
        ("rules.yaml", "| work.neet ", "| work.unemployment ", "says which rule sends 'work.neet'"),
        ("rules.yaml", "age: {below: 16}", "age: {}", "from or below is needed"),
        ("rules.yaml", "age: {below: 16}", "age: {from: 16, below: 16}", "no number is from that on"),
        ("rules.yaml", "svc-tgccg-health", "svc-dd-library-van", "is not active"),
        ("rules.yaml", "P4: {all_of: [email]", "P5: {all_of: [email]", "notice.channels"),
        ("rules.yaml", "then: park}", "then: parked}", "answers.decline.already_known.then"),
        ("rules.yaml", "then: pause_service, pause: today}", "then: pause_service}", "belongs to pause_service"),
        ("rules.yaml", "then: park}", "then: park, pause: today}", "belongs to pause_service"),
        ("rules.yaml", "reached: true}", "reached: maybe}", "answers.contact.reached.reached"),
        ("rules.yaml", "    met: {label", "    Met: {label", "answers.close.Met"),
        ("rules.yaml", "ends_referral: died", "ends_referral: moved", "answers.close.died.ends_referral"),
        ("rules.yaml", "all_of: [portal], else: [phone]", "all_of: [sms], else: []", "no channel of it takes"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_are_refused_with_a_sentence_naming_file_and_place(
    county_with: Edit, name: str, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refusal:
        county_with(name, old, new)
    assert refusal.value.code == "county_refused"
    assert sentence in refusal.value.detail
    assert any(file in refusal.value.detail for file in ("partners", "taxonomy", "calendar", "districts", "rules"))


def test_a_table_may_not_send_social_care_to_volunteers(county_with: Edit) -> None:
    with pytest.raises(Refused, match=r"'care\.assessment' may never reach lead_va"):
        county_with("rules.yaml", "additions:\n", "- {rules: [R35], needs: [care.*], tracks: [lead_va]}\nadditions:\n")


def test_a_concern_may_not_be_left_without_an_action(county_with: Edit) -> None:
    pair = "    suicidal_thoughts: mind.crisis\n"
    with pytest.raises(Refused, match=r"nothing is done about 'safe\.scam'"):
        county_with("rules.yaml", pair, f"{pair}    carer: safe.scam\n")


def test_a_missing_file_is_refused_and_one_for_others_only_changes_the_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"partners\.yaml"):
        load_county(tmp_path)
    documents = read_documents(COUNTY_DIRECTORY)
    county, other = load_county_documents(documents), load_county_documents({**documents, "intake.yaml": ""})
    assert other.version != county.version
    assert replace(other, version=county.version) == county
    documents.pop("rules.yaml")
    with pytest.raises(Refused, match=r"rules\.yaml: the file is missing"):
        load_county_documents(documents)


def test_broken_text_is_refused_with_its_line(county_with: Edit) -> None:
    with pytest.raises(Refused, match=r"rules\.yaml:\d+:\d+: "):
        county_with("rules.yaml", "flags: [shielded,", "flags: [[shielded,")


def test_the_version_names_the_very_texts(county: County, county_with: Edit) -> None:
    assert county_with("rules.yaml", "# Section G.", "# Section G, reworded.").version != county.version
    assert county_with("rules.yaml", "declines_limit: 3", "declines_limit: 4").version != county.version
    assert len(county.version) == 64


def test_the_texts_make_the_same_county_as_the_files_also_once_it_has_decided(county: County) -> None:
    decide(a_referral("food.shopping"), county, Load())
    assert load_county_documents(read_documents(COUNTY_DIRECTORY)) == county


def test_a_directory_written_as_json_is_the_same_and_as_strict(county: County) -> None:
    documents = read_documents(COUNTY_DIRECTORY)
    tree = tree_of("partners.yaml", documents["partners.yaml"])
    text = json.dumps(tree, ensure_ascii=False)
    assert load_county_documents({**documents, "partners.yaml": text}).directory == county.directory
    with pytest.raises(Refused, match="is given twice"):
        load_county_documents({**documents, "partners.yaml": text.replace('{"id":', '{"id": "x", "id":', 1)})
    with pytest.raises(Refused, match=r"partners\.yaml:1:"):
        load_county_documents({**documents, "partners.yaml": text.replace("}", "", 1)})


def test_a_threshold_is_data(county_with: Edit) -> None:
    stricter = county_with("rules.yaml", "aged: {from: 70", "aged: {from: 60")
    facts = a_referral("food.shopping", age=65, flags=("lives_alone",))
    assert "most_vulnerable" in decide(facts, stricter, Load()).flags


def test_an_order_of_tracks_is_data(county_with: Edit) -> None:
    lead_first = county_with("rules.yaml", "| cru_direct, lead_va", "| lead_va, cru_direct")
    facts = a_referral("food.shopping", flags=("shielded",))
    assert given(decide(facts, lead_first, Load())) == {"svc-av-doorstep": {"food.shopping"}}


def test_the_county_names_its_capacities_and_its_day(county: County) -> None:
    assert county.capacities["svc-av-doorstep"] == 40
    assert "svc-cru-triage" not in county.capacities
    assert county.rules.texts["R33"].title == "Prescriptions"


def test_the_code_names_no_place_no_service_and_no_need_of_a_county(county: County) -> None:
    names = {"derbyshire", "chesterfield", "svc-", "org-", "e0700", "sk13"}
    names.update(district.name.lower() for district in county.districts.values() if district.inside)
    names.update(county.needs)
    code = Path(__file__).parents[3] / "services" / "router"
    for part in ("domain", "configuration"):
        for file in (code / part).glob("*.py"):
            text = file.read_text(encoding="utf-8").lower()
            assert {name for name in names if name in text} == set(), file.name
