"""Runs the console script as its users do."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

WAYMARK = Path(sys.executable).parent / "waymark"


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("WAYMARK_")}  # noqa: TID251
    return {**own, "NO_COLOR": "1", "COLUMNS": "120", **settings}


def waymark(*words: str | Path, stdin: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end; `settings` are its variables."""
    line, env = [str(WAYMARK), *map(str, words)], environment(settings)
    return subprocess.run(line, env=env, input=stdin, capture_output=True, text=True, timeout=100, check=False)


def assert_one_sentence(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in done.stderr
