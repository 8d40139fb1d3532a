"""The public feed over HTTP: its answers, its questions, and that it is open, cacheable and careful."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy.exc import DBAPIError

from services.router.feed import build_feed, only_reads
from services.router.openreferral.fetching import fetch, getter
from services.router.openreferral.filters import Spot, distance_m
from services.router.openreferral.merging import Merge
from services.router.settings import FeedSettings
from services.router.store.tables import metadata
from shared.clock import new_id
from shared.db import Database
from shared.documents import save_documents
from shared.envelope import Origin
from tests.router.conftest import Hands, OpenDatabase
from tests.router.openreferral.samples import (
    BASE,
    FOOD_BANK,
    TODAY,
    Tree,
    documents,
    partners,
    service_in,
    source,
    well_listed,
)
from tests.router.openreferral.validation import faults

CHESTERFIELD, HIGH_PEAK, DERBY = "E07000034", "E07000037", "E06000015"
SPOTS = {
    "S40 1AA": Spot(CHESTERFIELD, 53.2350, -1.4300),
    "SK17 6AA": Spot(HIGH_PEAK, 53.2590, -1.9110),
    "DE1 2AA": Spot(DERBY, 52.9220, -1.4750),
    "S41 7XX": Spot(CHESTERFIELD),
}
LISTS = ("/services", "/service_at_locations", "/taxonomies", "/taxonomy_terms")
SEVERAL_COUNTIES_WIDE = "E10000007"


@dataclass
class Feed:
    """A feed on a router's database with a directory in force."""

    client: AsyncClient
    database: Database
    clock: Hands

    async def get(self, path: str, **params: str | int | float) -> Any:
        """The JSON of an answer that must be 200."""
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def load(self, tree: Tree) -> None:
        async with self.database.begin(Origin("test")) as tx:
            await save_documents(tx, documents(tree))


@pytest.fixture
async def feed(sqlite_database: str, open_database: OpenDatabase, clock: Hands) -> AsyncIterator[Feed]:
    database = await open_database(sqlite_database)
    settings = FeedSettings(router_database_url=sqlite_database, feed_url=BASE, feed_requests_per_minute=400)
    app = build_feed(settings, now=clock, new_id=new_id, find=SPOTS.get)
    transport = ASGITransport(app=app, client=("192.0.2.1", 1))
    async with app.router.lifespan_context(app), AsyncClient(transport=transport, base_url=BASE) as client:
        made = Feed(client, database, clock)
        await made.load(partners(well_listed))
        yield made


def names(page: Any) -> list[str]:
    return [row["name"] for row in page["contents"]]


async def test_the_root_says_what_the_api_is(feed: Feed) -> None:
    details = await feed.get("/")
    assert faults("api_details", details) == []
    assert details["version"] == "HSDS-UK-3.0"
    described = await feed.get(details["openapi_url"].removeprefix(BASE))
    wanted = {"/", *LISTS, *(f"{path}/{{id}}" for path in LISTS)}
    assert described["paths"].keys() == wanted


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("/services", "service"),
        ("/service_at_locations", "service_at_location"),
        ("/taxonomies", "taxonomy"),
        ("/taxonomy_terms", "taxonomy_term"),
    ],
)
async def test_every_list_and_everything_in_it_is_of_the_standards_form(feed: Feed, path: str, table: str) -> None:
    page = await feed.get(path, per_page=500)
    assert faults(f"{table}_page", page) == []
    assert not page["empty"]
    for row in page["contents"][:10]:
        assert faults(table, await feed.get(f"{path}/{row['id']}")) == []


async def test_pages_follow_one_another_and_together_hold_everything_once(feed: Feed) -> None:
    whole = await feed.get("/services", per_page=500)
    first = await feed.get("/services", per_page=40)
    pages = [await feed.get("/services", page=number, per_page=40) for number in range(1, first["total_pages"] + 1)]
    assert [row["id"] for page in pages for row in page["contents"]] == [row["id"] for row in whole["contents"]]
    assert [(page["first_page"], page["last_page"]) for page in pages] == [(True, False), (False, False), (False, True)]
    assert [page["size"] for page in pages] == [40, 40, whole["total_items"] - 80]
    behind = await feed.get("/services", page=99, per_page=40)
    assert (behind["empty"], behind["contents"], behind["total_items"]) == (True, [], whole["total_items"])


