"""The commands of the directory: out, in, and what they say."""

import gzip
import json
import signal
from pathlib import Path

import httpx
import pytest

from services.router.openreferral.filters import Spot
from shared.errors import Refused
from tests.cli.running import assert_one_sentence, waymark
from tests.cli.test_commands import free_port, up
from tests.router.openreferral.samples import a_service
from tests.router.rules.builders import COUNTY_DIRECTORY
from waymark.spots import read_spots


def test_an_embedded_system_also_serves_the_feed(folder: Path) -> None:
    port = free_port()
    with up(folder / "data", "--feed-port", str(port)) as (process, url):
        feed = f"http://127.0.0.1:{port}"
        details = httpx.get(f"{feed}/").json()
        assert details["openapi_url"] == f"{feed}/openapi.json"
        assert httpx.get(f"{feed}/services").json()["total_items"] == 95
        assert httpx.get(f"{feed}/metrics").status_code == 404
        assert httpx.get(f"{url}/services").status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_postcodes_for_the_feed_are_read_from_either_form_of_file(folder: Path) -> None:
    (folder / "short.csv").write_text("pcds,lad_code,status\nS40 1AA,E07000034,live\nLS1 1AA,E08000035,live\n")
    with gzip.open(folder / "onspd.csv.gz", "wt") as file:
        file.write(
            "pcd,pcds,oslaua,lat,long\nS401AA,S40 1AA,E07000034,53.2,-1.4\nS402AA,S40 2AA,E07000034,99.999999,0\n"
        )
    short, whole = (read_spots(folder / name, ["E07000034"]) for name in ("short.csv", "onspd.csv.gz"))
    assert short("s40 1aa") == Spot("E07000034")
    assert short("LS1 1AA") is None
    assert whole("S401AA") == Spot("E07000034", 53.2, -1.4)
    assert whole("S40 2AA") == Spot("E07000034")
    (folder / "other.csv").write_text("a,b\n")
    with pytest.raises(Refused, match="needs the columns"):
        read_spots(folder / "other.csv", [])


def test_an_export_is_imported_again_without_a_difference(folder: Path) -> None:
    done = waymark("directory", "export", "--to", folder / "out.json", "--directory", COUNTY_DIRECTORY)
    assert (done.returncode, done.stderr) == (0, "")
    back = waymark("directory", "import", folder / "out.json", "--directory", COUNTY_DIRECTORY, "--source", "us")
    assert (back.returncode, back.stdout, back.stderr) == (0, "0 new, 0 changed, 0 gone, 0 refused\n", "")


def test_an_import_tells_the_differences_and_writes_a_folder_that_may_go_into_force(folder: Path) -> None:
    (folder / "in.json").write_text(json.dumps({"contents": [a_service(1)]}), "utf-8")
    line = ("directory", "import", folder / "in.json", "--directory", COUNTY_DIRECTORY, "--source", "them")
    told = waymark(*line, "--dry-run", "--into", folder / "draft")
    assert told.stdout.splitlines()[0] == "+ Lunch club 1 (Lunch together): new, not yet used"
    assert not (folder / "draft").exists()
    done = waymark(*line, "--into", folder / "draft")
    assert (done.returncode, done.stderr) == (0, "")
    assert waymark("check-rules", folder / "draft").returncode == 0


def test_a_file_that_is_no_directory_is_refused_in_one_sentence(folder: Path) -> None:
    (folder / "in.json").write_text("{}", "utf-8")
    line = ("directory", "import", folder / "in.json", "--directory", COUNTY_DIRECTORY)
    assert_one_sentence(waymark(*line), "in.json", "no services")
    assert_one_sentence(waymark("directory", "import", folder / "none.json", *line[3:]), "none.json")
    assert_one_sentence(waymark("directory", "import", "http://feed.example", *line[3:]), "https://")


def test_gaps_are_told_on_the_screen_and_written_as_a_table(folder: Path) -> None:
    told = waymark("directory", "gaps", "--directory", COUNTY_DIRECTORY, "--hours", "bank_holiday", "--age", "45")
    assert (told.returncode, told.stderr) == (0, "")
    assert "only the triage desk" in told.stdout
    assert "care.dementia" in told.stdout
    done = waymark("directory", "gaps", "--directory", COUNTY_DIRECTORY, "--csv", folder / "gaps.csv")
    rows = (folder / "gaps.csv").read_text("utf-8").splitlines()
    assert done.stdout == f"{len(rows) - 1} rows written to {folder / 'gaps.csv'}\n"
    assert (
        "E07000037,High Peak,care.dementia,Dementia support,bank_holiday,desk,,svc-dementia svc-asc-contact,0.0" in rows
    )


def test_services_that_want_checking_are_listed(folder: Path) -> None:
    done = waymark("directory", "stale", "--directory", COUNTY_DIRECTORY)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "120 to be checked"
    assert "svc-kakou: Mental wellbeing workshops: art, music, signing (Kakou): never checked" in done.stdout
