"""What differs between two answers to one referral, and which of it a safeguarding lead must see first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.router.domain.county import County
from services.router.domain.simulation.answer import Answer, Past, Placed
from services.router.domain.vocabulary import ResultFlag

URGENT = frozenset({"P1", "P2"})
# What keeps people safe once it is flagged.
SAFETY = (
    ResultFlag.HUMAN_CHECK,
    ResultFlag.SAFE_CONTACT_ONLY,
    ResultFlag.HOLD_SAFE_CONTACT,
    ResultFlag.NO_DOORSTEP_VOLUNTEERS,
    ResultFlag.UNACCOMPANIED_MINOR,
)


class Concern(StrEnum):
    """Why a change is shown first, most serious first."""

    RISK_NEED_LOST = "risk_need_lost"
    RISK_NEED_MOVED = "risk_need_moved"
    RISK_NEED_ADDED = "risk_need_added"
    SAFETY_FLAG_LOST = "safety_flag_lost"
    URGENT_LOWERED = "urgent_lowered"
    LATER = "later"
    NEED_LOST = "need_lost"
    TO_THE_DESK = "to_the_desk"

    @property
    def rank(self) -> int:
        """How grave it is; 0 is the gravest."""
        return list(Concern).index(self)


@dataclass(frozen=True, slots=True)
class NeedChange:
    """One need before and after; None where it is not in that answer. Deadlines are UTC instants."""

    need: str
    before: Placed | None
    after: Placed | None
    due_before: datetime | None
    due_after: datetime | None

    @property
    def moved(self) -> bool:
        """Whether somebody else has it, or nobody."""
        return where(self.before) != where(self.after)

    @property
    def is_later(self) -> bool:
        """Whether it must be answered later than it had to be."""
        return self.due_before is not None and self.due_after is not None and self.due_after > self.due_before


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that differs for one referral. `district` is a GSS code, `concerns` why it is to be seen first."""

    reference: str
    district: str | None
    outcomes: tuple[str, str]
    needs: tuple[NeedChange, ...]
    flags_lost: tuple[str, ...]
    flags_gained: tuple[str, ...]
    concerns: tuple[tuple[Concern, str], ...] = ()
    """Each concern with the need, or the flag, that it is about."""


@dataclass(frozen=True, slots=True)
class Side:
    """A county, and what it makes of a referral."""

    county: County
    answer: Answer

    def due_at(self, placed: Placed | None, received_at: datetime) -> datetime | None:
        """By when the need must be answered."""
        if placed is None or placed.due_by is None:
            return None
        return self.county.deadlines.due_at(placed.due_by, received_at)


def compare(past: Past, before: Side, after: Side) -> Change | None:
    """What differs between two answers to a referral; None when nothing does."""
    facts = past.facts
    needs = tuple(_needs(facts.received_at, before, after))
    lost, gained = (
        set(one.answer.flags) - set(other.answer.flags) for one, other in ((before, after), (after, before))
    )
    outcomes = before.answer.outcome, after.answer.outcome
    if not (needs or lost or gained or outcomes[0] != outcomes[1]):
        return None
    concerns = [(Concern.SAFETY_FLAG_LOST, str(flag)) for flag in SAFETY if flag in lost]
    at_risk = risk_needs(before.county) | risk_needs(after.county)
    concerns += [(concern, each.need) for each in needs for concern in _concerns(each, at_risk, after.county)]
    return Change(
        reference=past.reference,
        district=after.county.present_code(facts.place.district) if facts.place.district else None,
        outcomes=outcomes,
        needs=needs,
        flags_lost=tuple(sorted(lost)),
        flags_gained=tuple(sorted(gained)),
        concerns=tuple(sorted(concerns, key=lambda each: (each[0].rank, each[1]))),
    )


def risk_needs(county: County) -> frozenset[str]:
    """The needs that section B is about."""
    risk = county.rules.risk
    actions = (*risk.actions, risk.child_alone, county.rules.outside.when_closed)
    return frozenset((*risk.concerns.values(), *(action.need for action in actions)))


def where(placed: Placed | None) -> str | None:
    """Who has a need: a service, or nobody for the reason that its state says; None where it is not asked for."""
    return None if placed is None else placed.service_id or placed.state


def _needs(received_at: datetime, before: Side, after: Side) -> Iterator[NeedChange]:
    sides = [{each.need: each for each in side.answer.placed} for side in (before, after)]
    for need in sorted(sides[0].keys() | sides[1].keys()):
        one, other = (side.get(need) for side in sides)
        due = before.due_at(one, received_at), after.due_at(other, received_at)
        if due[0] != due[1] or _told_apart(one) != _told_apart(other):
            yield NeedChange(need, one, other, *due)


def _told_apart(placed: Placed | None) -> tuple[object, ...] | None:
    return None if placed is None else (placed.state, placed.service_id, placed.priority, placed.nobody)


def _concerns(change: NeedChange, at_risk: frozenset[str], county: County) -> Iterator[Concern]:
    before, after = change.before, change.after
    is_left = before is not None and before.service_id is not None and (after is None or after.service_id is None)
    if change.need in at_risk:
        if change.moved:
            added = Concern.RISK_NEED_ADDED if before is None else Concern.RISK_NEED_MOVED
            yield Concern.RISK_NEED_LOST if is_left else added
    elif is_left:
        yield Concern.NEED_LOST
    if before is not None and after is not None and before.priority in URGENT and after.priority > before.priority:
        yield Concern.URGENT_LOWERED
    if before is not None and before.due_by in URGENT and change.is_later:
        yield Concern.LATER
    desk = county.rules.triage_desk
    if after is not None and after.service_id == desk and where(before) != desk:
        yield Concern.TO_THE_DESK
