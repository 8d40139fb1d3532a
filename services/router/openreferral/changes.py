"""What an import would do, one line each, for people to read before anything happens."""

from dataclasses import dataclass, field
from itertools import groupby

from services.router.openreferral.reading import Refusal

SHOWN_MAX = 160


@dataclass(frozen=True, slots=True)
class Added:
    """A service that was not known; it is offered nothing until somebody gives it routing fields."""

    id: str
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A field of a service or an organisation that gets another value; shown as people read it."""

    id: str
    name: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A service that its source no longer has; it is temporarily closed, not deleted."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that stays as it is though the source has another value, and why."""

    id: str
    name: str
    field: str
    reason: str


@dataclass(slots=True)
class Changes:
    """Everything that an import would do, and what it would not do."""

    added: list[Added] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unknown_terms: dict[str, int] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether the files would be other files."""
        return bool(self.added or self.changed or self.gone)

    def lines(self) -> list[str]:
        """The differences in readable form, the counts last."""
        lines = [f"+ {each.name} ({each.organisation}): new, not yet used" for each in self.added]
        for (name, _), changes in groupby(self.changed, key=lambda each: (each.name, each.id)):
            lines.append(f"~ {name}")
            lines += [f"    {each.field}: {_cut(each.before)} -> {_cut(each.after)}" for each in changes]
        lines += [f"- {each.name}: no longer in the source, temporarily closed" for each in self.gone]
        lines += [f"= {each.name}: {each.field} stays: {each.reason}" for each in self.kept]
        lines += [f"! {each.service}: {each.field or 'all of it'} refused: {each.reason}" for each in self.refused]
        lines += [
            f"? {term!r} is none of our needs ({count} service{'s' if count != 1 else ''})"
            for term, count in sorted(self.unknown_terms.items())
        ]
        counts = (
            (len(self.added), "new"),
            (len({each.id for each in self.changed}), "changed"),
            (len(self.gone), "gone"),
            (len(self.refused), "refused"),
        )
        return [*lines, ", ".join(f"{count} {what}" for count, what in counts)]


def _cut(shown: str) -> str:
    return shown if len(shown) <= SHOWN_MAX else f"{shown[:SHOWN_MAX]}…"
