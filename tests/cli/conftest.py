"""Where every command starts."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every command starts in an empty folder, without settings of ours in its environment."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
