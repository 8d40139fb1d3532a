"""What runs is what requirements.txt installs: nothing is needed that only the development environment has."""

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Everything the program may come to import, also what it imports only when it is first asked for something. A module
# that is None there cannot be imported, as if it were not installed.
PROGRAM = """
import json, sys
sys.modules.update(dict.fromkeys(json.loads(sys.argv[1])))
import waymark.cli, shared.asyncapi
shared.asyncapi.document()
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(file: str) -> set[str]:
    return {normal(line.partition("==")[0]) for line in (ROOT / file).read_text().splitlines() if "==" in line}


def runs_without(modules: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, json.dumps(modules)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_program_runs_on_what_its_lock_file_installs() -> None:
    installed = required("requirements.txt") | {"waymark"}
    others = [
        module
        for module, distributions in packages_distributions().items()
        if not installed.intersection(map(normal, distributions))
    ]
    assert "pytest" in others
    ran = runs_without(others)
    assert ran.returncode == 0, ran.stderr


def test_the_check_above_notices_what_is_missing() -> None:
    assert "httpx" in runs_without(["httpx"]).stderr


def test_the_lock_files_have_hashes_and_no_addresses() -> None:
    for file in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt"):
        text = (ROOT / file).read_text()
        assert "://" not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert pins
        assert all(line.rstrip().endswith("\\") for line in pins)