async def test_a_list_has_no_lists_and_a_service_has_everything(feed: Feed) -> None:
    row = (await feed.get("/services", search="chesterfield food bank"))["contents"][0]
    assert not [key for key, value in row.items() if isinstance(value, list)]
    assert (await feed.get(f"/services/{row['id']}"))["phones"][0]["number"] == "01632 960900"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"search": "FOOD bank chesterfield"}, True),
        ({"search": "food bank atlantis"}, False),
        ({"day": "SA", "start_time": "10:00", "end_time": "14:00"}, True),
        ({"day": "saturday"}, True),
        ({"day": "SU"}, False),
        ({"start_time": "10:01"}, False),
        ({"day": "MO", "end_time": "16:59"}, False),
        ({"minimum_age": 1}, False),
        ({"minimum_age": 0}, True),
        ({"maximum_age": 99}, False),
    ],
)
async def test_services_are_found_by_words_ages_and_hours(
    feed: Feed, params: dict[str, str | int], found: bool
) -> None:
    assert ("Chesterfield food bank" in names(await feed.get("/services", per_page=500, **params))) is found


async def test_services_are_found_by_a_term_by_its_group_and_by_the_taxonomy(feed: Feed) -> None:
    ids = source(partners()).ids
    by_term = names(await feed.get("/services", taxonomy_term_id=ids.need("food.bank"), per_page=500))
    by_group = names(await feed.get("/services", taxonomy_term_id=ids.need("food"), per_page=500))
    assert "Chesterfield food bank" in by_term
    assert set(by_term) < set(by_group)
    assert "Talking therapies" not in by_group
    assert (await feed.get("/services", taxonomy_id=ids.taxonomy))["total_items"] > len(by_group)
    assert (await feed.get("/services", taxonomy_id=new_id().hex))["empty"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"postcode": "S40 1AA"}, True),
        ({"postcode": "SK17 6AA"}, False),
        ({"postcode": "DE1 2AA"}, False),
        ({"postcode": "S40 1AA", "proximity": 1_000}, True),
        ({"postcode": "S40 1AA", "proximity": 500}, False),
        ({"postcode": "S41 7XX"}, True),
    ],
)
async def test_places_are_found_by_the_postcode_that_they_are_there_for(
    feed: Feed, params: dict[str, str | int], found: bool
) -> None:
    page = await feed.get("/service_at_locations", **params)
    assert [row["location"]["name"] for row in page["contents"]] == (["Saint Thomas hall"] if found else [])


async def test_a_place_without_coordinates_is_near_to_nothing_but_still_there_for_its_area(feed: Feed) -> None:
    tree = partners(well_listed)
    del service_in(tree, FOOD_BANK)["listing"]["locations"][0]["latitude"]
    await feed.load(tree)
    assert (await feed.get("/service_at_locations", postcode="S40 1AA"))["total_items"] == 1
    assert (await feed.get("/service_at_locations", postcode="S40 1AA", proximity=100_000))["empty"]


@pytest.mark.parametrize(
    "params", [{"postcode": "ZZ9 9ZZ"}, {"proximity": 100}, {"postcode": "S41 7XX", "proximity": 100}]
)
async def test_a_postcode_of_which_nothing_is_known_is_refused_without_naming_it(
    feed: Feed, params: dict[str, str | int]
) -> None:
    answer = await feed.client.get("/service_at_locations", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "postcode_unknown")
    assert "ZZ9" not in answer.text


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    assert distance_m(53.0, -1.4, 54.0, -1.4) == pytest.approx(111_195, abs=5)
    assert distance_m(53.0, -1.4, 53.0, -1.5) == pytest.approx(6_692, abs=5)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services", 200),
        ("/services?page=0", 422),
        ("/services?per_page=100000", 422),
        ("/services?day=someday", 422),
        ("/services/nothing", 404),
        ("/nowhere", 404),
        ("/openapi.json", 200),
    ],
)
async def test_every_answer_may_be_read_from_any_site_and_sets_no_cookie(feed: Feed, path: str, status: int) -> None:
    answer = await feed.client.get(path)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_browser_may_ask_whether_it_may_ask_and_nothing_can_be_changed(feed: Feed) -> None:
    asked = await feed.client.options("/services", headers={"Origin": "https://a.example"})
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET")
    refused = await feed.client.post("/services", json={})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (405, "*")


