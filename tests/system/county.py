"""Derbyshire's files as tests need them: open and awake at every hour, or with partners whose own systems are told."""

import shutil
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

COUNTY = Path(__file__).parents[2] / "deploy" / "derbyshire"
PARTNERS, NOTICES = "partners.yaml", "notices.yaml"
AROUND_THE_CLOCK = [
    {"freq": "WEEKLY", "byday": "MO,TU,WE,TH,FR,SA,SU", "opens_at": "00:00", "closes_at": "24:00"},
]


def county_in(folder: Path, *, hooks: Mapping[str, str] | None = None, always_open: bool = True) -> Path:
    """A copy of the county in `folder`. `hooks` are URLs of webhooks by service.

    `always_open` opens every service around the clock and leaves out the quiet hours: where the clocks are real, who is
    asked and told must not depend on the hour at which a test runs.
    """
    shutil.copytree(COUNTY, folder)
    directory, notices = _read(folder / PARTNERS), _read(folder / NOTICES)
    for service in (each for organization in directory["organizations"] for each in organization["services"]):
        if always_open:
            # A list of its own: what is written twice would be written as a reference, which a county may not hold.
            service |= {"schedules": deepcopy(AROUND_THE_CLOCK), "public_holidays": "open"}
        if hooks and service["id"] in hooks:
            service["contact"]["webhook"] = hooks[service["id"]]
    if always_open:
        del notices["quiet_hours"]
    _write(folder / PARTNERS, directory)
    _write(folder / NOTICES, notices)
    return folder


def _read(file: Path) -> dict[str, Any]:  # YAML
    # The quick loader takes a tenth of the time.
    content: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return content


def _write(file: Path, content: Mapping[str, object]) -> None:
    text = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
