"""Switching surges on and off, and having every process go by what versions and surges together say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.router.domain.publishing import in_force, spans
from services.router.domain.surge import Surge, running
from services.router.ports import Transaction
from shared.document_set import Documents
from shared.errors import Conflict, NotFound, Refused

# The documents of a version while surges are on; raises Refused where they do not fit together, or are not usable.
Overlay = Callable[[Documents, Sequence[str]], Documents]
# Raises NotFound where a version has no such surge.
Wanted = Callable[[Documents, str], None]


@dataclass(frozen=True, slots=True)
class SwitchOn:
    """Have a surge of the version in force count until a time."""

    wanted: Wanted
    overlay: Overlay

    async def __call__(self, tx: Transaction, surge: Surge) -> Surge:
        """The surge, which begins at the present instant. Raises NotFound, Conflict (surge-running), Refused
        (effective-time-past, or why it does not fit the version in force)."""
        present = await tx.rule_sets.hold()
        if surge.until <= present:
            raise Refused("effective-time-past", "The time has passed. Name a later one for its end.")
        current = in_force(await tx.rule_sets.history(), present)
        if current is None:
            raise NotFound("not-found", "No version of the rules is in force.")
        self.wanted(await tx.rule_sets.documents(current.version) or {}, surge.name)
        if surge.name in running(await tx.surges.all(), present):
            raise Conflict("surge-running", "This surge is on. End it first to switch it on for another time.")
        kept = await tx.surges.add(replace(surge, began_at=present))
        await lay_out(tx, present, self.overlay)
        return kept


@dataclass(frozen=True, slots=True)
class SwitchOff:
    """End a surge before its time."""

    overlay: Overlay

    async def __call__(self, tx: Transaction, name: str, by: str, reason: str) -> Surge:
        """The surge as it ended. Raises Conflict (surge-not-running)."""
        present = await tx.rule_sets.hold()
        on = [surge for surge in await tx.surges.all() if surge.name == name and surge.runs(present)]
        if not on:
            raise Conflict("surge-not-running", "This surge is not on.")
        ended = replace(on[0], ended_at=present, ended_by=by, ended_reason=reason)
        await tx.surges.end(ended)
        await lay_out(tx, present, self.overlay)
        return ended


async def lay_out(tx: Transaction, present: datetime, overlay: Overlay) -> None:
    """Put in force here what publications and surges together say, from now on and at each later time at which that
    changes, or would have changed before."""
    history, surges = await tx.rule_sets.history(), await tx.surges.all()
    turns = {present, *await tx.rule_sets.turns(present)}
    turns.update(span.publication.effective_from for span in spans(history))
    turns.update(surge.ends_at for surge in surges)
    for turn in sorted(turn for turn in turns if turn >= present):
        current = in_force(history, turn)
        documents = await tx.rule_sets.documents(current.version) if current else None
        if documents is not None:
            await tx.rule_sets.put_in_force(overlay(documents, running(surges, turn)), turn)
