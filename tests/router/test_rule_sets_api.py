"""Versions of the rules by API: drafted, checked, approved by somebody else, put in force, and gone back from."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import func, select

from services.router.main import load_documents
from services.router.store.tables import configuration
from services.router.use_cases.publishing import Word
from shared.clock import new_id
from shared.document_set import read_folder, unpacked, version_of
from shared.events import RuleSetPublished
from tests.compare import Json
from tests.router.builders import NOON, a_submission
from tests.router.conftest import Hands, World
from tests.router.rules.builders import COUNTY_DIRECTORY

RULE_SETS = "/api/v1/rule-sets"
FOLDER = read_folder(COUNTY_DIRECTORY)
LIMIT, LOWER = "  declines_limit: 3", "  declines_limit: 2"
CHANGED = FOLDER["rules.yaml"].replace(LIMIT, LOWER)
WORD = {"by": "lead-1", "reason": "Three calls are one too many."}


async def post(world: World, path: str, key: str | None = None, **body: object) -> Response:
    headers = {"Idempotency-Key": key or str(new_id())}
    return await world.client.post(f"{RULE_SETS}{path}", json=body, headers=headers)


async def drafted(world: World, rules: str = CHANGED) -> str:
    answer = await post(world, "", documents={"rules.yaml": rules}, **WORD)
    assert answer.status_code == 201, answer.text
    version: str = answer.json()["version"]
    return version


async def approved(world: World, rules: str = CHANGED) -> str:
    version = await drafted(world, rules)
    assert (await post(world, f"/{version}/approve", by="lead-2")).status_code == 200
    return version


async def listed(world: World) -> dict[str, Any]:  # JSON
    answer: dict[str, Any] = (await world.client.get(RULE_SETS)).json()
    return answer


def problem(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def decided_by(world: World) -> str:
    event = a_submission()
    await world.hear(event)
    version: str = (await world.client.get(f"/api/v1/decisions/{event.reference}")).json()["rule_set"]
    return version


async def test_a_folder_that_was_loaded_is_the_first_version(world: World) -> None:
    answer = await listed(world)
    assert answer["in_force"] == version_of(FOLDER) == await decided_by(world)
    [only] = answer["history"]
    assert (only["entry"], only["published_by"], only["until"]) == ("loaded", "load-directory", None)
    assert [each["stage"] for each in answer["rule_sets"]] == ["loaded"]
    assert (await world.client.get(f"{RULE_SETS}/{version_of(FOLDER)}")).json()["stage"] == "loaded"
    assert (await world.client.get(f"{RULE_SETS}/{version_of(FOLDER)}/documents")).json() == FOLDER


async def test_a_version_goes_live_once_somebody_else_has_approved_it(world: World, clock: Hands) -> None:
    version = await drafted(world)
    assert version == version_of(FOLDER | {"rules.yaml": CHANGED})
    clock.move(60)
    approval = await post(world, f"/{version}/approve", by="lead-2")
    assert (approval.json()["stage"], approval.json()["approved_by"]) == ("approved", "lead-2")
    assert await decided_by(world) == version_of(FOLDER)
    answer = await post(world, f"/{version}/publish", **WORD)
    assert answer.status_code == 200, answer.text
    assert answer.json()["effective_from"] == "2020-05-06T11:01:00Z"
    assert await decided_by(world) == version == (await listed(world))["in_force"]
    assert [each["until"] for each in (await listed(world))["history"]] == ["2020-05-06T11:01:00Z", None]


async def test_who_drafted_it_cannot_approve_it(world: World) -> None:
    version = await drafted(world)
    assert problem(await post(world, f"/{version}/approve", by="lead-1")) == (409, "second_person_needed")
    assert problem(await post(world, f"/{version}/publish", **WORD)) == (409, "rule_set_not_ready")


async def test_what_is_approved_is_not_approved_again(world: World) -> None:
    version = await approved(world)
    assert problem(await post(world, f"/{version}/approve", by="lead-3")) == (409, "rule_set_not_ready")


async def test_a_draft_with_errors_is_kept_with_what_is_wrong_and_goes_no_further(world: World) -> None:
    answer = await post(world, "", documents={"rules.yaml": FOLDER["rules.yaml"].replace(LIMIT, "  x: 3")}, **WORD)
    assert (answer.status_code, answer.json()["stage"]) == (201, "draft")
    [finding, *_] = answer.json()["findings"]
    assert (finding["severity"], finding["file"]) == ("error", "rules.yaml")
    assert finding["line"] > 1
    version = answer.json()["version"]
    assert problem(await post(world, f"/{version}/approve", by="lead-2")) == (409, "rule_set_not_ready")
    assert problem(await post(world, f"/{version}/publish", **WORD)) == (409, "rule_set_not_ready")
    assert (await world.client.get(f"{RULE_SETS}/{version}")).json() == answer.json()


async def test_what_another_service_cannot_read_is_an_error_too(world: World) -> None:
    answer = await post(world, "", documents={"intake.yaml": None}, **WORD)
    assert [(each["severity"], each["file"]) for each in answer.json()["findings"]][:1] == [("error", None)]
    assert "intake.yaml" in answer.json()["findings"][0]["sentence"]
    assert answer.json()["stage"] == "draft"


async def test_the_same_documents_are_the_same_version_and_stay_its_authors(world: World) -> None:
    first = await drafted(world)
    answer = await post(world, "", documents={"rules.yaml": CHANGED}, base=first, by="lead-3", reason="The same.")
    assert (answer.json()["version"], answer.json()["drafted_by"]) == (first, "lead-1")
    assert len((await listed(world))["rule_sets"]) == 2


async def test_a_version_comes_into_force_at_its_time_and_not_before(world: World, clock: Hands) -> None:
    version = await approved(world)
    at = NOON + timedelta(hours=2)
    assert (await post(world, f"/{version}/publish", effective_from=at.isoformat(), **WORD)).status_code == 200
    clock.at = at - timedelta(microseconds=1)
    assert await decided_by(world) == version_of(FOLDER)
    clock.at = at
    assert await decided_by(world) == version


async def test_a_time_is_taken_once_and_never_in_the_past(world: World, clock: Hands) -> None:
    first, second = await approved(world), await approved(world, CHANGED + "# Another.\n")
    at = (NOON + timedelta(hours=2)).isoformat()
    assert (await post(world, f"/{first}/publish", effective_from=at, **WORD)).status_code == 200
    assert problem(await post(world, f"/{second}/publish", effective_from=at, **WORD)) == (409, "effective_time_taken")
    past = await post(world, f"/{second}/publish", effective_from=clock.at.isoformat(), **WORD)
    assert problem(past) == (422, "effective_time_past")
    naive = await post(world, f"/{second}/publish", effective_from="2020-05-07T10:00:00", **WORD)
    assert problem(naive) == (422, "validation_failed")


async def test_what_is_withdrawn_never_comes_into_force(world: World, clock: Hands) -> None:
    version, at = await approved(world), NOON + timedelta(hours=2)
    await post(world, f"/{version}/publish", effective_from=at.isoformat(), **WORD)
    clock.move(60)
    answer = await post(world, f"/{version}/withdraw", **WORD)
    assert answer.json()["version"] == version_of(FOLDER)
    assert problem(await post(world, f"/{version}/withdraw", **WORD)) == (409, "rule_set_not_in_force")
    clock.at = at
    assert await decided_by(world) == version_of(FOLDER)
    assert [each["withdrawn_by"] for each in (await listed(world))["history"]] == [None, "lead-1"]


async def test_one_step_leads_back_and_stays_in_the_history(world: World, clock: Hands) -> None:
    version = await approved(world)
    clock.move(60)
    await post(world, f"/{version}/publish", **WORD)
    clock.move(60)
    answer = await post(world, f"/{version}/rollback", by="lead-3", reason="It refuses too soon.")
    assert (answer.status_code, answer.json()["version"]) == (200, version_of(FOLDER))
    assert await decided_by(world) == version_of(FOLDER)
    again = await post(world, f"/{version}/rollback", by="lead-3", reason="It refuses too soon.")
    assert problem(again) == (409, "rule_set_not_in_force")
    assert [(each["entry"], each["published_by"]) for each in (await listed(world))["history"]] == [
        ("loaded", "load-directory"), ("published", "lead-1"), ("rolled_back", "lead-3"),
    ]  # fmt: skip
    clock.move(60)
    first = await post(world, f"/{version_of(FOLDER)}/rollback", **WORD)
    assert problem(first) == (404, "not_found")


async def test_a_version_that_is_left_does_not_come_back_by_itself(world: World, clock: Hands) -> None:
    version, later = await approved(world), NOON + timedelta(hours=2)
    clock.move(60)
    await post(world, f"/{version}/publish", **WORD)
    await post(world, f"/{version}/publish", effective_from=later.isoformat(), **WORD)
    clock.move(60)
    assert (await post(world, f"/{version}/rollback", by="lead-3", reason="It is wrong.")).status_code == 200
    assert [each["withdrawn_by"] for each in (await listed(world))["history"]] == [None, None, "lead-3", None]
    clock.at = later
    assert await decided_by(world) == version_of(FOLDER)


async def test_a_folder_that_was_only_loaded_is_approved_once_somebody_has_drafted_it(
    world: World, clock: Hands
) -> None:
    clock.move(60)
    await post(world, f"/{await approved(world)}/publish", **WORD)
    other = CHANGED + "# Another.\n"
    loaded = await load_documents(world.database, FOLDER | {"rules.yaml": other}, Word("load-directory", "A start."))
    alone = await post(world, f"/{loaded.version}/approve", by="lead-1")
    assert problem(alone) == (409, "second_person_needed")
    assert await drafted(world, other) == loaded.version
    assert problem(await post(world, f"/{loaded.version}/approve", by="lead-1")) == (409, "second_person_needed")
    assert (await post(world, f"/{loaded.version}/approve", by="lead-2")).status_code == 200


async def test_a_publication_that_is_sent_twice_counts_once(world: World, clock: Hands) -> None:
    version = await approved(world)
    clock.move(60)
    first, second = [await post(world, f"/{version}/publish", key="publish-once", **WORD) for _ in range(2)]
    assert (first.json(), second.headers["Idempotency-Replayed"]) == (second.json(), "true")
    async with world.database.engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(configuration)) == 2


async def test_the_other_services_are_told_with_all_documents(world: World, clock: Hands) -> None:
    version = await approved(world)
    clock.move(60)
    await post(world, f"/{version}/publish", **WORD)
    outbox = world.database.outbox
    async with world.database.engine.connect() as connection:
        [body] = (await connection.scalars(select(outbox.c.body).where(outbox.c.key == "rule-set"))).all()
    event = RuleSetPublished.model_validate_json(body)
    assert (event.version, event.effective_from) == (version, clock.at)
    assert version_of(unpacked(event.documents)) == version


async def test_a_folder_does_not_undo_what_people_published(world: World, clock: Hands) -> None:
    version = await approved(world)
    clock.move(60)
    await post(world, f"/{version}/publish", **WORD)
    clock.move(60)
    other = FOLDER | {"rules.yaml": CHANGED + "# Another.\n"}
    loaded = await load_documents(world.database, other, Word("load-directory", "A start."))
    assert not loaded.in_force
    assert await decided_by(world) == version
    assert [each["stage"] for each in (await listed(world))["rule_sets"] if each["version"] == loaded.version] == [
        "checked"
    ]
    taken = await load_documents(world.database, other, Word("lead-1", "Back to the folder."), take_over=True)
    assert taken.in_force
    assert await decided_by(world) == taken.version


@pytest.mark.parametrize(
    "body",
    [
        {"documents": {"../rules.yaml": "a"}, **WORD},
        {"documents": {"rules.yaml": 3}, **WORD},
        {"documents": {}, "by": "Lead One", "reason": "No code."},
        {"documents": {}, "by": "lead-1"},
    ],
)
async def test_what_is_not_well_formed_is_refused(world: World, body: Json) -> None:
    assert problem(await post(world, "", **body)) == (422, "validation_failed")


async def test_of_an_unknown_version_nothing_is_known(world: World) -> None:
    for answer in (
        await world.client.get(f"{RULE_SETS}/{'0' * 64}"),
        await world.client.get(f"{RULE_SETS}/{'0' * 64}/documents"),
        await post(world, f"/{'0' * 64}/approve", by="lead-2"),
        await post(world, f"/{'0' * 64}/publish", **WORD),
    ):
        assert problem(answer) == (404, "not_found")
