"""How Alembic reaches a service's database: one environment for the three sections of alembic.ini."""

import asyncio
from importlib import import_module

from alembic import context
from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# Two replicas may start, and migrate, at the same moment.
MIGRATION_LOCK = 7_761_796_102


def metadata() -> MetaData:
    """The tables of the service whose section of alembic.ini is in use."""
    service = context.config.config_ini_section
    found = import_module(f"services.{service}.store.tables").metadata
    assert isinstance(found, MetaData)
    return found


def url() -> str:
    """The database's URL, from shared/migrations.py or from the command line (-x url=...)."""
    given = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    if not given:
        raise SystemExit("Which database? Add -x url=postgresql+asyncpg://… or -x url=sqlite+aiosqlite:///…")
    return str(given)


def migrate(connection: Connection) -> None:
    """Run what was asked for, each migration in a transaction of its own."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        compare_type=True,
        # SQLite changes a table by writing it anew.
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    """Connect, migrate, and close the connection, which also frees the lock."""
    engine = create_async_engine(url(), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


def offline() -> None:
    """Print the SQL instead (--sql)."""
    context.configure(url=url(), target_metadata=metadata(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    offline()
else:
    asyncio.run(online())
