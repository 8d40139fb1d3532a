"""The check of a county's folder: the shipped one has no errors, and every kind of fault is found where it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.router.configuration import compile_county
from services.router.configuration.checking import SECTORS, check_directory, check_documents
from services.router.configuration.checking.cases import TESTS
from services.router.configuration.checking.findings import Finding, Severity, errors
from services.router.configuration.checking.reach import ReachChecks
from services.router.configuration.checking.rows import RowChecks
from services.router.configuration.documents import read_documents, read_text
from tests.router.rules.builders import COUNTY_DIRECTORY

DOCUMENTS = read_documents(COUNTY_DIRECTORY)
EXTRA = {name: read_text(COUNTY_DIRECTORY, name) for name in (TESTS, SECTORS)}
ROW = next(line for line in DOCUMENTS["rules.yaml"].splitlines(keepends=True) if "| welfare.no_contact" in line)
COUNCIL = DOCUMENTS["partners.yaml"].partition("  - id: svc-hp-contact\n")[2].partition("role:")[0]
ANYBODY = COUNCIL + DOCUMENTS["partners.yaml"].partition(COUNCIL)[2].partition("schedules:")[0]
LONELY = "track: specialist\n    role: specialist\n    rank: 10\n    taxonomy_terms:\n    - social.isolation\n"
SHOP = next(line for line in DOCUMENTS["rules.yaml"].splitlines(keepends=True) if "- R32      | food.shopping" in line)
ALONE = "\n# Needs that are added"


def check(name: str, old: str, new: str) -> list[Finding]:
    """The county's folder with one piece of text in one file replaced."""
    texts = {**DOCUMENTS, **EXTRA}
    assert old in texts[name]
    edited = texts | {name: texts[name].replace(old, new, 1)}
    return check_documents({file: edited[file] for file in DOCUMENTS}, {file: edited[file] for file in EXTRA})


def test_the_shipped_county_may_go_live() -> None:
    findings = check_directory(COUNTY_DIRECTORY)
    assert errors(findings) == []
    assert all(finding.position for finding in findings)


def test_a_folder_without_files_is_one_error_in_a_sentence(tmp_path: Path) -> None:
    [finding] = check_directory(tmp_path)
    assert (finding.severity, finding.position) == (Severity.ERROR, None)
    assert "there is no such file" in finding.sentence


