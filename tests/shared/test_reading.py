"""A transaction that only reads: it sees one moment, and nobody waits for it."""

from sqlalchemy import func, select

from shared.db import Transaction
from tests.shared.world import EFFECTS, REQUEST, OpenDatabase


async def test_what_others_write_meanwhile_is_kept_at_once_and_not_seen(open_database: OpenDatabase) -> None:
    database = await open_database()
    async with database.reading(REQUEST) as reader:
        assert await effects(reader) == 0
        async with database.begin(REQUEST) as writer:
            await writer.connection.execute(EFFECTS.insert().values(key="K7Q2-8MX", reason="moved away"))
        assert await effects(reader) == 0
    async with database.reading(REQUEST) as reader:
        assert await effects(reader) == 1


async def effects(tx: Transaction) -> int:
    count: int = (await tx.connection.execute(select(func.count()).select_from(EFFECTS))).scalar_one()
    return count
