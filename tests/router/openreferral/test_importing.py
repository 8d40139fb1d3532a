"""What an import changes, what it leaves alone, and that it can be repeated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.router.configuration import load_county_documents
from services.router.openreferral.changes import Changes
from services.router.openreferral.exporting import export_document
from services.router.openreferral.importing import draft, write
from services.router.openreferral.merging import Merge
from services.router.openreferral.payload import services_in
from services.router.openreferral.publishing import Publisher
from shared.errors import Refused
from tests.router.openreferral.samples import (
    BASE,
    FOOD_BANK,
    REFUGE,
    TODAY,
    Tree,
    a_service,
    an_id,
    documents,
    partners,
    published,
    service_in,
    source,
    well_listed,
)
from tests.router.rules.builders import COUNTY_DIRECTORY

LATER = "2026-03-01T08:00:00.000Z"
EARLIER = "2020-01-01T08:00:00.000Z"
ROUTING = ("track", "role", "rank", "contact", "notify_channels", "capacity_per_day", "accepts_from", "public_holidays")


def merged(tree: Tree, rows: list[Any], name: str | None = "neighbour", **options: bool) -> tuple[Tree, Changes]:
    """The file on partners after an import, and what was told of it. `tree` stays as it is."""
    after: Tree = json.loads(json.dumps(tree))
    return after, Merge(source(tree), after, name, TODAY)(rows, **options)


def row_of(tree: Tree, own: str) -> Tree:
    """What the public is told of one service."""
    name = service_in(tree, own)["name"]
    return next(row for row in published(source(tree)) if row["name"] == name)


def test_exporting_the_county_and_importing_it_again_changes_nothing() -> None:
    tree = partners(well_listed)
    document = export_document(Publisher(source(tree), BASE), TODAY)
    after, changes = merged(tree, services_in(document.encode(), "the export"), "our own export")
    assert after == tree
    assert (changes.any, changes.kept, changes.refused) == (False, [], [])


def edits(own: str) -> st.SearchStrategy[Callable[[Tree], None]]:
    """Changes that a county may make to what is told of a service."""
    words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="<>&[]"), min_size=1)
    texts = st.lists(words, min_size=1, max_size=4).map(" ".join)
    days = st.lists(st.sampled_from(["MO", "TU", "SA", "SU"]), min_size=1, unique=True).map(",".join)
    hours = st.sampled_from([("00:00", "24:00"), ("09:00", "17:30"), ("22:00", "24:00")])
    needs = st.lists(st.sampled_from(["food.*", "food.bank", "money.debt", "*"]), min_size=1, unique=True)
    status = st.sampled_from(["active", "inactive", "temporarily closed", "defunct"])

    def edit(text: str, day: str, span: tuple[str, str], need: list[str], state: str) -> Callable[[Tree], None]:
        def change(tree: Tree) -> None:
            service = service_in(tree, own)
            service.update(name=text, description=text, status=state, taxonomy_terms=need, listing={"alert": text})
            service["schedules"] = [{"freq": "WEEKLY", "byday": day, "opens_at": span[0], "closes_at": span[1]}]
            service["service_areas"].append({"type": "outcode", "code": "S40"})

        return change

    return st.builds(edit, texts, days, hours, needs, status)


FOOD_BANKS = [f"svc-foodbank-{district}" for district in ("av", "bo", "ch", "dd", "er", "hp", "ne", "sd")]


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.tuples(*map(edits, FOOD_BANKS)))
def test_whatever_is_told_of_services_comes_back_as_it_was(changed: tuple[Callable[[Tree], None], ...]) -> None:
    tree = partners(*changed)
    after, changes = merged(tree, published(source(tree)))
    assert after == tree
    assert (changes.any, changes.refused) == (False, [])


def test_an_import_done_twice_changes_nothing_the_second_time() -> None:
    row = row_of(partners(), FOOD_BANK) | {"name": "New name", "last_modified": LATER, "phones": []}
    rows = [row, a_service(1), a_service(2, attributes=[{"taxonomy_term": {"name": "Chess"}}])]
    once, first = merged(partners(), rows)
    twice, second = merged(once, rows)
    assert first.any
    assert not second.any
    assert twice == once


def test_a_new_service_waits_until_somebody_says_how_it_is_used() -> None:
    after, changes = merged(partners(), [a_service(1)])
    county = load_county_documents(documents(after))
    assert [(each.name, each.organisation) for each in changes.added] == [("Lunch club 1", "Lunch together")]
    assert "Lunch club 1" not in {service.name for service in county.services.values()}
    assert [(row["hsds_id"], row["source"], row["status"]) for row in after["unrouted"]] == [
        (an_id(1), "neighbour", "active")
    ]
    assert after["organizations"] == partners()["organizations"]


def test_a_waiting_service_may_be_given_routing_fields_and_is_then_kept_up_to_date() -> None:
    waiting, _ = merged(partners(), [a_service(1)])
    row = waiting["unrouted"].pop()
    taken = service_in(waiting, FOOD_BANK) | {
        "id": "svc-lunch", "hsds_id": row["hsds_id"], "source": "neighbour", "name": row["name"],
        "description": row["description"], "schedules": row["schedules"], "listing": row["listing"],
        "last_modified": row["last_modified"],
    }  # fmt: skip
    next(each for each in waiting["organizations"] if each["id"] == "org-foodbanks")["services"].append(taken)
    after, changes = merged(waiting, [a_service(1, name="Lunch and tea", last_modified=LATER)])
    assert {(each.field, each.after) for each in changes.changed} == {
        ("name", "Lunch and tea"),
        ("last_modified", LATER),
    }
    assert {name: service_in(after, "svc-lunch")[name] for name in ROUTING} == {name: taken[name] for name in ROUTING}


def test_an_import_leaves_every_routing_field_alone() -> None:
    tree = partners(well_listed)
    hostile = row_of(tree, FOOD_BANK) | {"last_modified": LATER, "name": "Taken over", "minimum_age": 5}
    hostile |= {"track": "health", "rank": 0, "contact": {"email": "me@evil.example"}, "capacity_per_day": 9999}
    hostile |= {"notify_channels": ["email"], "public_holidays": "open", "role": "lead", "contacts": [{"name": "Ann"}]}
    after, _ = merged(tree, [hostile])
    changed = service_in(after, FOOD_BANK)
    assert changed["name"] == "Taken over"
    assert changed["eligibility"]["minimum_age"] == 5
    assert {name: changed[name] for name in ROUTING} == {name: service_in(tree, FOOD_BANK)[name] for name in ROUTING}
    assert "Ann" not in json.dumps(after)
    assert "evil" not in json.dumps(after)


@pytest.mark.parametrize(
    ("last_modified", "is_taken"),
    [(EARLIER, False), (None, False), ("2026-02-01T23:00:00Z", False), (LATER, True)],
)
def test_a_service_that_was_checked_here_takes_only_what_its_source_changed_since(
    last_modified: str | None, is_taken: bool
) -> None:
    tree = partners(well_listed)
    row = row_of(tree, FOOD_BANK) | {"name": "From elsewhere"}
    row.pop("last_modified")
    after, changes = merged(tree, [row if last_modified is None else row | {"last_modified": last_modified}])
    assert (service_in(after, FOOD_BANK)["name"] == "From elsewhere") is is_taken
    assert any(each.field == "name" for each in changes.kept) is not is_taken


def from_neighbour(tree: Tree) -> None:
    """Six services of the food banks, imported from the neighbour."""
    for service in next(each for each in tree["organizations"] if each["id"] == "org-foodbanks")["services"][:6]:
        service["source"] = "neighbour"


def test_a_service_that_disappears_is_closed_for_the_time_being_and_not_deleted() -> None:
    tree = partners(from_neighbour)
    theirs = [row for row in published(source(tree)) if row["name"].endswith("food bank")]
    after, changes = merged(tree, theirs[1:])
    gone = [each.name for each in changes.gone]
    assert gone == [theirs[0]["name"]]
    assert [service["status"] for each in after["organizations"] for service in each["services"]
            if service["name"] in gone] == ["temporarily closed"]  # fmt: skip
    again, second = merged(after, theirs[1:])
    assert (second.any, again) == (False, after)
    back, returned = merged(after, theirs)
    assert [(each.field, each.after) for each in returned.changed] == [("status", "active")]
    assert back == tree


def test_services_of_others_do_not_disappear_with_a_source() -> None:
    tree = partners(from_neighbour)
    _, changes = merged(tree, [a_service(1)], "another")
    assert changes.gone == []


def test_a_source_of_which_most_is_missing_is_not_believed() -> None:
    tree = partners(from_neighbour)
    with pytest.raises(Refused, match="6 of the 6 services of neighbour are missing"):
        merged(tree, [a_service(1)])
    _, changes = merged(tree, [a_service(1)], many_gone=True)
    assert len(changes.gone) == 6


def test_an_import_does_not_switch_a_service_on_that_we_switched_off_nor_list_one_that_is_not() -> None:
    def off(tree: Tree) -> None:
        well_listed(tree)
        service_in(tree, FOOD_BANK)["status"] = "inactive"
        service_in(tree, REFUGE)["hsds_id"] = an_id(7)

    tree = partners(off)
    rows = [row_of(tree, FOOD_BANK) | {"status": "active", "last_modified": LATER}]
    rows.append(a_service(7, phones=[{"number": "01632 960111"}], last_modified=LATER))
    after, changes = merged(tree, rows)
    assert service_in(after, FOOD_BANK)["status"] == "inactive"
    assert "listing" not in service_in(after, REFUGE)
    assert {(each.field, each.reason) for each in changes.kept} == {
        ("status", "somebody here made it inactive"),
        ("url", "the service is not listed here"),
        ("phones", "the service is not listed here"),
    }


def test_what_cannot_be_read_is_refused_with_a_reason_and_the_rest_is_taken() -> None:
    tree = partners()
    row = row_of(tree, FOOD_BANK) | {
        "name": "Parcels",
        "email": "nobody at all",
        "schedules": [{"freq": "MONTHLY", "byday": "2MO", "opens_at": "09:00", "closes_at": "10:00"}],
        "service_areas": [{"name": "Round the church"}],
    }
    after, changes = merged(tree, [row, {"name": "no id"}, a_service(3, status="maybe"), row, "not a service"])
    service = service_in(after, FOOD_BANK)
    assert service["name"] == "Parcels"
    assert service["schedules"] == service_in(tree, FOOD_BANK)["schedules"]
    assert {(each.service, each.field, each.reason) for each in changes.refused} == {
        ("Parcels", "email", "is not an e-mail address"),
        ("Parcels", "schedules", "has hours that do not repeat every week"),
        ("Parcels", "service_areas", "has an area without the GSS code of a district or county"),
        ("Parcels", None, "its id is given twice"),
        ("service 2", None, "is not text"),
        ("service 3", None, "its status is none of the standard's"),
        ("service 5", None, "is not an object"),
    }


def test_needs_that_are_taken_away_or_added_change_the_file_and_patterns_stay_where_they_can() -> None:
    tree = partners()
    row = row_of(tree, FOOD_BANK)
    more = [*row["attributes"], {"taxonomy_term_id": source(tree).ids.need("money.debt")}]
    after, _ = merged(tree, [row | {"attributes": more}])
    assert service_in(after, FOOD_BANK)["taxonomy_terms"] == ["food.bank", "food.emergency_parcel",
                                                              "food.infant_formula", "money.debt"]  # fmt: skip
    fewer, _ = merged(after, [row | {"attributes": more[1:]}])
    assert service_in(fewer, FOOD_BANK)["taxonomy_terms"] == ["food.bank", "food.infant_formula", "money.debt"]


def test_kinds_of_help_that_are_not_ours_are_told_and_kept_for_whoever_routes_the_service() -> None:
    after, changes = merged(partners(), [a_service(1, attributes=[{"taxonomy_term": {"name": "Lunch <b>clubs</b>"}}])])
    assert changes.unknown_terms == {"Lunch clubs": 1}
    assert after["unrouted"][0]["terms"] == ["Lunch clubs"]
    assert "? 'Lunch clubs' is none of our needs (1 service)" in changes.lines()


def test_the_differences_are_told_field_by_field() -> None:
    row = row_of(partners(), FOOD_BANK) | {"name": "Parcels", "maximum_age": 60}
    _, changes = merged(partners(), [row, a_service(1)])
    assert changes.lines() == [
        "+ Lunch club 1 (Lunch together): new, not yet used",
        "~ Chesterfield food bank",
        "    name: Chesterfield food bank -> Parcels",
        "    maximum_age: nothing -> 60",
        "1 new, 1 changed, 0 gone, 0 refused",
    ]


def test_a_draft_keeps_the_folder_as_it_is_and_is_a_folder_of_its_own(tmp_path: Path) -> None:
    before = (COUNTY_DIRECTORY / "partners.yaml").read_text("utf-8")
    result = draft(COUNTY_DIRECTORY, [a_service(1)], name="neighbour", today=TODAY)
    write(result, COUNTY_DIRECTORY, tmp_path / "draft")
    assert (COUNTY_DIRECTORY / "partners.yaml").read_text("utf-8") == before
    text = (tmp_path / "draft" / "partners.yaml").read_text("utf-8")
    assert text.startswith(before.splitlines()[0])
    assert "Lunch club 1" in text
    with pytest.raises(Refused, match="is not empty"):
        write(result, COUNTY_DIRECTORY, tmp_path / "draft")


def test_a_draft_without_differences_is_the_file_as_it_was() -> None:
    result = draft(COUNTY_DIRECTORY, published(source(partners())), name=None, today=TODAY)
    assert result.partners == (COUNTY_DIRECTORY / "partners.yaml").read_text("utf-8")


def test_a_draft_that_could_not_go_into_force_is_refused() -> None:
    row = row_of(partners(), "svc-mh-helpline") | {"status": "inactive"}
    with pytest.raises(Refused, match="is named by a rule, but is not active"):
        draft(COUNTY_DIRECTORY, [row], name=None, today=TODAY)


@pytest.mark.parametrize("wrap", [
    lambda rows: {"contents": rows, "total_items": 2},
    lambda rows: {"services": rows, "version": "HSDS-UK-3.0"},
    lambda rows: rows,
    lambda rows: [{"id": "o", "name": "Lunch", "services": rows}],
    lambda rows: {"organizations": [{"id": "o", "name": "Lunch", "services": rows}]},
])  # fmt: skip
def test_services_are_found_in_every_shape_of_document(wrap: Callable[[list[Tree]], object]) -> None:
    rows = [a_service(1), a_service(2)]
    found = services_in(json.dumps(wrap(rows)).encode(), "a file")
    assert [each["id"] for each in found if isinstance(each, dict)] == [an_id(1), an_id(2)]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b"3", b"[" * 100_000])
def test_a_document_without_services_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        services_in(body, "a file")
