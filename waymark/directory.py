"""What operators and commissioners do with the directory: taking it in and out by the field's standard."""

from collections.abc import Mapping
from pathlib import Path

import httpx

from services.router.configuration.documents import read_documents
from services.router.domain.coverage import Cell, coverage
from services.router.feed import build_feed
from services.router.openreferral.exporting import write_export
from services.router.openreferral.fetching import fetch, getter
from services.router.openreferral.filters import Find
from services.router.openreferral.importing import Draft, draft, write
from services.router.openreferral.payload import services_in
from services.router.openreferral.publishing import Publisher
from services.router.openreferral.source import Source, read_source
from services.router.openreferral.stale import Stale, stale
from services.router.settings import FeedSettings
from services.router.store.tables import metadata
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.documents import current_documents
from shared.envelope import Origin
from shared.errors import Refused, Unavailable
from shared.log import get_logger, set_up_logging
from shared.settings import read_settings
from waymark.names import ServiceName
from waymark.serving import HttpServer
from waymark.spots import read_spots
from waymark.urls import database_url

FETCH_TIMEOUT_S = 30
FEED_URL = "http://127.0.0.1:8010"


async def source_of(directory: Path | None, data: Path | None) -> Source:
    """The directory of a county's folder, or the one in force when no folder is given. Raises Refused, Unavailable."""
    return read_source(read_documents(directory) if directory is not None else await in_force(data))


async def in_force(data: Path | None) -> Mapping[str, str]:
    """The router's documents in force. Raises Unavailable when none were loaded."""
    url = database_url(ServiceName.ROUTER, data)
    database = Database(ServiceName.ROUTER, url, metadata, now=utc_now, new_id=new_id, pool_size=1)
    try:
        async with database.begin(Origin("directory")) as tx:
            found = await current_documents(tx)
    finally:
        await database.close()
    if found is None:
        raise Unavailable("configuration-missing", "No directory is loaded. Run: waymark load-directory DIR")
    return found


async def export(to: Path, directory: Path | None, data: Path | None, feed_url: str) -> str:
    """Write the public directory to a .json file or a folder of tables; a sentence on what was written."""
    source = await source_of(directory, data)
    write_export(Publisher(source, feed_url), source.county.today(utc_now()), to)
    return f"{sum(1 for _ in source.listed())} services written to {to}"


async def plan_import(what: str, directory: Path, name: str | None, many_gone: bool) -> Draft:
    """What an import of a file or of a feed would make of a county's folder. Raises Refused."""
    rows = await _from_feed(what) if what.startswith(("http://", "https://")) else _from_file(Path(what))
    today = read_source(read_documents(directory)).county.today(utc_now())
    return draft(directory, rows, name=name, today=today, many_gone=many_gone)


def keep_import(planned: Draft, directory: Path, into: Path) -> None:
    """Write the county's folder as it would be after the import. Raises Refused when there is something already."""
    write(planned, directory, into)


async def gaps(directory: Path | None, data: Path | None, age: int | None) -> list[Cell]:
    """Who is there for every need in every district at which hours. Raises Refused, Unavailable."""
    return list(coverage((await source_of(directory, data)).county, age))


async def stale_services(directory: Path | None, data: Path | None) -> list[Stale]:
    """Services whose details nobody has checked lately. Raises Refused, Unavailable."""
    source = await source_of(directory, data)
    return list(stale(source, source.county.today(utc_now())))


async def serve_feed(host: str, port: int, data: Path | None, postcodes: Path | None) -> None:
    """Serve the public feed until SIGTERM or Ctrl-C."""
    given = {} if data is None else {"router_database_url": database_url(ServiceName.ROUTER, data)}
    settings = read_settings(FeedSettings, **given)
    set_up_logging(settings.log_level)
    app = build_feed(settings, now=utc_now, new_id=new_id, find=await _find(postcodes, data))
    async with HttpServer(app, host, port) as server:
        get_logger().info("service.started", service="feed", port=port)
        await server.until_stopped()
    get_logger().info("service.stopped", service="feed")


async def _find(postcodes: Path | None, data: Path | None) -> Find | None:
    if postcodes is None:
        return None
    county = (await source_of(None, data)).county
    return read_spots(postcodes, {*county.districts, *county.renamed})


async def _from_feed(url: str) -> list[object]:
    async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as client:
        return await fetch(url, getter(client))


def _from_file(file: Path) -> list[object]:
    try:
        return services_in(file.read_bytes(), file.name)
    except OSError as error:
        raise Refused("import-away", f"{file} cannot be read ({error.strerror}).") from None
