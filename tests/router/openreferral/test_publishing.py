"""What of the directory is public, and that it is of the standard's form."""

import json
from datetime import date
from itertools import chain
from pathlib import Path

import pytest

from services.router.openreferral.exporting import export_document, export_tables, safe_cell, write_export
from services.router.openreferral.publishing import Publisher
from tests.router.openreferral.samples import (
    BASE,
    FOOD_BANK,
    REFUGE,
    TODAY,
    Tree,
    partners,
    published,
    service_in,
    source,
    well_listed,
)
from tests.router.openreferral.validation import faults

GOLDEN = Path(__file__).parent / "golden"


def strings(value: object) -> list[str]:
    """Every text in a document, keys too."""
    if isinstance(value, dict):
        return [*value, *chain.from_iterable(map(strings, value.values()))]
    if isinstance(value, list):
        return list(chain.from_iterable(map(strings, value)))
    return [value] if isinstance(value, str) else []


def test_every_service_of_the_county_is_of_the_standards_form() -> None:
    services = published(source(partners(well_listed)))
    assert len(services) > 80
    assert {fault for service in services for fault in faults("service", service)} == set()


def test_the_check_notices_what_is_not_of_the_standards_form() -> None:
    service = published(source(partners()))[0] | {"id": "svc-1", "status": "open", "url": "here"}
    del service["name"]
    assert len(faults("service", service)) == 4


def test_terms_and_the_taxonomy_are_of_the_standards_form() -> None:
    publisher = Publisher(source(partners()), BASE)
    terms = list(publisher.taxonomy_terms())
    assert faults("taxonomy", publisher.taxonomy()) == []
    assert [fault for term in terms for fault in faults("taxonomy_term", term)] == []
    ids = {term["id"] for term in terms}
    assert all(term["parent_id"] in ids for term in terms if "parent_id" in term)


def test_a_service_is_published_as_the_golden_file_has_it() -> None:
    services = published(source(partners(well_listed)))
    service = next(each for each in services if each["url"] == "https://foodbanks.example/chesterfield")
    assert service == json.loads((GOLDEN / "service.json").read_text("utf-8"))


def test_nothing_that_is_ours_alone_is_in_an_export_of_the_county() -> None:
    tree = partners(well_listed)
    services = [service for organisation in tree["organizations"] for service in organisation["services"]]
    private = {service["basis"] for service in services}
    private |= {address for service in services for address in service["contact"].values()}
    private |= {organisation["email"] for organisation in tree["organizations"]}
    private |= {"contact", "capacity_per_day", "track", "rank", "role", "notify_channels", "flags_all", "accepts_from"}
    publisher = Publisher(source(tree), BASE)
    told = strings(json.loads(export_document(publisher, TODAY)))
    assert private.isdisjoint(told)
    flags = source(tree).county.rules.flags
    assert flags.isdisjoint(told)
    assert [word for word in ("referrals+", "portal.example", "[", "refuge") if word in "\n".join(told)] == []
    assert "referrals+" not in "".join(export_tables(publisher, TODAY).values())


def test_a_service_without_a_listing_is_named_nowhere() -> None:
    tree = partners()
    unlisted = [
        service["name"]
        for organisation in tree["organizations"]
        for service in organisation["services"]
        if "listing" not in service
    ]
    assert service_in(tree, REFUGE)["name"] in unlisted
    text = export_document(Publisher(source(tree), BASE), TODAY)
    assert [name for name in unlisted if name in text] == []


def test_a_note_on_where_something_is_known_from_is_left_out() -> None:
    def noted(tree: Tree) -> None:
        service_in(tree, FOOD_BANK)["description"] = "Parcels of food [letter of 3 May]."

    services = published(source(partners(noted)))
    descriptions = [service["description"] for service in services if service["name"] == "Chesterfield food bank"]
    assert descriptions == ["Parcels of food."]


def test_a_desk_for_everything_is_not_there_for_what_no_rule_sends_to_it() -> None:
    service = next(each for each in published(source(partners())) if each["name"].startswith("Referral desk"))
    codes = {attribute["taxonomy_term"]["code"] for attribute in service["attributes"]}
    assert "social.befriending" in codes
    assert codes.isdisjoint({"safe.domestic_abuse", "safe.adult_abuse", "mind.crisis"})


@pytest.mark.parametrize(
    ("today", "worth", "shown"),
    [
        (date(2026, 7, 30), "current", "2026-02-01"),
        (date(2026, 7, 31), "due", "2026-02-01"),
        (date(2027, 1, 31), "due", "2026-02-01"),
        (date(2027, 2, 1), "lapsed", None),
    ],
)
def test_a_check_is_shown_until_it_has_lapsed(today: date, worth: str, shown: str | None) -> None:
    services = published(source(partners(well_listed)), today)
    service = next(each for each in services if "alert" in each)
    assert service["waymark_assurance"] == worth
    assert service.get("assured_date") == shown
    assert ("assurer_email" in service) is (shown is not None)


def test_ids_stay_when_names_and_order_change() -> None:
    def renamed(tree: Tree) -> None:
        service_in(tree, FOOD_BANK)["name"] = "Another name"
        tree["organizations"].reverse()

    before, after = published(source(partners())), published(source(partners(renamed)))
    assert {service["id"] for service in before} == {service["id"] for service in after}


def test_tables_hold_every_row_once_and_are_described(tmp_path: Path) -> None:
    publisher = Publisher(source(partners(well_listed)), BASE)
    write_export(publisher, TODAY, tmp_path / "tables")
    package = json.loads((tmp_path / "tables" / "datapackage.json").read_text("utf-8"))
    names = {resource["path"] for resource in package["resources"]}
    assert names == {path.name for path in (tmp_path / "tables").glob("*.csv")}
    services = (tmp_path / "tables" / "services.csv").read_text("utf-8").splitlines()
    assert len(services) == 1 + len(published(source(partners())))
    assert (tmp_path / "tables" / "addresses.csv").read_text("utf-8").count("S40 2AH") == 1


def test_no_cell_of_a_table_is_a_formula() -> None:
    assert [safe_cell(each) for each in ("=1+1", "@x", "-2", "fine", -2)] == ["'=1+1", "'@x", "'-2", "fine", -2]
