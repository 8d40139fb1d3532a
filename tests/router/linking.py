"""Links to assignments as they are sent, and what is found behind them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from httpx import Response
from sqlalchemy import select

from shared.clock import new_id
from shared.links import Link
from tests.links import SIGNER
from tests.router.builders import NOON
from tests.router.conftest import World
from tests.router.html import Page
from tests.router.test_answering import BY
from tests.router.test_api import ASSIGNMENTS

Assignment = Mapping[str, Any]  # JSON


ACCEPT, DECLINE = {"answer": "accept"}, {"answer": "decline", "reason": "not_eligible"}
LASTS = timedelta(days=3)
HELP_PHONE = "0808 157 0199"


def link_of(assignment: Assignment, **changed: Any) -> Link:  # of the type of each field
    """The link of the e-mail that told of an assignment, for three days."""
    made = Link("answer", UUID(assignment["id"]), assignment["service_id"], message_of(assignment), NOON + LASTS)
    return replace(made, **changed)


def message_of(assignment: Assignment, contact: str = "one") -> UUID:
    return uuid5(UUID(assignment["id"]), contact)


def path_of(assignment: Assignment, **changed: Any) -> str:  # as above
    return f"/r/{SIGNER.sign(link_of(assignment, **changed))}"


async def look(world: World, path: str) -> tuple[int, Page]:
    return page_in(await world.client.get(path))


def page_in(answered: Response) -> tuple[int, Page]:
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    return answered.status_code, Page.read(answered.text)


async def send(world: World, path: str, form: Mapping[str, str]) -> Response:
    return await world.client.post(path, data=dict(form))


async def everything(world: World) -> list[object]:
    """Every row of the router's database."""
    async with world.database.engine.connect() as connection:
        tables = world.database.metadata.sorted_tables
        return [[tuple(row) for row in await connection.execute(select(table))] for table in tables]


async def revoke(world: World, assignment: Assignment, **body: object) -> Response:
    headers = {"Idempotency-Key": str(new_id())}
    whole = BY | {"role": "staff", "reason": "wrong_recipient"} | body
    return await world.client.post(f"{ASSIGNMENTS}/{assignment['id']}/links/revoke", json=whole, headers=headers)
