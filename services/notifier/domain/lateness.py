"""What the triage desk is told when a deadline has passed: a closed set of placeholders, nothing of the person."""

from dataclasses import dataclass

from services.notifier.domain.directory import Directory
from services.notifier.domain.notification import Notification, Purpose

PURPOSES = {
    "first_contact": Purpose.LATE_CONTACT,
    "respond": Purpose.LATE_ANSWER,
    "review": Purpose.LATE_REVIEW,
}


@dataclass(frozen=True, slots=True)
class LateContact:
    """The resident was not reached in time; `service` is the name of the service that has the referral."""

    reference: str
    service: str
    district: str
    priority: str
    link: str


@dataclass(frozen=True, slots=True)
class LateAnswer(LateContact):
    """The triage desk itself has not answered."""


@dataclass(frozen=True, slots=True)
class LateReview(LateContact):
    """Somebody should look at how it goes."""


@dataclass(frozen=True, slots=True)
class LateContactText:
    """The same, short; `district` is "" where it would not fit."""

    reference: str
    district: str
    priority: str
    link: str


@dataclass(frozen=True, slots=True)
class LateAnswerText(LateContactText):
    """The same, short."""


@dataclass(frozen=True, slots=True)
class LateReviewText(LateContactText):
    """The same, short."""


EMAILS: dict[Purpose, type[LateContact]] = {
    Purpose.LATE_CONTACT: LateContact,
    Purpose.LATE_ANSWER: LateAnswer,
    Purpose.LATE_REVIEW: LateReview,
}
TEXTS: dict[Purpose, type[LateContactText]] = {
    Purpose.LATE_CONTACT: LateContactText,
    Purpose.LATE_ANSWER: LateAnswerText,
    Purpose.LATE_REVIEW: LateReviewText,
}


def late_email(notification: Notification, directory: Directory, link: str) -> LateContact:
    """What the e-mail says."""
    offer = notification.offer
    return EMAILS[notification.purpose](
        reference=offer.reference,
        service=offer.service_name,
        district=directory.district(offer.district),
        priority=directory.priorities[offer.priority],
        link=link,
    )


def late_text(notification: Notification, directory: Directory, link: str) -> LateContactText:
    """What the text says."""
    offer = notification.offer
    return TEXTS[notification.purpose](
        reference=offer.reference,
        district=directory.districts.get(offer.district or "", ""),
        priority=directory.priorities_in_texts[offer.priority],
        link=link,
    )
