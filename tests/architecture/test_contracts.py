"""The import contracts hold, and each of them would be noticed if it were broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).parent / "lint-imports"
# For each contract the module that is made to break it, and the import that does.
BREACHES = {
    "independent": ("services/router/api/reading.py", "import services.intake.domain.text"),
    "layers": ("services/router/domain/load.py", "import services.router.ports"),
    "pure-domain": ("services/intake/domain/text.py", "import pydantic"),
    "frameworkless": ("services/router/use_cases/routing.py", "import sqlalchemy"),
    "shared-below": ("shared/backoff.py", "import services.router.settings"),
    "leaves": ("shared/errors.py", "import shared.log"),
    "bench-apart": ("services/router/domain/load.py", "import bench.measuring"),
}


def contracts() -> dict[str, str]:
    """The name of each contract by its id."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"]: contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}


def lint(folder: Path) -> dict[str, str]:
    """What is said of each contract ("KEPT" or "BROKEN") by its name."""
    done = subprocess.run(
        [LINT, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = {}
    for line in done.stdout.splitlines():
        for verdict in ("KEPT", "BROKEN"):
            if line.rstrip().endswith(f" {verdict}"):
                said[line.rstrip().removesuffix(f" {verdict}").strip()] = verdict
    assert (done.returncode == 0) is (set(said.values()) == {"KEPT"}), done.stdout + done.stderr
    return said


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the packages that a test may spoil."""
    for package in ("bench", "shared", "services", "waymark"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_holds() -> None:
    assert lint(ROOT) == dict.fromkeys(contracts().values(), "KEPT")


def test_there_is_a_breach_for_every_contract() -> None:
    assert BREACHES.keys() == contracts().keys()


@pytest.mark.parametrize("contract", sorted(BREACHES))
def test_a_contract_that_is_broken_is_noticed(contract: str, copied: Path) -> None:
    module, offence = BREACHES[contract]
    path = copied / module
    path.write_text(f"{path.read_text()}\n{offence}\n")
    assert lint(copied)[contracts()[contract]] == "BROKEN"
