"""Versions of the rules: how each came to be approved, and which is in force when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ERROR = "error"


class Stage(StrEnum):
    """How far a version has come: a draft has errors or was not checked, and only what is approved is published. One
    that came into force from a folder, and that nobody drafted without errors, is loaded."""

    DRAFT = "draft"
    CHECKED = "checked"
    APPROVED = "approved"
    LOADED = "loaded"


@dataclass(frozen=True, slots=True)
class Noted:
    """What a check found: `severity` is error, warning or info; without a file it is about the whole."""

    severity: str
    sentence: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


NOBODY = "load-directory"
"""Who a folder is drafted by that was loaded without anybody's word."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version, named by its content, that never changes: whoever changes it has another version."""

    version: str
    reason: str
    drafted_by: str
    drafted_at: datetime
    findings: tuple[Noted, ...] = ()
    checked_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.approved_by is not None:
            return Stage.APPROVED
        return Stage.CHECKED if self.checked_at is not None else Stage.DRAFT

    @property
    def errors(self) -> int:
        """How many errors the check found."""
        return sum(noted.severity == ERROR for noted in self.findings)


class Entry(StrEnum):
    """How a version came into force: loaded from a folder, published after its approval, or gone back to."""

    LOADED = "loaded"
    PUBLISHED = "published"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Publication:
    """A version in force from a time until the next one's; `seq` is 0 before it is kept. One that was withdrawn before
    its time never came into force."""

    version: str
    entry: Entry
    effective_from: datetime
    published_by: str
    reason: str
    published_at: datetime
    seq: int = 0
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it was not withdrawn."""
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Span:
    """A publication, and until when it is in force: None is until another one."""

    publication: Publication
    until: datetime | None


def stage_of(rule_set: RuleSet, history: Iterable[Publication]) -> Stage:
    """How far a version has come, by what was in force too."""
    is_loaded = any(each.entry is Entry.LOADED and each.version == rule_set.version for each in history)
    return Stage.LOADED if rule_set.stage is Stage.DRAFT and is_loaded else rule_set.stage


def spans(history: Iterable[Publication]) -> tuple[Span, ...]:
    """Every publication that stands, in the order of time: each ends where the next one begins."""
    standing = sorted((each for each in history if each.stands), key=lambda each: (each.effective_from, each.seq))
    ends = [*(each.effective_from for each in standing), None][1:]
    return tuple(Span(each, until) for each, until in zip(standing, ends, strict=True))


def in_force(history: Iterable[Publication], at: datetime) -> Publication | None:
    """The publication in force at an instant; None before the first."""
    begun = [span.publication for span in spans(history) if span.publication.effective_from <= at]
    return begun[-1] if begun else None


def scheduled(history: Iterable[Publication], at: datetime) -> tuple[Publication, ...]:
    """The publications that are to come after an instant."""
    return tuple(span.publication for span in spans(history) if span.publication.effective_from > at)


def before(history: Iterable[Publication], at: datetime) -> Publication | None:
    """What is gone back to from what is in force at an instant; None where there was nothing before. To go back twice
    leads two versions back, not there and back again."""
    stack: list[Publication] = []
    for span in spans(history):
        each = span.publication
        if each.effective_from > at:
            break
        if each.entry is Entry.ROLLED_BACK:
            stack = stack[:-1]
        elif not stack or stack[-1].version != each.version:
            stack.append(each)
    return stack[-2] if len(stack) > 1 else None


def is_kept_in_a_folder(history: Sequence[Publication], at: datetime) -> bool:
    """Whether nobody but a folder has said what is in force, so that loading it again is no surprise to anybody."""
    current = in_force(history, at)
    return current is None or current.entry is Entry.LOADED
