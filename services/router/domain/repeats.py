"""Needs that an open referral of the same person already has (R11)."""

from dataclasses import dataclass

from services.router.domain.decision import Mark
from services.router.domain.facts import OpenMatch
from services.router.domain.priority import Urgency, highest
from services.router.domain.referral import Referral
from services.router.domain.vocabulary import ResultFlag, Rule


@dataclass(frozen=True, slots=True)
class Repeats:
    """Which needs are repeated, which open referral is named, and whether its priority must be raised."""

    needs: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    duplicate_of: str | None = None
    marks: tuple[Mark, ...] = ()


def find_repeats(urgencies: dict[str, Urgency], referral: Referral) -> Repeats:
    """Compare the needs outside section B, given with their urgency, with all open referrals of the same person.

    The most recent with a repeated need is named; on a tie the later listed. `known` are all needs they have.
    """
    if referral.is_child_alone or referral.rules.repeats_not_checked.holds(referral.case):
        return Repeats()
    named: OpenMatch | None = None
    raise_existing = False
    repeated: set[str] = set()
    known: set[str] = set()
    for match in referral.facts.open_matches:
        known.update(match.needs)
        shared = urgencies.keys() & set(match.needs)
        if not shared:
            continue
        repeated |= shared
        if named is None or match.received_at >= named.received_at:
            named = match
        now = highest(urgencies[need].final for need in shared)
        raise_existing |= now is not None and (match.priority is None or now < match.priority)
    return Repeats(
        needs=frozenset(repeated),
        known=frozenset(known),
        duplicate_of=named.reference if named else None,
        marks=(Mark(ResultFlag.RAISE_EXISTING_PRIORITY, (Rule.REPEATS,)),) if raise_existing else (),
    )
