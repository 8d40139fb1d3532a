"""Calls to intake's interface, and what it tells of them."""

import json
from dataclasses import replace
from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import select

from services.intake.domain.progress import Progress
from services.intake.store.tables import outbox, referral
from shared.clock import new_id
from tests.intake.builders import a_body, a_progress
from tests.intake.conftest import World

REFERRALS = "/api/v1/referrals"


async def post(client: AsyncClient, body: Any, path: str = REFERRALS, key: str | None = None) -> Response:  # JSON
    return await client.post(path, json=body, headers={"Idempotency-Key": key or str(new_id())})


async def submitted(world: World, **changes: Any) -> Progress:  # JSON
    """A referral that was accepted, as far as news of it needs to know it."""
    body = (await post(world.client, a_body(**changes))).json()
    needs = tuple(need["code"] for need in body["needs"])
    progress = a_progress(reference=body["reference"], needs=needs)
    async with world.database.engine.connect() as connection:
        found = (
            await connection.execute(select(referral.c.id).where(referral.c.reference == body["reference"]))
        ).scalar_one()
    return replace(progress, id=found)


async def told(world: World) -> list[tuple[str, dict[str, Any]]]:  # JSON
    """Type and content of every event that intake has told."""
    async with world.database.engine.connect() as connection:
        rows = (await connection.execute(select(outbox.c.headers, outbox.c.body).order_by(outbox.c.seq))).all()
    return [(headers["ce_type"], json.loads(body)) for headers, body in rows]
