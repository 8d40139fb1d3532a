"""What every event has in common: its topic, its type, and what it is about."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.facts import Wire


class Topic(StrEnum):
    """One topic for each publishing service; records are keyed by their subject, so one referral keeps its order."""

    REFERRALS = "referrals"
    ASSIGNMENTS = "assignments"
    NOTIFICATIONS = "notifications"


class AnyEvent(Wire):
    """What every event has, whatever it is about. `sequence` rises with each event a service tells of one subject."""

    topic: ClassVar[Topic]
    type: ClassVar[str]

    sequence: int = 0

    @property
    def key(self) -> str:
        """The subject's id: events of one subject keep their order."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """What it is about, such as "referral/" and the referral's id."""
        raise NotImplementedError


class Event(AnyEvent):
    """Something that happened to one referral."""

    referral_id: UUID
    reference: str

    @property
    def key(self) -> str:
        """The referral's id."""
        return str(self.referral_id)

    @property
    def subject(self) -> str:
        """referral/ and its id."""
        return f"referral/{self.referral_id}"


class ServiceEvent(AnyEvent):
    """Something about a service of a partner, whatever is referred to it."""

    service_id: str

    @property
    def key(self) -> str:
        """The service's id."""
        return self.service_id

    @property
    def subject(self) -> str:
        """service/ and its id."""
        return f"service/{self.service_id}"