async def test_what_a_caller_has_already_is_not_sent_again_until_it_changes(feed: Feed) -> None:
    first = await feed.client.get("/services")
    assert first.headers["cache-control"] == "public, max-age=30"
    tag = {"If-None-Match": first.headers["etag"]}
    again = await feed.client.get("/services", headers=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert (await feed.client.get("/services", headers=since)).status_code == 304
    feed.clock.move(2)
    tree = partners()
    service_in(tree, "svc-dva-doorstep")["name"] = "Shopping and walks"
    await feed.load(tree)
    changed = await feed.client.get("/services", headers=tag)
    assert (changed.status_code, names(changed.json())[0]) == (200, "Shopping and walks")
    assert (await feed.client.get("/services", headers=since)).status_code == 200


async def test_a_check_that_gets_too_old_changes_the_feed_on_that_day(feed: Feed) -> None:
    feed.clock.at = feed.clock.at.replace(year=2026, month=7, day=30)
    first = await feed.client.get("/services", params={"search": "chesterfield food bank"})
    assert first.json()["contents"][0]["waymark_assurance"] == "current"
    feed.clock.at += timedelta(days=1)
    headers = {"If-None-Match": first.headers["etag"]}
    later = await feed.client.get("/services", params={"search": "chesterfield food bank"}, headers=headers)
    assert later.json()["contents"][0]["waymark_assurance"] == "due"
    assert later.headers["last-modified"] == "Thu, 30 Jul 2026 23:00:00 GMT"


async def test_another_county_can_take_the_whole_feed_in_and_we_our_own_without_a_difference(feed: Feed) -> None:
    rows = await fetch(BASE, getter(feed.client))
    tree = partners(well_listed)
    changes = Merge(source(tree), tree, "ourselves", TODAY)(rows)
    assert len(rows) == (await feed.get("/services"))["total_items"]
    assert (changes.any, changes.refused, tree) == (False, [], partners(well_listed))


@pytest.mark.real
async def test_on_postgresql_the_feed_reads_and_cannot_write(
    postgresql_database: str, open_database: OpenDatabase, clock: Hands
) -> None:
    database = await open_database(postgresql_database)
    async with database.begin(Origin("test")) as tx:
        await save_documents(tx, documents(partners()))
    app = build_feed(FeedSettings(router_database_url=postgresql_database), now=clock, new_id=new_id)
    async with app.router.lifespan_context(app), AsyncClient(transport=ASGITransport(app=app), base_url=BASE) as client:
        assert (await client.get("/services")).json()["total_items"] == 95
    reading = Database("router", postgresql_database, metadata, now=clock, new_id=new_id, pool_size=1)
    only_reads(reading)
    with pytest.raises(DBAPIError, match="read-only"):
        async with reading.begin(Origin("test")) as tx:
            await save_documents(tx, {"partners.yaml": "another"})
    await reading.close()


async def test_who_asks_too_often_is_told_to_wait(sqlite_database: str, open_database: OpenDatabase) -> None:
    await open_database(sqlite_database)
    settings = FeedSettings(router_database_url=sqlite_database, feed_url=BASE, feed_requests_per_minute=2)
    app = build_feed(settings, now=Hands(), new_id=new_id)
    async with app.router.lifespan_context(app), AsyncClient(transport=ASGITransport(app=app), base_url=BASE) as client:
        answers: list[httpx.Response] = await asyncio.gather(*(client.get("/services/none") for _ in range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[2:] == [503, 503] or statuses == [429, 429, 503, 503]
    limited = next(answer for answer in answers if answer.status_code == 429)
    assert int(limited.headers["retry-after"]) > 0
    assert limited.headers["access-control-allow-origin"] == "*"


async def test_before_a_directory_is_loaded_the_feed_says_so_and_is_not_ready(
    sqlite_database: str, open_database: OpenDatabase
) -> None:
    await open_database(sqlite_database)
    app = build_feed(FeedSettings(router_database_url=sqlite_database), now=Hands(), new_id=new_id)
    async with app.router.lifespan_context(app), AsyncClient(transport=ASGITransport(app=app), base_url=BASE) as client:
        assert (await client.get("/services")).json()["code"] == "configuration_missing"
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).status_code == 200
