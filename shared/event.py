"""What every event has in common: its topic, its type, and the referral it is about."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.facts import Wire


class Topic(StrEnum):
    """One topic for each publishing service; records are keyed by the referral, so one referral keeps its order."""

    REFERRALS = "referrals"
    ASSIGNMENTS = "assignments"
    NOTIFICATIONS = "notifications"


class Event(Wire):
    """Something that happened to one referral. `sequence` rises with each event a service tells of that referral."""

    topic: ClassVar[Topic]
    type: ClassVar[str]

    referral_id: UUID
    reference: str
    sequence: int = 0
