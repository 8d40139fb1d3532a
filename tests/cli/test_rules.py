"""Versions of the rules on the command line: drafted, approved by somebody else, published, and gone back from."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.errors import Conflict, NotFound, WaymarkError
from waymark.cli import app
from waymark.embedded import build, load, prepare

COUNTY = Path(__file__).parents[2] / "deploy" / "derbyshire"
SCENARIOS = ("--scenarios", str(Path(__file__).parents[1] / "data" / "scenarios_public.jsonl"))
ORDER = ("--authority", "Director of Public Health", "--until", "2100-01-01T18:00:00")
WORD = ("--by", "lead-1", "--reason", "Three calls are too many.")


def said(*words: str) -> list[str]:
    """What `waymark rules` prints. Raises what the console script makes a sentence of."""
    done = CliRunner().invoke(app, ["rules", *words, "--data", "var"])
    if isinstance(done.exception, WaymarkError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


@pytest.fixture
def county(folder: Path) -> Path:
    """A changed county's folder, beside an embedded system that goes by the unchanged one."""
    prepare(folder / "var")
    asyncio.run(loaded(folder / "var"))
    county = Path(shutil.copytree(COUNTY, folder / "county"))
    rules = county / "rules.yaml"
    rules.write_text(rules.read_text().replace("  declines_limit: 3", "  declines_limit: 2"))
    return county


async def loaded(data: Path) -> None:
    services = build(data, public_url="http://waymark.example")
    await load(services, COUNTY)
    for service in services:
        await service.database.close()


def test_a_version_goes_from_a_draft_into_force_and_back(county: Path, folder: Path) -> None:
    version = said("draft", str(county), *WORD)[-1].split()[0]
    with pytest.raises(Conflict, match="somebody else"):
        said("approve", version, "--by", "lead-1")
    assert "approved by lead-2" in said("approve", version, "--by", "lead-2")[0]
    assert said("publish", version, *WORD)[0].startswith(f"{version} is in force")
    assert ["in force" in line for line in said("versions")] == [False, True, False, False, False]
    said("show", version, "--into", "out")
    assert (folder / "out" / "rules.yaml").read_text() == (county / "rules.yaml").read_text()
    said("rollback", *WORD)
    assert ["in force" in line for line in said("versions")[:3]] == [False, False, True]


def test_a_version_is_published_for_a_time_and_withdrawn(county: Path) -> None:
    version = said("draft", str(county), *WORD)[-1].split()[0]
    said("approve", version, "--by", "lead-2")
    assert "2100-01-01 09:00:00 UTC" in said("publish", version, "--at", "2100-01-01T09:00:00", *WORD)[0]
    assert "withdrawn" in said("withdraw", version, *WORD)[0]
    # It can be published again, so it is listed.
    assert any(line.startswith(f"{version}  approved") for line in said("versions"))
    assert "2100-01-01 04:00:00 UTC" in said("publish", version, "--at", "2100-01-01T09:00:00+05:00", *WORD)[0]


def test_what_the_check_finds_is_said(county: Path) -> None:
    rules = county / "rules.yaml"
    rules.write_text(rules.read_text().replace("  declines_limit: 2", "  declines_limits: 2"))
    found, *_, life = said("draft", str(county), *WORD)
    assert found.startswith("error: rules.yaml:")
    assert "draft, " in life


def test_a_name_that_fits_no_version_or_several_is_refused(county: Path) -> None:
    said("draft", str(county), *WORD)
    for beginning in ("xxxx", ""):
        with pytest.raises(NotFound, match="versions of the rules begin with"):
            said("show", beginning)


def test_a_surge_is_switched_on_by_an_authority_until_its_end_and_off(county: Path) -> None:
    assert said("surge", "list") == ["snow: Snow"]
    assert said("surge", "on", "snow", *ORDER, *WORD)[0].endswith("<- on")
    with pytest.raises(Conflict):
        said("surge", "on", "snow", *ORDER, *WORD)
    assert "<- on" not in said("surge", "off", "snow", *WORD)[0]
    assert len(said("surge", "list")) == 2
    with pytest.raises(NotFound, match="It has: snow"):
        said("surge", "on", "flood", *ORDER, *WORD)


def test_while_a_surge_is_on_what_has_not_changed_changes_nothing(county: Path) -> None:
    unchanged = said("draft", str(COUNTY), *WORD)[-1].split()[0]
    said("surge", "on", "snow", *ORDER, *WORD)
    assert said("simulate", str(COUNTY), *SCENARIOS)[0].startswith("0 of 65 ")
    for draft in (str(COUNTY), unchanged):
        names = re.search(r"Draft (\w+) against (\w+)", " ".join(said("simulate", draft)))
        assert names is not None
        assert names[1] == names[2] != unchanged[:8]


def test_a_draft_is_simulated_by_the_name_that_is_printed_which_its_folder_has_too(county: Path) -> None:
    name = said("draft", str(county), *WORD)[-1].split()[0]
    stored, folder = said("simulate", name), said("simulate", str(county))
    assert stored == folder
    assert any(name[:8] in line for line in stored)
    with pytest.raises(NotFound, match="versions of the rules begin with"):
        said("simulate", "xxxx")


@pytest.mark.parametrize("code", ["LEAD-1", "lead 1", "l", "-lead", "lead-1\n"])
@pytest.mark.parametrize(
    "command",
    [
        ("draft", str(COUNTY)), ("approve", "a"), ("publish", "a"), ("withdraw", "a"), ("rollback",),
        ("surge", "on", "snow", *ORDER), ("surge", "off", "snow"),
    ],
)  # fmt: skip
def test_one_person_has_one_name(command: tuple[str, ...], code: str) -> None:
    reason = () if command[0] == "approve" else ("--reason", "Another name for the same person.")
    done = CliRunner().invoke(app, ["rules", *command, "--by", code, *reason], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "is not a person's code: 2 to 32 small letters" in done.output


def test_what_was_loaded_is_called_so_and_with_a_surge_the_router_goes_by_it_and_the_surge(county: Path) -> None:
    version = said("versions")[0].split()[0]
    assert said("show", version)[1].startswith(f"{version}  loaded, ")
    assert said("versions")[-2] == f"router: {version}"
    said("surge", "on", "snow", *ORDER, *WORD)
    assert said("versions")[-2] == f"router: {version} with the surge snow"
    said("surge", "off", "snow", *WORD)
    assert said("versions")[-2] == f"router: {version}"
