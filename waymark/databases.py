"""The databases of the three services, as a command opens them for a moment."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import MetaData

from services.intake.store.tables import metadata as intake_metadata
from services.notifier.store.tables import metadata as notifier_metadata
from services.router.store.tables import metadata as router_metadata
from shared.clock import new_id, utc_now
from shared.db import Database
from waymark.names import ServiceName
from waymark.urls import database_url

METADATA: Mapping[ServiceName, MetaData] = {
    ServiceName.INTAKE: intake_metadata,
    ServiceName.ROUTER: router_metadata,
    ServiceName.NOTIFIER: notifier_metadata,
}


@asynccontextmanager
async def opened(name: ServiceName, data: Path | None = None) -> AsyncIterator[Database]:
    """One service's database: that of the settings, or of an embedded system when its folder is given."""
    database = Database(name, database_url(name, data), METADATA[name], now=utc_now, new_id=new_id, pool_size=2)
    try:
        yield database
    finally:
        await database.close()
