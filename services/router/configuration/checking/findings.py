"""What a check of a county's files found: how grave it is, where it is, and what it means."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.router.configuration.positions import Position


class Severity(StrEnum):
    """An error keeps the files from going live; a warning deserves a look; an info is good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Found:
    """Something found at a path of a file, such as "tracks[3]"; `code` is what to point at there."""

    severity: Severity
    file: str
    path: str
    sentence: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The same with its place; None where a file is missing or cannot be placed."""

    severity: Severity
    position: Position | None
    sentence: str


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep the files from going live."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
