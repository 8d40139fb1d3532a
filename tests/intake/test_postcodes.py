"""Unit postcodes are replaced by a newer release while referrals go on, or not at all."""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.intake.domain.places import UnitPlace
from services.intake.postcodes import load_first_postcodes, load_postcodes
from services.intake.store.places import add_units, begin_release, put_in_force, release_in_force, units
from services.intake.store.tables import unit
from shared.db import Database
from shared.envelope import Origin
from shared.errors import Conflict, Refused
from tests.intake.conftest import COUNTY, OpenDatabase

DATA = Path(__file__).parents[1] / "data"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HEADER = "pcds,lad_code,status\n"
MANY = [f"DE1 {number}{letter}A,E07000032,live" for number in range(10) for letter in "ABDE"]


@pytest.fixture
async def database(open_database: OpenDatabase, database_url: str) -> Database:
    return await open_database(database_url)


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """A copy of the county's folder, to spoil."""
    return Path(shutil.copytree(COUNTY, tmp_path / "county"))


def a_file(folder: Path, *rows: str, name: str = "units.csv") -> Path:
    file = folder / name
    file.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return file


async def known(database: Database, *codes: str) -> Mapping[str, UnitPlace]:
    async with database.begin(Origin("test")) as tx:
        return await units(tx, codes)


async def stored(database: Database) -> int:
    """How many rows there are, of all releases."""
    async with database.engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(unit))).scalar_one())


async def test_postcodes_are_replaced_as_a_whole(database: Database, tmp_path: Path) -> None:
    first = ("S40 1US,E07000034,live", "DE5 3ZN,E07000032,terminated", "S40 1US,E07000033,live")
    assert await load_postcodes(database, a_file(tmp_path, *first)) == 2
    assert await load_postcodes(database, a_file(tmp_path, "DE5 3ZN,E07000032,live"), fewer=True) == 1
    assert await known(database, "S401US", "DE53ZN", "DE5 3", "DE5") == {"DE53ZN": UnitPlace("E07000032")}
    assert await stored(database) == 1


async def test_a_file_that_breaks_off_changes_nothing_and_leaves_nothing(database: Database, tmp_path: Path) -> None:
    await load_postcodes(database, a_file(tmp_path, "S40 1US,E07000034,live"))
    with pytest.raises(Refused, match="line 3"):
        await load_postcodes(database, a_file(tmp_path, "DE5 3ZN,E07000032,live", "DE5 3"))
    assert await known(database, "S401US", "DE53ZN") == {"S401US": UnitPlace("E07000034")}
    assert await stored(database) == 1


async def test_a_file_with_far_fewer_postcodes_is_refused_unless_that_is_meant(
    database: Database, tmp_path: Path
) -> None:
    await load_postcodes(database, a_file(tmp_path, *MANY, name="ONSPD_NOV_2025_UK.csv"))
    with pytest.raises(Refused, match=r"few has 35 unit postcodes, and ONSPD_NOV_2025_UK, .* 40\..*--fewer"):
        await load_postcodes(database, a_file(tmp_path, *MANY[:35], name="few.csv"))
    assert await stored(database) == len(MANY)
    assert await load_postcodes(database, a_file(tmp_path, *MANY[:36])) == 36
    assert await load_postcodes(database, a_file(tmp_path, *MANY[:3]), fewer=True) == 3


async def test_referrals_go_by_the_old_release_until_the_new_one_is_whole(database: Database, tmp_path: Path) -> None:
    await load_postcodes(database, a_file(tmp_path, "S40 1US,E07000034,live"))
    async with database.begin(Origin("test")) as tx:
        release_id = await begin_release(tx, "half")
        await add_units(tx, release_id, {"S401US": UnitPlace("E07000033")})
    assert (await known(database, "S401US"))["S401US"].district == "E07000034"
    async with database.begin(Origin("test")) as tx:
        await put_in_force(tx, release_id, 1)
    assert (await known(database, "S401US"))["S401US"].district == "E07000033"


async def test_what_a_killed_load_left_is_gone_after_the_next(database: Database, tmp_path: Path) -> None:
    async with database.begin(Origin("test")) as tx:
        await add_units(tx, await begin_release(tx, "killed"), {"S401US": UnitPlace("E07000033")})
    await load_postcodes(database, a_file(tmp_path, "DE5 3ZN,E07000032,live"))
    assert await known(database, "S401US", "DE53ZN") == {"DE53ZN": UnitPlace("E07000032")}
    assert await stored(database) == 1


async def test_of_two_loads_side_by_side_the_one_begun_last_stands(database: Database, tmp_path: Path) -> None:
    async with database.begin(Origin("test")) as tx:
        earlier = await begin_release(tx, "earlier")
    await load_postcodes(database, a_file(tmp_path, "DE5 3ZN,E07000032,live"))
    with pytest.raises(Conflict, match="Another load"):
        async with database.begin(Origin("test")) as tx:
            await put_in_force(tx, earlier, 1)
    async with database.begin(Origin("test")) as tx:
        assert (await release_in_force(tx)).name == "units"


async def test_both_layouts_that_are_about_give_the_same_places(database: Database) -> None:
    """Made-up units of genuine sectors in the columns of August 2024 and of November 2025; terminated ones included."""
    found = []
    for release in ("2024-08", "2025-11"):
        assert await load_postcodes(database, DATA / f"onspd_sample_{release}.csv.gz") == 373
        found.append(await known(database, "DE110YZ", "S401US", "DE656WE", "S801AA"))
    assert found[0] == found[1]
    assert found[0]["DE110YZ"] == UnitPlace("E07000039", terminated=True)


@SQLITE
async def test_the_first_postcodes_are_all_that_the_folder_has_and_later_ones_stay(
    database: Database, county: Path
) -> None:
    for file in (county / "places").glob("*.gz"):
        file.unlink()
    more = a_file(county / "places", "ZE1 0AA,S12000027,live", name="more.csv")
    count = await load_first_postcodes(database, county)
    assert set(await known(database, "ZE10AA", "S401US")) == {"ZE10AA", "S401US"}
    more.unlink()
    assert await load_first_postcodes(database, county) == count
    # A real directory replaces them, however small: they are no release of one.
    assert await load_postcodes(database, a_file(county, "DE5 3ZN,E07000032,live")) == 1


@SQLITE
async def test_the_quarterly_zip_is_read_as_it_is_and_says_how_far_it_is(database: Database, tmp_path: Path) -> None:
    file, seen = tmp_path / "ONSPD_NOV_2025.zip", list[int]()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("Data/ONSPD_NOV_2025_UK.csv", 'pcds,doterm,lad25cd,wd25cd,lsoa11cd,lsoa21cd\n"S40 1US","",'
                        '"E07000034","E05003297","E01019545","E01034000"\n')  # fmt: skip
        packed.writestr("Data/multi_csv/ONSPD_NOV_2025_UK_S.csv", "not looked at")
        packed.writestr("User Guide/ONSPD User Guide Nov 2025.pdf", "not looked at")
    await load_postcodes(database, file, seen=seen.append)
    assert await known(database, "S401US") == {
        "S401US": UnitPlace("E07000034", ward="E05003297", lsoa="E01034000"),
    }
    assert sorted(seen) == seen
    assert seen[-1] > 0


@SQLITE
async def test_a_zip_without_a_directory_in_it_is_refused(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "guide.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("Data/multi_csv/ONSPD_NOV_2025_UK_S.csv", HEADER)
    with pytest.raises(Refused, match=r"guide\.zip: needs one file such as Data/ONSPD_NOV_2025_UK\.csv"):
        await load_postcodes(database, file)
