"""The command line as its users meet it: what it answers, how it ends, and that a refusal is one sentence."""

import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.running import WAYMARK, assert_one_sentence, environment, waymark
from tests.compare import differences
from tests.notifier.test_bounces import a_bounce
from waymark.embedded import prepare
from waymark.names import ServiceName
from waymark.urls import embedded_url

ROOT = Path(__file__).parents[2]
POSTCODES = ROOT / "tests" / "data" / "onspd_sample_2025-11.csv.gz"
COUNTY = ROOT / "deploy" / "derbyshire"
SCENARIOS = ROOT / "tests" / "data" / "scenarios_public.jsonl"
CANARY = "zzcanary"
UP_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def up(data: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`waymark up` on a folder, once it says that it is up; and its address."""
    port = free_port()
    line = [str(WAYMARK), "up", "--data", str(data), "--port", str(port), *words]
    process = subprocess.Popen(
        line, env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        said = []
        for line_said in process.stdout:
            said.append(line_said)
            if "Ctrl-C stops it" in line_said:
                break
        assert process.poll() is None, "".join(said)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


# -- help --------------------------------------------------------------------------------------------------------------


def test_help_tells_of_every_command() -> None:
    done = waymark("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("up", "serve", "migrate", "topics", "check-rules", "load-directory", "load-postcodes", "route",
                    "dead-letters", "rules", "directory", "feed"):  # fmt: skip
        assert command in done.stdout


def test_a_command_that_does_not_exist_is_refused_with_a_hint() -> None:
    done = waymark("rout")
    assert done.returncode == 2
    assert "No such command" in done.stderr
    assert "Traceback" not in done.stderr


# -- route -------------------------------------------------------------------------------------------------------------


def test_the_published_scenarios_are_decided_as_published(folder: Path) -> None:
    done = waymark("route", SCENARIOS, "--out", folder / "results.jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    expected = [json.loads(line) for line in SCENARIOS.read_text().splitlines()]
    given = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert [each["id"] for each in given] == [each["id"] for each in expected]
    assert len(given) == 66
    wrong = {
        each["id"]: found
        for each, answer in zip(expected, given, strict=True)
        if (found := differences(each["expected"], answer["result"]))
    }
    assert wrong == {}


def test_without_a_file_for_them_results_go_to_standard_output(folder: Path) -> None:
    (folder / "one.jsonl").write_text(SCENARIOS.read_text().splitlines()[0] + "\n\n")
    done = waymark("route", "one.jsonl", "--explain")
    [line] = done.stdout.splitlines()
    assert json.loads(line)["result"]["explanation"]


@pytest.mark.parametrize("line", ["{", "[]", '{"input": {}}', '"text"'])
def test_a_line_that_is_no_scenario_is_told_by_file_and_line(folder: Path, line: str) -> None:
    first = SCENARIOS.read_text().splitlines()[0]
    (folder / "bad.jsonl").write_text(f"{first}\n{line}\n")
    done = waymark("route", "bad.jsonl", "--out", "results.jsonl")
    assert_one_sentence(done, "bad.jsonl: line 2")


def test_a_folder_that_is_no_county_is_told_by_the_file_that_is_missing(folder: Path) -> None:
    (folder / "county").mkdir()
    assert_one_sentence(waymark("route", SCENARIOS, "--directory", "county"), "county", "No such file")


def test_a_file_that_is_not_there_is_told_before_anything_is_done(folder: Path) -> None:
    done = waymark("route", "nothing.jsonl")
    assert done.returncode == 2
    assert "nothing.jsonl" in done.stderr
    assert list(folder.iterdir()) == []


# -- rules -------------------------------------------------------------------------------------------------------------


def test_decisions_that_are_derived_again_are_counted(folder: Path) -> None:
    prepare(folder / "var")
    done = waymark("rules", "rederive", "--days", "7", "--data", "var")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "0 decisions were derived again identically, 0 were not.\n"


def test_a_draft_is_simulated_on_a_file_of_scenarios_and_its_tables_are_written(folder: Path) -> None:
    shutil.copytree(COUNTY, folder / "draft")
    rules = folder / "draft" / "rules.yaml"
    rules.write_text(re.sub(r"(- R15 .*\| svc-mh-helpline *\| )P2", r"\g<1>P3", rules.read_text()))
    done = waymark(
        "rules", "simulate", "draft", "--base", COUNTY, "--scenarios", SCENARIOS, "--out", "tables", COLUMNS="80"
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert said[0].startswith("1 of 65 referrals would be decided otherwise")
    assert "Left out: 1 incomplete, never decided." in said
    assert said.index("Look at these first") < said.index("Priorities")
    assert max(map(len, said)) <= 80
    assert (folder / "tables" / "safeguarding.csv").read_text().splitlines()[1:] == [
        "urgent_lowered,mind.crisis,1",
        "later,mind.crisis,1",
    ]


def test_a_draft_is_simulated_on_the_decisions_that_are_stored(folder: Path) -> None:
    prepare(folder / "var")
    with up(folder / "var"):
        pass
    done = waymark("rules", "simulate", COUNTY, "--data", "var")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 of 0 referrals would be decided otherwise.")
    assert_one_sentence(waymark("rules", "simulate", "0" * 64, "--data", "var"), "no version")


# -- settings ----------------------------------------------------------------------------------------------------------


def test_missing_settings_are_named_together() -> None:
    done = waymark("serve", "intake", WAYMARK_KAFKA_URL="127.0.0.1:1")
    assert done.returncode == 1
    assert "WAYMARK_INTAKE_DATABASE_URL" in done.stderr
    assert "WAYMARK_KEYS_FILE" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("service", "settings", "named"),
    [
        ("router", {"WAYMARK_LOG_LEVEL": CANARY}, "WAYMARK_LOG_LEVEL"),
        ("router", {"WAYMARK_ROUTER_DATABASE_URL": f"postgresql://me:{CANARY}@host/router"}, "ROUTER_DATABASE_URL"),
        ("intake", {"WAYMARK_REQUESTS_PER_MINUTE": CANARY}, "WAYMARK_REQUESTS_PER_MINUTE"),
        ("notifier", {"WAYMARK_SMTP_URL": f"smtp://me:{CANARY}@relay.example:25"}, "WAYMARK_SMTP_URL"),
        ("notifier", {"WAYMARK_SMTP_URL": CANARY}, "WAYMARK_SMTP_URL"),
        ("notifier", {"WAYMARK_DELIVERY": CANARY}, "WAYMARK_DELIVERY"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    service: str, settings: dict[str, str], named: str
) -> None:
    done = waymark("serve", service, WAYMARK_KAFKA_URL="127.0.0.1:1", **settings)
    assert done.returncode == 1
    assert named in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_without_its_key_file_intake_does_not_start(folder: Path) -> None:
    done = waymark(
        "serve",
        "intake",
        WAYMARK_KAFKA_URL="127.0.0.1:1",
        WAYMARK_INTAKE_DATABASE_URL=f"sqlite+aiosqlite:///{folder}/intake.db",
        WAYMARK_KEYS_FILE=str(folder / "keys.json"),
    )
    assert_one_sentence(done, "There is no key file at", "WAYMARK_KEYS_FILE")


def test_a_job_on_the_databases_needs_no_setting_but_where_they_are(folder: Path) -> None:
    urls = {f"WAYMARK_{name.upper()}_DATABASE_URL": embedded_url(folder, name) for name in ServiceName}
    assert waymark("migrate", **urls).returncode == 0
    loaded = waymark("load-directory", ROOT / "deploy" / "derbyshire", **urls)
    assert (loaded.returncode, loaded.stdout.count("in force")) == (0, 3)


def test_a_directory_and_postcodes_are_loaded_into_an_embedded_system(folder: Path) -> None:
    prepare(folder / "var")
    loaded = waymark("load-directory", COUNTY, "--data", "var")
    assert (loaded.returncode, loaded.stdout.count("in force")) == (0, 3)
    postcodes = waymark("load-postcodes", POSTCODES, "--fewer", "--data", "var")
    assert postcodes.returncode == 0
    assert postcodes.stdout.endswith("unit postcodes loaded\n")


def test_rules_are_checked_before_they_go_live_and_what_is_wrong_does_not(folder: Path) -> None:
    county = folder / "county"
    shutil.copytree(ROOT / "deploy" / "derbyshire", county)
    good = waymark("check-rules", county)
    assert (good.returncode, good.stderr) == (0, "")
    assert "0 errors" in good.stdout
    rules = county / "rules.yaml"
    rules.write_text(rules.read_text().replace("| welfare.no_contact", "| welfair.no_contact", 1))
    wrong = waymark("check-rules", county)
    line = rules.read_text().partition("welfair")[0].count("\n") + 1
    assert wrong.returncode == 1
    assert f"rules.yaml:{line}:" in wrong.stdout
    assert "did you mean 'welfare.no_contact'?" in wrong.stdout
    urls = {f"WAYMARK_{name.upper()}_DATABASE_URL": embedded_url(folder, name) for name in ServiceName}
    refused = waymark("load-directory", county, **urls)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"rules.yaml:{line}:" in refused.stderr
    assert list(folder.glob("*.db")) == []


def test_a_key_file_is_made_once_and_never_overwritten(folder: Path) -> None:
    keys = folder / "keys.json"
    assert waymark("keys", "create", keys).returncode == 0
    before = keys.read_text()
    assert_one_sentence(waymark("keys", "create", keys), "keys.json exists already")
    assert keys.read_text() == before
    assert waymark("keys", "rotate", keys).returncode == 0
    assert len(json.loads(keys.read_text())["fields"]["keys"]) == 2


def test_without_kafka_a_service_says_what_to_set_and_what_to_run_instead() -> None:
    assert_one_sentence(waymark("serve", "router"), "WAYMARK_KAFKA_URL", "waymark up")
    assert_one_sentence(waymark("topics"), "WAYMARK_KAFKA_URL")


# -- one process -------------------------------------------------------------------------------------------------------


def test_one_process_serves_until_ctrl_c_and_nobody_else_uses_its_data_meanwhile(folder: Path) -> None:
    data = folder / "data"
    with up(data) as (process, url):
        assert httpx.get(f"{url}/readyz").json()["state"] == "ok"
        assert httpx.get(url).headers["content-type"].startswith("text/html")
        second = waymark("up", "--data", data, "--port", str(free_port()))
        assert_one_sentence(second, "Another Waymark process is using the data", str(data))
        taken = waymark("up", "--data", folder / "other", "--port", url.rpartition(":")[2])
        assert_one_sentence(taken, "--port")
        assert httpx.get(f"{url}/readyz").status_code == 200
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=UP_S)
        assert process.returncode == 0
        assert "The data stays in" in rest
        assert "Traceback" not in rest
    assert {"intake.db", "router.db", "notifier.db", "keys.json", "link-keys", "waymark.log"} <= {
        each.name for each in data.iterdir()
    }
    assert (data / "keys.json").stat().st_mode & 0o077 == (data / "link-keys").stat().st_mode & 0o077 == 0


def test_a_bounce_whose_database_is_away_is_asked_for_again_later(tmp_path: Path) -> None:
    done = waymark("bounce", "--data", tmp_path, stdin=a_bounce().decode())
    assert (done.returncode, done.stdout) == (75, "")
    assert "Traceback" not in done.stderr


def test_a_mail_that_is_no_bounce_is_left_alone(tmp_path: Path) -> None:
    done = waymark("bounce", "--data", tmp_path, stdin="From: rota@dva.example\n\nThanks\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
