"""One move of an assignment: kept with who, when and why, and told to the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.router.domain.answers import Close
from services.router.domain.assignment import LIVE, Actor, Move, State
from services.router.domain.chase import stopped_by
from services.router.ports import Offer, Transaction
from services.router.use_cases.watching import keep_a_clock, start_review
from shared.events import AssignmentMoved, NeedOutcome


@dataclass(frozen=True, slots=True)
class Step:
    """Where an assignment goes, by whom, when and why; `outcomes` has the close code of each need and its meaning.
    `move` says what was done where the states alone do not, and `needs` which needs it was done with; `reached` whether
    the resident was."""

    to: State
    actor: Actor
    at: datetime
    reason: str | None = None
    outcomes: Mapping[str, tuple[str, Close]] = field(default_factory=dict)
    move: Move | None = None
    needs: tuple[str, ...] = ()
    reached: bool = False


async def take(tx: Transaction, offer: Offer, step: Step) -> Offer:
    """The assignment after `step`. Raises Conflict when it has moved since it was read."""
    codes = {need: code for need, (code, _) in step.outcomes.items()}
    moved = await tx.offers.move(
        offer, step.to, actor=step.actor, at=step.at, reason=step.reason, outcomes=codes or None, move=step.move
    )
    if step.reached or step.to is not offer.state:
        await tx.clocks.stop(offer.id, stopped_by(step.to))
    if step.reached:
        await start_review(tx, await tx.county(), moved, step.at)
    elif step.to in LIVE:
        await keep_a_clock(tx, await tx.county(), moved, step.at)
    await tx.publish(
        AssignmentMoved(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=await tx.referrals.next_sequence(offer.referral_id),
            assignment_id=offer.id,
            service_id=offer.service_id,
            service_name=offer.service_name,
            from_state=offer.state.value,
            to_state=step.to.value,
            reason=step.reason,
            actor=step.actor.kind,
            version=moved.version,
            needs=offer.needs,
            move=step.move.value if step.move else None,
            needs_moved=step.needs,
            outcomes=tuple(
                NeedOutcome(need=need, outcome=code, met=close.met, ends_referral=close.ends_referral)
                for need, (code, close) in step.outcomes.items()
            ),
            moved_at=step.at,
        )
    )
    return moved
