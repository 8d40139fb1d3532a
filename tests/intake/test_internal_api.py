"""The address for an update over HTTP: for whoever has the secret, and for nobody else."""

from typing import Any

import pytest
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import select

from services.intake.settings import IntakeSettings
from services.intake.store.tables import outbox, timeline
from shared.clock import new_id
from shared.envelope import Origin
from shared.events import UpdateDue
from tests.intake.builders import a_body
from tests.intake.conftest import World

TOKEN = "a secret of tests"
ASKED = {"person": {"name": "Maureen", "email": "maureen@riley.example"}, "updates": {"resident": True}}


@pytest.fixture
def settings(settings: IntakeSettings) -> IntakeSettings:
    return settings.model_copy(update={"contacts_token": SecretStr(TOKEN)})


async def submit(world: World, **changes: Any) -> dict[str, Any]:  # JSON
    headers = {"Idempotency-Key": str(new_id())}
    answer = await world.client.post("/api/v1/referrals", json=a_body(**changes), headers=headers)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def due(world: World) -> list[UpdateDue]:
    async with world.database.begin(Origin("test")) as tx:
        rows = (await tx.connection.execute(select(outbox).order_by(outbox.c.seq))).all()
    return [UpdateDue.model_validate_json(row.body) for row in rows if row.headers["ce_type"] == UpdateDue.type]


async def ask(world: World, update_id: object, authorization: bytes | None = f"Bearer {TOKEN}".encode()) -> Response:
    headers = {b"Authorization": authorization} if authorization is not None else {}
    return await world.client.post(f"/internal/v1/updates/{update_id}/contact", headers=headers)


async def disclosed(world: World) -> int:
    async with world.database.begin(Origin("test")) as tx:
        rows = await tx.connection.execute(select(timeline).where(timeline.c.kind == "contact_disclosed"))
        return len(rows.all())


async def test_a_receipt_says_who_will_be_told_and_by_what_way(world: World) -> None:
    assert (await submit(world, **ASKED))["updates"] == [{"who": "resident", "by": "email"}]
    assert (await submit(world, **ASKED, flags=["domestic_abuse"]))["updates"] == []
    assert (await submit(world))["updates"] == []


async def test_who_has_the_secret_gets_the_address_and_nothing_else(world: World) -> None:
    await submit(world, **ASKED)
    [update] = await due(world)
    answer = await ask(world, update.update_id)
    assert (answer.status_code, answer.json()) == (200, {"address": "maureen@riley.example"})
    assert answer.headers["cache-control"] == "no-store"
    assert await disclosed(world) == 1


@pytest.mark.parametrize(
    "authorization", [None, b"", f"Bearer {TOKEN}x".encode(), b"Bearer ", TOKEN.encode(), "Bearer é".encode()]
)
async def test_without_the_secret_nothing_is_told(world: World, authorization: bytes | None) -> None:
    await submit(world, **ASKED)
    [update] = await due(world)
    answer = await ask(world, update.update_id, authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert "maureen" not in answer.text
    assert await disclosed(world) == 0


async def test_what_may_no_longer_be_told_is_refused_with_the_reason(world: World) -> None:
    receipt = await submit(world, **ASKED)
    [update] = await due(world)
    cancelling = f"/api/v1/referrals/{receipt['reference']}/cancel"
    headers = {"Idempotency-Key": str(new_id())}
    await world.client.post(cancelling, json={"reason": "consent_withdrawn"}, headers=headers)
    answer = await ask(world, update.update_id)
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "not_to_be_told", "cancelled")
    assert "maureen" not in answer.text


async def test_an_update_that_is_not_there_is_not_found(world: World) -> None:
    assert (await ask(world, new_id())).json()["code"] == "not_found"


async def test_the_way_in_is_not_part_of_the_documented_interface(world: World) -> None:
    assert "internal" not in (await world.client.get("/openapi.json")).text


async def test_a_reference_tells_nobody_the_address(world: World) -> None:
    receipt = await submit(world, **ASKED, referrer={"name": "Bo Marsh", "email": "bo@surgery.example"})
    shown = (await world.client.get(f"/api/v1/referrals/{receipt['reference']}")).text
    assert "riley" not in shown
    assert "surgery" not in shown
