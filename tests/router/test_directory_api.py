"""What is missing in the directory, by API and in the log."""

from datetime import date
from typing import Any

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.router.openreferral.stale import stale
from services.router.staleness import Staleness
from shared.documents import save_documents
from shared.envelope import Origin
from tests.router.conftest import World
from tests.router.openreferral.samples import FOOD_BANK, Tree, documents, partners, service_in, source
from tests.router.rules.builders import HIGH_PEAK


def checked(tree: Tree) -> None:
    """Three services were checked, one lately, one a while ago, one long ago; one is defunct."""
    tree["assurance"] = {"due_after_days": 30, "lapses_after_days": 60}
    service_in(tree, FOOD_BANK)["assured_date"] = "2020-05-01"
    service_in(tree, "svc-dva-doorstep")["assured_date"] = "2020-04-01"
    service_in(tree, "svc-dva-network")["assured_date"] = "2020-01-01"
    service_in(tree, "svc-kakou")["status"] = "defunct"


async def load(world: World) -> None:
    async with world.database.begin(Origin("test")) as tx:
        await save_documents(tx, documents(partners(checked)))


async def get(world: World, path: str, **params: str | int) -> Any:
    answer = await world.client.get(f"/api/v1/directory/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_gaps_are_told_by_need_district_and_hours(world: World) -> None:
    found = await get(world, "gaps", hours="bank_holiday", district=HIGH_PEAK, need="care.dementia")
    assert found == [
        {
            "district": HIGH_PEAK,
            "district_name": "High Peak",
            "need": "care.dementia",
            "need_label": "Dementia support",
            "hours": "bank_holiday",
            "cover": "desk",
            "open": [],
            "closed": ["svc-dementia", "svc-asc-contact"],
            "share": 0.0,
        }
    ]


async def test_what_is_covered_locally_is_told_on_request(world: World) -> None:
    about = {"hours": "in_hours", "district": HIGH_PEAK, "need": "food.shopping"}
    assert await get(world, "gaps", **about) == []
    [cell] = await get(world, "gaps", **about, whole="true")
    assert (cell["cover"], cell["open"][0]) == ("local", "svc-hp-doorstep")


async def test_unknown_hours_are_refused(world: World) -> None:
    assert (await world.client.get("/api/v1/directory/gaps", params={"hours": "noon"})).status_code == 422


def test_those_never_checked_come_first_then_the_oldest_and_the_defunct_not_at_all() -> None:
    found = list(stale(source(partners(checked)), date(2020, 5, 6)))
    assert {each.worth.value for each in found[:-2]} == {"never"}
    assert [(each.service_id, each.worth.value) for each in found[-2:]] == [
        ("svc-dva-network", "lapsed"),
        ("svc-dva-doorstep", "due"),
    ]
    assert {"svc-kakou", FOOD_BANK}.isdisjoint(each.service_id for each in found)


async def test_services_that_want_checking_are_told(world: World) -> None:
    await load(world)
    last = (await get(world, "stale"))[-1]
    assert last == {
        "service_id": "svc-dva-doorstep",
        "service_name": "Volunteer doorstep help (shopping, prescriptions, pets)",
        "organization_id": "org-dva",
        "organization_name": "Derbyshire Voluntary Action (DVA)",
        "assurance": "due",
        "assured_date": "2020-04-01",
        "source": None,
    }


async def test_the_log_says_once_a_day_how_many_want_checking(world: World) -> None:
    await load(world)
    work = Staleness(world.database, world.clock)
    with capture_logs() as logs:
        await work.run_once()
        await work.run_once()
        world.clock.move(24 * 3600)
        await work.run_once()
    told = [(each["state"], each["count"]) for each in logs if each["event"] == "directory.stale_found"]
    assert told == 2 * [("due", 1), ("lapsed", 1), ("never", 116)]
    assert REGISTRY.get_sample_value("waymark_directory_stale", {"state": "never"}) == 116


async def test_without_a_directory_nothing_is_looked_at(world: World) -> None:
    async with world.database.begin(Origin("test")) as tx:
        await tx.connection.execute(tx.database.metadata.tables["configuration"].delete())
    assert await Staleness(world.database, world.clock).run_once() is False
