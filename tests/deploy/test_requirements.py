"""What runs is what requirements.txt installs: nothing is imported that only the development environment has."""

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"waymark", "services", "shared"}
# Everything the program may come to import, also what it imports only when it is first asked for something.
PROGRAM = """
import json, sys, waymark.cli, shared.asyncapi
shared.asyncapi.document()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(file: str) -> set[str]:
    return {normal(line.partition("==")[0]) for line in (ROOT / file).read_text().splitlines() if "==" in line}


def imported() -> set[str]:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout))


def test_every_distribution_that_is_imported_at_run_time_is_in_its_lock_file() -> None:
    distributions = packages_distributions()
    needed = {normal(name) for module in imported() - OURS for name in distributions.get(module, ())}
    assert "fastapi" in needed
    # "waymark" is the project itself; setuptools' own hooks may show as distutils.
    assert needed - required("requirements.txt") <= {"waymark", "setuptools"}


def test_the_lock_files_have_hashes_and_no_addresses() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / file).read_text()
        assert "://" not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert pins
        assert all(line.rstrip().endswith("\\") for line in pins)