@pytest.mark.parametrize(
    ("name", "old", "new", "severity", "sentence", "pointed_at"),
    [
        # Never true: two fields that exclude each other, a place outside, more markers than there are.
        ("rules.yaml", ROW, f"  - R28 | welfare.no_contact | none | shielded | - | - | health\n{ROW}", Severity.ERROR,
         "row 14 of food and medicine (R28) can never hold", "R28 | welfare.no_contact | none"),
        ("rules.yaml", ROW, f"  - R28 | welfare.no_contact | - | - | - | DERBY | -\n{ROW}", Severity.ERROR,
         "can never hold", "R28 | welfare.no_contact | - | - | - | DERBY"),
        ("rules.yaml", ALONE, f"- {{rules: [R28], needs: [welfare.no_contact], when: {{district: [DERBY]}}}}\n{ALONE}",
         Severity.ERROR, "tracks[3] (R28) can never hold", "{district: [DERBY]"),
        ("rules.yaml", "  - markers: {from: 2}", "  - markers: {from: 20}", Severity.ERROR,
         "people.most_vulnerable[1] can never hold", "markers: {from: 20}"),
        # Never reached: a row after one that always holds, and after several that leave nothing over.
        ("rules.yaml", ROW, f"{ROW}  - R29 | welfare.no_contact | verified | - | - | - | -\n",
         Severity.WARNING, "is never reached", "R29 | welfare.no_contact"),
        ("rules.yaml", SHOP, f"{SHOP.replace('| -  ', '| none', 1)}{SHOP.replace('R32', 'R33')}", Severity.WARNING,
         "row 4 of food and medicine (R33) is never reached", "R33      | food.shopping"),
        # Only one may hold: both of these would act on one need, each with another service.
        ("rules.yaml", "| < 16  | yes", "| < 18  | yes", Severity.ERROR,
         "can both hold, but send safe.domestic_abuse to svc-da-helpline and svc-starting-point, of which only the "
         "first is told; for example aged 16; asks for safe.domestic_abuse", "R16   | safe.domestic_abuse | < 18"),
        # A gap: nobody acts on a concern about somebody of this age.
        ("rules.yaml", "[safe.adult_abuse, safe.self_neglect, safe.modern_slavery]}, age: {below: 18}",
         "[safe.adult_abuse, safe.self_neglect, safe.modern_slavery]}, age: {below: 17}", Severity.ERROR,
         "adult_at_risk can come, and no row of risk.actions acts on it; for example aged 17; ticked: adult_at_risk",
         "adult_at_risk"),
        # A flag that must be acted on, and of some people is not.
        ("rules.yaml", "| immediate_danger | -      ", "| immediate_danger and not(carer) | -", Severity.ERROR,
         "immediate_danger can be ticked, and no row of risk.actions holds; for example aged 45; ticked: carer, imm",
         "immediate_danger, suicidal_now"),
        ("rules.yaml", "always_acted_on: [immediate", "always_acted_on: [imediate", Severity.ERROR,
         "did you mean 'immediate_danger'?", "imediate"),
        ("need_taxonomy.yaml", "\ntracks:\n", "\ntracks:\n- {code: idle, label: Nobody}\n",
         Severity.INFO, "no rule sends anything to the track idle", "idle"),
        # Nobody is there, and somebody is there for nobody.
        ("partners.yaml", COUNCIL, COUNCIL.replace("status: active", "status: inactive"), Severity.WARNING,
         "in High Peak", ""),
        ("partners.yaml", ANYBODY, ANYBODY.replace("flags_none: []", "flags_none: [violence_risk]"), Severity.WARNING,
         "in High Peak, so the triage desk gets it; for example somebody aged 18; ticked: violence_risk", ""),
        ("partners.yaml", "", "", Severity.WARNING,
         "mind.young_person in any of its districts, so the triage desk gets it; for example somebody aged 25", ""),
        ("partners.yaml", LONELY, LONELY.replace("specialist", "cohesion", 1), Severity.WARNING,
         "svc-fc-development can never be reached: no rule sends social.isolation to cohesion", "svc-fc-development"),
        ("rules.yaml", "| SK13 ", "| SK31 ", Severity.ERROR, "'SK31' is not an outcode", "SK31"),
        # What does not load, and tests that fail or cannot be read.
        ("rules.yaml", "any: [immediate_danger]", "any: [imediate_danger]", Severity.ERROR,
         "did you mean 'immediate_danger'?", "imediate_danger"),
        ("tests.yaml", "{service: svc-asc-safeguarding, priority: P2}", "{service: svc-da-helpline, priority: P2}",
         Severity.ERROR, "safe.adult_abuse goes to svc-asc-safeguarding, not svc-da-helpline", ""),
        ("tests.yaml", "flags: [suicidal_now]", "flags: [suicidal_nw]", Severity.ERROR, "did you mean 'suicidal_now'?",
         "suicidal_nw"),
        ("tests.yaml", "expect: {needs: {risk", "expct: {needs: {risk", Severity.ERROR, "did you mean 'expect'?",
         "expct"),
        ("rules.yaml", "| risk.immediate_danger | svc-cru-duty    | P1",
         "| risk.immediate_danger | svc-cru-duty    | P2", Severity.ERROR,
         "whatever the consent' fails: risk.immediate_danger is P2, not P1", ""),
    ],
)  # fmt: skip
def test_a_fault_is_found_where_it_is(
    name: str, old: str, new: str, severity: Severity, sentence: str, pointed_at: str
) -> None:
    found = [each for each in check(name, old, new) if each.severity is severity and sentence in each.sentence]
    assert found != []
    position = found[0].position
    assert position is not None
    assert position.text[position.column - 1 :].startswith(pointed_at), position


def test_rules_that_are_too_tangled_to_judge_are_said_to_be_so() -> None:
    compiled = compile_county(DOCUMENTS)
    world = replace(RowChecks.of(compiled).world, steps=0)
    found = [*RowChecks(compiled, world).findings(), *ReachChecks(compiled, world, None).findings()]
    assert {each.path for each in found if "too tangled" in each.sentence} >= {
        "tracks",
        "risk.actions",
        "risk.concerns",
    }
    assert all(each.severity is not Severity.ERROR for each in found)


def test_a_service_for_one_outcode_counts_where_a_row_asks_for_it() -> None:
    only_there = "tracks:\n- {rules: [R34], needs: [welfare.no_contact], when: {outcode: [SK13]}, tracks: [health]}\n"
    health = DOCUMENTS["partners.yaml"].partition("  - id: svc-tgccg-health\n")[2].partition("service_areas:")[0]
    partners = DOCUMENTS["partners.yaml"].replace(
        health, health.replace("    taxonomy_terms:\n", "    taxonomy_terms:\n    - welfare.no_contact\n")
    )
    texts = {
        **DOCUMENTS,
        "rules.yaml": DOCUMENTS["rules.yaml"].replace("tracks:\n- table", only_there + "- table", 1),
        "partners.yaml": partners,
    }
    assert not any("takes welfare.no_contact" in each.sentence for each in check_documents(texts, {}))
    texts["partners.yaml"] = DOCUMENTS["partners.yaml"]
    assert any("takes welfare.no_contact" in each.sentence for each in check_documents(texts, {}))
