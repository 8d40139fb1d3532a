"""Chasing silence: one reminder, then the offer has expired and its needs go elsewhere; and telling what is late."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.router.domain.assignment import Actor, Move, State, after
from services.router.domain.cause import Cause, Trigger
from services.router.domain.chase import ClockState, Kind, Ring, ring_of
from services.router.domain.county import County
from services.router.ports import Due, Offer, Transaction
from services.router.use_cases.moving import Step, take
from services.router.use_cases.rerouting import CameBack, PlaceAgain
from services.router.use_cases.waiting import answer_by
from services.router.use_cases.watching import keep_a_clock, start_review
from shared.events import AssignmentOverdue, AssignmentReminded

CLOCK = Actor("clock", "clock")
NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class RingClock:
    """Do what a clock calls for when it rings (R60)."""

    place_again: PlaceAgain

    async def __call__(self, tx: Transaction, due: Due) -> None:
        """`due` was claimed in this very transaction."""
        county = await tx.county()
        match ring_of(due.clock, at_desk=due.offer.service_id == county.rules.triage_desk):
            case Ring.REMIND:
                await _remind(tx, county, due)
            case Ring.EXPIRE:
                await tx.clocks.put(replace(due.clock, state=ClockState.BREACHED))
                await self._expire(tx, county, due)
            case Ring.TELL:
                await tx.clocks.put(replace(due.clock, state=ClockState.BREACHED))
                await tell_late(tx, county, Late(due.offer, due.clock.kind, due.clock.due_at, due.at))
                await keep_a_clock(tx, county, due.offer, due.at)
            case Ring.TELL_AND_WAIT_AGAIN:
                await tell_late(tx, county, Late(due.offer, due.clock.kind, due.clock.due_at, due.at))
                await start_review(tx, county, due.offer, due.at)

    async def _expire(self, tx: Transaction, county: County, due: Due) -> None:
        step = Step(after(due.offer.state, Move.EXPIRE), CLOCK, due.at, NO_ANSWER)
        expired = await take(tx, due.offer, step)
        knew = due.offer.notified_at is not None or due.offer.state is State.OPENED
        words = "did not answer" if knew else "could not be told in time"
        cause = Cause(Trigger.EXPIRED, f"{expired.service_name} {words}.")
        await self.place_again(tx, county, CameBack(expired, expired.needs, due.at, cause))


async def _remind(tx: Transaction, county: County, due: Due) -> None:
    """The same wait begins again, from now: who is reminded late is given no less, as far as the deadline allows."""
    offer = due.offer
    expires_at = answer_by(county, offer, due.at)
    await tx.clocks.put(replace(due.clock, state=ClockState.WARNED, step=due.clock.step + 1, due_at=expires_at))
    await tx.publish(
        AssignmentReminded(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=await tx.referrals.next_sequence(offer.referral_id),
            assignment_id=offer.id,
            service_id=offer.service_id,
            service_name=offer.service_name,
            needs=offer.needs,
            priority=offer.priority,
            district=offer.district,
            channels=offer.channels,
            safe_contact_only=offer.safe_contact_only,
            answer_by=expires_at,
            second_contact=offer.priority in county.rules.second_contact,
            reminded_at=due.at,
        )
    )


@dataclass(frozen=True, slots=True)
class Late:
    """A deadline of an assignment, and when it was noticed that it cannot be kept or was missed."""

    offer: Offer
    kind: Kind
    due_at: datetime
    noticed_at: datetime


async def tell_late(tx: Transaction, county: County, late: Late) -> None:
    """Tell the others of it."""
    offer = late.offer
    await tx.publish(
        AssignmentOverdue(
            referral_id=offer.referral_id,
            reference=offer.reference,
            sequence=await tx.referrals.next_sequence(offer.referral_id),
            assignment_id=offer.id,
            service_id=offer.service_id,
            service_name=offer.service_name,
            needs=offer.needs,
            priority=offer.priority,
            clock=late.kind.value,
            state=offer.state.value,
            due_at=late.due_at,
            overdue_at=late.noticed_at,
            district=offer.district,
            safe_contact_only=offer.safe_contact_only,
            triage_desk=county.rules.triage_desk,
        )
    )
