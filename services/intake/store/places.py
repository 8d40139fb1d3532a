"""Where postcodes lie, in the database: unit postcodes as rows, sectors and outcodes as one document of the county."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice

from sqlalchemy import func, select

from services.intake.domain.places import AreaPlace, PlaceTable, UnitPlace
from services.intake.store.statements import UNITS
from services.intake.store.tables import unit
from shared.db import Transaction

AREAS_DOCUMENT = "areas.json"
ROWS_AT_ONCE = 5_000


async def units(tx: Transaction, codes: Sequence[str]) -> Mapping[str, UnitPlace]:
    """Those of `codes` that are unit postcodes the county knows; codes of other forms do no harm."""
    wanted = [code for code in codes if len(code) >= 5 and " " not in code]
    if not wanted:
        return {}
    rows = await tx.connection.execute(UNITS, {"codes": wanted})
    return {row.code: UnitPlace(row.district, row.terminated) for row in rows}


async def count_units(tx: Transaction) -> int:
    """How many unit postcodes there are."""
    return int(await tx.connection.scalar(select(func.count()).select_from(unit)) or 0)


async def replace_units(tx: Transaction, rows: Iterable[tuple[str, UnitPlace]]) -> int:
    """Make `rows` (code without space, place) the unit postcodes there are; how many. A code given twice counts once,
    as given last. Referrals that arrive meanwhile go by the old ones until this transaction is kept."""
    await tx.connection.execute(unit.delete())
    remaining = iter(rows)
    while batch := dict(islice(remaining, ROWS_AT_ONCE)):
        statement = tx.insert(unit)
        changes = {name: statement.excluded[name] for name in ("district", "terminated")}
        values = [{"code": code, **asdict(place)} for code, place in batch.items()]
        await tx.connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changes), values)
    return await count_units(tx)


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
