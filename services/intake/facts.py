"""What intake tells the router of a referral: its assessment as the facts of an event, without personal data."""

from datetime import datetime
from typing import Literal, TypeVar

from services.intake.domain.assessment import Assessment, OpenReferral
from services.intake.domain.referral import Submission
from shared.events import Facts, OpenMatch, PlaceFacts, Priority

Word = TypeVar("Word", bound=str)
PRIORITIES: tuple[Priority, ...] = ("P1", "P2", "P3", "P4")
METHODS: tuple[Literal["unit", "sector", "outcode", "hint", "none"], ...] = ("unit", "sector", "outcode", "hint")
CONSENTS: tuple[Literal["given", "refused", "unknown"], ...] = ("given", "refused")
GIVERS: tuple[Literal["self", "representative", "none"], ...] = ("self", "representative")


def facts_of(submission: Submission, assessment: Assessment, received_at: datetime) -> Facts:
    """The facts of a complete referral (`assessment.missing` is empty). `received_at` is an aware instant.

    Words outside the event's closed sets become "unknown", "none" or None, which always protect more.
    """
    place = assessment.place
    return Facts(
        received_at=received_at,
        channel=submission.channel,
        request_kind=submission.request_kind,
        referrer_kind=submission.referrer_kind,
        consent_status=_one_of(CONSENTS, submission.consent.status) or "unknown",
        consent_by=_one_of(GIVERS, submission.consent.by) or "none",
        needs=assessment.needs,
        flags=assessment.flags,
        age=assessment.age,
        language=assessment.language,
        household_size=submission.household_size,
        food_days_left=submission.food_days_left,
        meds_days_left=submission.meds_days_left,
        requested_priority=_one_of(PRIORITIES, submission.requested_priority),
        shield_list_match=submission.shield_list_match,
        has_note=assessment.has_note,
        contactable=assessment.contactable,
        red_flags=assessment.red_flags,
        place=PlaceFacts(
            district=place.district,
            method=_one_of(METHODS, place.method) or "none",
            candidates=place.candidates,
            outcode=place.outcode,
            ward=place.ward,
            lsoa=place.lsoa,
        ),
        open_matches=tuple(map(_open_match, assessment.open_matches)),
        quality=assessment.quality,
        because=assessment.because,
    )


def _open_match(referral: OpenReferral) -> OpenMatch:
    return OpenMatch(
        reference=referral.reference,
        needs=referral.needs,
        priority=_one_of(PRIORITIES, referral.priority),
        received_at=referral.received_at,
    )


def _one_of(words: tuple[Word, ...], typed: str | None) -> Word | None:
    return next((word for word in words if word == typed), None)
