"""Routing a referral, recalling what is open of it, and noting who was told."""

from dataclasses import dataclass

from services.router.domain.assignment import Actor, Move, after
from services.router.domain.chase import stopped_by
from services.router.ports import Transaction
from services.router.use_cases.placing import Case, place
from shared.clock import Clock, NewId
from shared.events import AssignmentRecalled, NotificationSent, ReferralCancelled, ReferralSubmitted

INTAKE = Actor("intake", "intake")


@dataclass(frozen=True, slots=True)
class RouteReferral:
    """Decide a referral by the rules in force, and offer its needs to the services chosen."""

    now: Clock
    new_id: NewId

    async def __call__(self, tx: Transaction, event: ReferralSubmitted) -> None:
        """Route once: a referral that is known already is left as it is."""
        if not await tx.referrals.add(event.referral_id, event.reference, event.facts.received_at):
            return
        county = await tx.county()
        case = Case(event.referral_id, event.reference, event.facts, county, self.now())
        await place(tx, case, self.new_id)


@dataclass(frozen=True, slots=True)
class RecallReferral:
    """Take back whatever is open of a referral that was cancelled."""

    now: Clock

    async def __call__(self, tx: Transaction, event: ReferralCancelled) -> None:
        """Recall every live assignment and give its place back. A referral not heard of yet will not be routed."""
        await tx.referrals.add(event.referral_id, event.reference, event.cancelled_at)
        await tx.referrals.cancel(event.referral_id, event.cancelled_at)
        for offer in await tx.offers.live_of(event.referral_id):
            now = self.now()
            to = after(offer.state, Move.RECALL)
            await tx.offers.move(offer, to, actor=INTAKE, at=now, reason=event.reason)
            await tx.clocks.stop(offer.id, stopped_by(to))
            await tx.capacity.give_back(offer.id)
            sequence = await tx.referrals.next_sequence(event.referral_id)
            await tx.publish(
                AssignmentRecalled(
                    referral_id=offer.referral_id,
                    reference=offer.reference,
                    sequence=sequence,
                    assignment_id=offer.id,
                    service_id=offer.service_id,
                    service_name=offer.service_name,
                    reason=event.reason,
                    recalled_at=now,
                )
            )


@dataclass(frozen=True, slots=True)
class NoteTold:
    """Note on an assignment when its service was first told."""

    async def __call__(self, tx: Transaction, event: NotificationSent) -> None:
        """Only the first message counts."""
        await tx.offers.told(event.assignment_id, event.sent_at)
