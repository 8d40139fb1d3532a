"""Loads a release of unit postcodes beside the one in force, in short transactions, and then puts it in its place."""

from collections.abc import Callable, Iterable
from itertools import chain, islice
from pathlib import Path

from services.intake.configuration import read_units
from services.intake.domain.places import UnitPlace
from services.intake.store.places import (
    add_units,
    begin_release,
    count_units,
    put_in_force,
    release_in_force,
    remove_some,
)
from shared.db import Database
from shared.envelope import Origin
from shared.errors import Refused, WaymarkError

UNITS_AT_ONCE = 10_000
REMOVED_AT_ONCE = 100_000
# A release with fewer than this share of the one before is thought to be cut, or a sample.
SHARE_EXPECTED = 0.9
FIRST = "county folder"


async def load_postcodes(
    database: Database,
    file: Path,
    *,
    name: str | None = None,
    fewer: bool = False,
    seen: Callable[[int], None] | None = None,
) -> int:
    """Make the unit postcodes of `file` (any layout that `read_units` knows) the only ones; how many.

    Referrals go by the old ones until the last is there. The release is called `name`, else as the file is. `seen` is
    told now and then how many bytes were read. Raises Refused, naming file and line, and then nothing has changed; also
    where they are far fewer than those of the last file, unless `fewer` says so; and Conflict, where another load was
    begun meanwhile.
    """
    return await _load(database, name or file.name.split(".")[0], read_units(file, seen), fewer=fewer)


async def load_first_postcodes(database: Database, directory: Path) -> int:
    """Load the unit postcodes of every file in the county's folder `places`, unless there are some; how many there are
    now. Raises Refused, naming file and line."""
    async with database.begin(_by_hand(database)) as tx:
        known = (await release_in_force(tx)).units
    files = sorted((directory / "places").glob("*.csv*"))
    return known or await _load(database, FIRST, chain.from_iterable(map(read_units, files)), fewer=True)


async def _load(database: Database, name: str, units: Iterable[tuple[str, UnitPlace]], *, fewer: bool) -> int:
    async with database.begin(_by_hand(database)) as tx:
        before = await release_in_force(tx)
        release_id = await begin_release(tx, name[:64])
    # What a load left that was killed.
    await _remove(database)
    try:
        count = await _add(database, release_id, units)
        if not fewer and before.name != FIRST and count < before.units * SHARE_EXPECTED:
            raise Refused(
                "fewer-postcodes",
                f"{name} has {count:,} unit postcodes, and {before.name}, which is in force, {before.units:,}. "
                "Nothing was changed. If it is right so, load it with --fewer.",
            )
        async with database.begin(_by_hand(database)) as tx:
            await put_in_force(tx, release_id, count)
    except WaymarkError:
        await _remove(database, given_up=release_id)
        raise
    await _remove(database)
    return count


async def _add(database: Database, release_id: int, units: Iterable[tuple[str, UnitPlace]]) -> int:
    remaining = iter(units)
    while batch := dict(islice(remaining, UNITS_AT_ONCE)):
        async with database.begin(_by_hand(database)) as tx:
            await add_units(tx, release_id, batch)
    async with database.begin(_by_hand(database)) as tx:
        return await count_units(tx, release_id)


async def _remove(database: Database, *, given_up: int | None = None) -> None:
    while True:
        async with database.begin(_by_hand(database)) as tx:
            if await remove_some(tx, REMOVED_AT_ONCE, given_up) < REMOVED_AT_ONCE:
                return


def _by_hand(database: Database) -> Origin:
    return Origin(correlation_id=str(database.new_id()))
