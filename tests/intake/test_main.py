"""Intake as a whole: what it needs to start, and what is loaded into it."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from services.intake.main import build, documents_from, draw_reference, load_directory, reseal
from services.intake.settings import IntakeSettings
from services.intake.store.referrals import ReferralTable
from services.intake.store.tables import configuration, referral
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.document_set import packed, read_folder, version_of
from shared.documents import current_version
from shared.envelope import Origin
from shared.errors import Refused
from shared.events import RuleSetPublished, Topic
from shared.reference import read_reference
from shared.vault import Tampered, Vault, rotate_file
from tests.intake.builders import KEYS, SHOPPING, a_body, a_referral
from tests.intake.conftest import COUNTY, Hands, OpenDatabase, World

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def database(open_database: OpenDatabase, database_url: str) -> Database:
    return await open_database(database_url)


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """A copy of the county's folder, to spoil."""
    return Path(shutil.copytree(COUNTY, tmp_path / "county"))


def throw_away_first_key(keys_file: Path) -> None:
    """As is done once nothing is sealed under it any more."""
    keys = json.loads(keys_file.read_text())
    del keys["fields"]["keys"]["k1"]
    keys_file.write_text(json.dumps(keys))


@SQLITE
def test_without_a_key_file_intake_does_not_start(settings: IntakeSettings, tmp_path: Path) -> None:
    unset = settings.model_copy(update={"keys_file": tmp_path / "none.json"})
    with pytest.raises(Refused, match="There is no key file"):
        build(unset, now=utc_now, new_id=new_id)


@SQLITE
async def test_intake_hears_the_router_and_the_notifier(world: World) -> None:
    assert {subscription.event.topic for subscription in world.service.subscriptions} == {
        Topic.ASSIGNMENTS,
        Topic.NOTIFICATIONS,
    }


def test_references_are_drawn_at_random() -> None:
    drawn = {draw_reference() for _ in range(200)}
    assert len(drawn) == 200
    assert all(read_reference(reference) == reference for reference in drawn)


async def test_loading_the_same_folder_twice_changes_nothing(database: Database) -> None:
    versions = {await load_directory(database, COUNTY) for _ in range(2)}
    async with database.engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(configuration)) == len(versions) == 1


@SQLITE
async def test_a_version_that_the_router_published_is_in_force_from_its_time(world: World, county: Path) -> None:
    texts = read_folder(county)
    changed = texts | {"intake.yaml": texts["intake.yaml"].replace("long_notes_over: 2000", "long_notes_over: 99")}
    at = world.clock() + timedelta(minutes=1)
    event = RuleSetPublished(version=version_of(changed), effective_from=at, documents=packed(changed))
    handlers = {subscription.event: subscription.handle for subscription in world.service.subscriptions}
    async with world.service.database.begin(Origin("published")) as tx:
        await handlers[RuleSetPublished](tx, event)
        assert await current_version(tx) == version_of(documents_from(texts))
    world.clock.move(60)
    async with world.service.database.begin(Origin("published")) as tx:
        assert await current_version(tx) == version_of(documents_from(changed))
        broken = event.model_copy(update={"documents": packed(texts | {"intake.yaml": "nonsense"})})
        with pytest.raises(Refused, match=r"intake\.yaml"):
            await handlers[RuleSetPublished](tx, broken)


@SQLITE
@pytest.mark.parametrize("file", ["intake.yaml", "districts.csv", "postcode_sectors.csv", "need_taxonomy.yaml"])
@pytest.mark.parametrize("content", [None, "", "nonsense\n", "\x00"])
async def test_a_folder_that_is_wrong_is_refused_and_the_old_one_stays(
    world: World, county: Path, file: str, content: str | None
) -> None:
    if content is None:
        (county / file).unlink()
    else:
        (county / file).write_text(content)
    with pytest.raises(Refused, match=file):
        await load_directory(world.database, county)
    answer = await world.client.post("/api/v1/referrals", json=a_body(), headers={"Idempotency-Key": str(new_id())})
    assert answer.status_code == 201


@SQLITE
async def test_a_new_folder_is_in_force_after_a_few_seconds(world: World, county: Path) -> None:
    async def flags() -> list[str]:
        body = a_body(notes="n" * 100)
        headers = {"Idempotency-Key": str(new_id())}
        found: list[str] = (await world.client.post("/api/v1/referrals", json=body, headers=headers)).json()["flags"]
        return found

    assert await flags() == []
    policy = county / "intake.yaml"
    policy.write_text(policy.read_text().replace("long_notes_over: 2000", "long_notes_over: 99"))
    await load_directory(world.database, county)
    assert await flags() == []
    world.clock.move(3)
    assert await flags() == ["long_notes"]


async def test_after_a_rotation_every_referral_can_be_put_under_the_new_key(
    database: Database, keys_file: Path, clock: Hands
) -> None:
    before = Vault.from_file(keys_file)
    stored = [a_referral() for _ in range(3)]
    async with database.begin(Origin("test")) as tx:
        for new in stored:
            await ReferralTable(tx, before, timedelta(minutes=1)).add(new)
    rotate_file(keys_file)
    assert [await reseal(database, keys_file) for _ in range(2)] == [3, 0]
    throw_away_first_key(keys_file)
    async with database.begin(Origin("test")) as tx:
        table = ReferralTable(tx, Vault.from_file(keys_file), timedelta(minutes=1))
        assert [await table.submission(new.progress.id) for new in stored] == [SHOPPING] * 3
        assert len(await table.matching(KEYS, clock())) == 3


@pytest.mark.parametrize("field", ["name", "notes"])
async def test_sealed_fields_that_were_swapped_between_two_referrals_do_not_open(
    database: Database, vault: Vault, field: str
) -> None:
    first, second = a_referral(), a_referral()
    async with database.begin(Origin("test")) as tx:
        table = ReferralTable(tx, vault, timedelta(minutes=1))
        await table.add(first)
        await table.add(second)
        stolen = await tx.connection.scalar(select(referral.c[field]).where(referral.c.id == first.progress.id))
        await tx.connection.execute(update(referral).where(referral.c.id == second.progress.id).values({field: stolen}))
        assert await table.submission(first.progress.id) == SHOPPING
        with pytest.raises(Tampered):
            await table.submission(second.progress.id)
