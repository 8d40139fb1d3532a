"""Deriving decisions again from what was kept with them: the proof that each came of its facts and its rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.domain.basis import derive
from services.router.domain.county import County
from services.router.domain.decision import Decision
from services.router.facts import document_of, domain_facts
from services.router.ports import StoredDecision, Transaction
from shared.errors import Refused
from shared.events import Facts


def rederive(stored: StoredDecision, county: County) -> Decision:
    """The decision again, by the county of its version. Raises Refused for another county, and for a decision made
    before what it stands on was kept."""
    if stored.basis is None:
        raise Refused("basis-unknown", "This decision was made before what it stands on was kept.")
    if county.version != stored.rule_set:
        raise Refused("rule-set-differs", "This decision was made by another version of the rules.")
    return derive(domain_facts(Facts.model_validate(stored.facts)), county, stored.basis)


def came_out_alike(stored: StoredDecision, decision: Decision) -> bool:
    """Whether the decision says all that was kept of it; what later releases add to decisions does not count."""
    return _holds(document_of(decision), stored.document)


@dataclass(frozen=True, slots=True)
class Rederived:
    """How many decisions came out alike, those that did not, and how many could not be derived: made before what they
    stand on was kept, or by a version whose documents are not here."""

    alike: int
    different: tuple[StoredDecision, ...]
    unknown: int


async def rederive_sample(tx: Transaction, since: datetime, most: int) -> Rederived:
    """Derive decisions made since then again, at most so many, and compare them with what was kept."""
    alike, unknown = 0, 0
    different = []
    for stored in sorted(await tx.decisions.sample(since, most), key=lambda each: each.rule_set):
        try:
            decision = rederive(stored, await tx.county_of(stored.rule_set))
        except Refused:
            unknown += 1
            continue
        if came_out_alike(stored, decision):
            alike += 1
        else:
            different.append(stored)
    return Rederived(alike, tuple(different), unknown)


def _holds(now: Any, kept: Any) -> bool:  # two JSON values
    if isinstance(kept, dict) and isinstance(now, dict):
        return all(key in now and _holds(now[key], value) for key, value in kept.items())
    if isinstance(kept, list) and isinstance(now, list):
        return len(now) == len(kept) and all(map(_holds, now, kept))
    return bool(now == kept)
