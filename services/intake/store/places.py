"""Where postcodes lie, in the database: unit postcodes as rows, sectors and outcodes as one document of the county."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select, tuple_, update

from services.intake.domain.places import AreaPlace, PlaceTable, UnitPlace
from services.intake.store.statements import UNITS
from services.intake.store.tables import unit, unit_release
from shared.db import Transaction
from shared.errors import Conflict

AREAS_DOCUMENT = "areas.json"
NEWEST = select(func.max(unit_release.c.id)).scalar_subquery()


async def units(tx: Transaction, codes: Sequence[str]) -> Mapping[str, UnitPlace]:
    """Those of `codes` that are unit postcodes the county knows; codes of other forms do no harm."""
    wanted = [code for code in codes if len(code) >= 5 and " " not in code]
    if not wanted:
        return {}
    rows = await tx.connection.execute(UNITS, {"codes": wanted})
    return {row.code: UnitPlace(row.district, row.terminated, row.ward, row.lsoa) for row in rows}


@dataclass(frozen=True, slots=True)
class Release:
    """One load of unit postcodes: what it is called, and how many they are."""

    id: int
    name: str
    units: int


NONE_YET = Release(0, "", 0)


async def release_in_force(tx: Transaction) -> Release:
    """The release by which postcodes are looked up; NONE_YET before any was loaded."""
    newest = unit_release.c.id.desc()
    query = select(unit_release).where(unit_release.c.loaded_at.is_not(None)).order_by(newest).limit(1)
    row = (await tx.connection.execute(query)).first()
    return Release(row.id, row.name, row.units) if row else NONE_YET


async def begin_release(tx: Transaction, name: str) -> int:
    """The id of a new release, empty and not in force. Of several loads at a time only the one begun last is kept."""
    added = await tx.connection.execute(unit_release.insert().values(name=name).returning(unit_release.c.id))
    return int(added.scalar_one())


async def add_units(tx: Transaction, release_id: int, batch: Mapping[str, UnitPlace]) -> None:
    """Add places by code (without space) to a release; a code given again counts as given last."""
    statement = tx.insert(unit)
    changes = {name: statement.excluded[name] for name in ("district", "terminated", "ward", "lsoa")}
    values = [{"release_id": release_id, "code": code, **asdict(place)} for code, place in batch.items()]
    await tx.connection.execute(
        statement.on_conflict_do_update(index_elements=["release_id", "code"], set_=changes), values
    )


async def count_units(tx: Transaction, release_id: int) -> int:
    """How many unit postcodes a release has."""
    query = select(func.count()).select_from(unit).where(unit.c.release_id == release_id)
    return int(await tx.connection.scalar(query) or 0)


async def put_in_force(tx: Transaction, release_id: int, units: int) -> None:
    """From the end of this transaction, look postcodes up in it. Raises Conflict if another release was begun since."""
    if release_id != await tx.connection.scalar(select(NEWEST)):
        raise Conflict("release-given-up", "Another load of postcodes was begun meanwhile, so this one is given up.")
    done = update(unit_release).where(unit_release.c.id == release_id).values(units=units, loaded_at=tx.instant)
    await tx.connection.execute(done)


async def remove_some(tx: Transaction, limit: int, given_up: int | None = None) -> int:
    """Delete up to `limit` unit postcodes, and answer how many: of every release but the one in force and the newest,
    which may be on its way unless it is the one `given_up`."""
    newest = await tx.connection.scalar(select(NEWEST))
    kept = {(await release_in_force(tx)).id, newest or 0} - {given_up}
    over = select(unit_release.c.id).where(unit_release.c.id.not_in(kept))
    ids = (await tx.connection.scalars(over)).all()
    key = (unit.c.release_id, unit.c.code)
    some = select(*key).where(unit.c.release_id.in_(ids)).limit(limit)
    return (await tx.connection.execute(delete(unit).where(tuple_(*key).in_(some)))).rowcount


def areas_document(areas: PlaceTable) -> str:
    """Sectors and outcodes as the text to keep with the county's other documents."""
    tables = {"sectors": areas.sectors, "outcodes": areas.outcodes}
    return json.dumps({name: {code: asdict(area) for code, area in table.items()} for name, table in tables.items()})


def read_areas(document: str) -> PlaceTable:
    """Sectors and outcodes of `areas_document`, without any unit."""
    tables = {
        name: {
            code: AreaPlace(tuple((d, s) for d, s in area["shares"]), area["resolved"]) for code, area in table.items()
        }
        for name, table in json.loads(document).items()
    }
    return PlaceTable(units={}, sectors=tables["sectors"], outcodes=tables["outcodes"])
