"""Needs that no service was given, for want of consent or as they are in hand elsewhere: who looks at them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.domain.county import County
from services.router.domain.vocabulary import NeedState, Priority
from services.router.domain.watch import DueForReview
from services.router.ports import Transaction
from shared.events import ReferralReviewDue

USUAL: Priority = "P3"


@dataclass(frozen=True, slots=True)
class ReviewHeld:
    """Tell that somebody should look at needs that nobody was given; the call-back service has them till then."""

    async def __call__(self, tx: Transaction, due: DueForReview) -> None:
        """`due` was claimed in this very transaction. Held needs are looked at again and again; whether a need is truly
        in hand elsewhere is asked once."""
        county = await tx.county()
        latest = await tx.decisions.latest(due.reference)
        document: Mapping[str, Any] = latest.document if latest else {}  # a decision as JSON
        held, repeated = tuple(document.get("held_needs", ())), duplicates_of(document)
        await tx.referrals.review(due.referral_id, _next(county, document, due) if held else None)
        if held or repeated:
            await tx.referrals.asked(due.referral_id, due.at)
            await tx.publish(
                ReferralReviewDue(
                    referral_id=due.referral_id,
                    reference=due.reference,
                    sequence=await tx.referrals.next_sequence(due.referral_id),
                    service_id=county.rules.consent.otherwise,
                    needs=(*held, *repeated),
                    due_at=due.due_at,
                    noticed_at=due.at,
                )
            )


def duplicates_of(document: Mapping[str, Any]) -> tuple[str, ...]:  # Any: a decision as JSON
    """The needs of a referral that are in hand elsewhere; decisions made before they were listed name their own."""
    found = document.get("duplicate_needs")
    if found is None:
        found = (each["need"] for each in document.get("needs", ()) if each["state"] == NeedState.DUPLICATE)
    return tuple(found)


def _next(county: County, document: Mapping[str, Any], due: DueForReview) -> datetime:  # Any: a decision as JSON
    wait = county.rules.review[document.get("priority") or USUAL]
    return wait.ends(due.at, None, county.deadlines.calendar)
