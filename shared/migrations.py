"""Brings a service's database to this version's schema, and tells whether it is there."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from shared.db import Database

ALEMBIC_INI = Path(__file__).parent.parent / "alembic.ini"


def upgrade(service: str, url: str) -> None:
    """Apply what is missing of `service`'s migrations to the database at `url`; safe for several processes at once.

    Alembic's environment runs an event loop of its own, hence the thread; and it is global, so one call at a time.
    """
    config = _config(service)
    config.attributes["url"] = url
    with ThreadPoolExecutor(1) as thread:
        thread.submit(command.upgrade, config, "head").result()


async def is_current(database: Database) -> bool:
    """Whether the database's schema is the one that this version of its service needs."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_revision) == head(database.name)


@cache
def head(service: str) -> str | None:
    """The newest revision among `service`'s migrations, None when there are none."""
    return ScriptDirectory.from_config(_config(service)).get_current_head()


def _config(service: str) -> Config:
    return Config(ALEMBIC_INI, ini_section=service)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
