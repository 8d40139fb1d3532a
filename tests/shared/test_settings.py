"""Settings come from WAYMARK_ variables; a wrong one is told by its name and never by its value."""

from pathlib import Path

import pytest

from shared.settings import CommonSettings, read_settings

CANARY = "zzcanary"


class Settings(CommonSettings):
    """Settings of every kind that may be wrong."""

    number: int = 1
    needed: str
    some_database_url: str = "sqlite+aiosqlite:///some.db"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder to start in, and none of our variables in the environment."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(f"WAYMARK_{field.upper()}", raising=False)
    return tmp_path


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYMARK_NEEDED", "here")
    monkeypatch.setenv("WAYMARK_NUMBER", "7")
    settings = read_settings(Settings)
    assert (settings.needed, settings.number, settings.log_level) == ("here", 7, "info")


def test_settings_come_from_the_file_beside_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    (folder / ".env").write_text("WAYMARK_NEEDED=file\nWAYMARK_NUMBER=7\nWAYMARK_SOMEBODY_ELSES=1\n")
    monkeypatch.setenv("WAYMARK_NUMBER", "8")
    settings = read_settings(Settings)
    assert (settings.needed, settings.number) == ("file", 8)


def test_what_is_given_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYMARK_NEEDED", "environment")
    assert read_settings(Settings, needed="given").needed == "given"


def test_every_wrong_setting_is_named_in_one_go_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYMARK_NUMBER", CANARY)
    monkeypatch.setenv("WAYMARK_LOG_LEVEL", CANARY)
    with pytest.raises(SystemExit) as end:
        read_settings(Settings)
    told = str(end.value.code)
    for name in ("WAYMARK_NUMBER", "WAYMARK_LOG_LEVEL", "WAYMARK_NEEDED"):
        assert name in told
    assert ".env.example" in told
    assert CANARY not in told
    assert "Traceback" not in told


def test_settings_do_not_change_once_read() -> None:
    settings = read_settings(Settings, needed="here")
    with pytest.raises(ValueError, match="frozen"):
        settings.needed = "there"  # type: ignore[misc]  # that it cannot be set is what is tested


@pytest.mark.parametrize("url", [f"postgresql://user:{CANARY}@host/some", f"sqlite:///{CANARY}.db", CANARY, ""])
def test_a_database_that_no_driver_of_ours_reaches_is_refused_without_showing_its_address(url: str) -> None:
    with pytest.raises(SystemExit) as end:
        read_settings(Settings, needed="here", some_database_url=url)
    told = str(end.value.code)
    assert "WAYMARK_SOME_DATABASE_URL" in told
    assert "postgresql+asyncpg://" in told
    assert CANARY not in told
