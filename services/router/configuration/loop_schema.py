"""The closed schema of what partners may answer, and of how long silence may last."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from services.router.configuration.directory_schema import Closed, Text, TimeOfDay
from services.router.domain.answers import Consequence, End, Pause

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,47}$")]


class ReasonDoc(Closed):
    """Why a service says no, what then happens, and for how long it is paused."""

    label: Text
    then: Annotated[Consequence, Field(strict=False)]
    pause: Annotated[Pause, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def pauses_for_a_time(self) -> Self:
        """A pause needs its length, and nothing else has one."""
        if (self.then is Consequence.PAUSE_SERVICE) is not (self.pause is not None):
            raise ValueError("`pause` (today or resumed) belongs to pause_service, and to it alone")
        return self


class AttemptDoc(Closed):
    """What came of trying to reach the resident."""

    label: Text
    reached: bool


class CloseDoc(Closed):
    """How the work on a need ended, and why the whole referral ends with it, if it does."""

    label: Text
    met: bool
    ends_referral: Annotated[End, Field(strict=False)] | None = None


class LabelDoc(Closed):
    """What a code is called."""

    label: Text


class AnswersDoc(Closed):
    """What may be answered."""

    decline: Annotated[dict[Code, ReasonDoc], Field(min_length=1)]
    hand_back: Annotated[dict[Code, ReasonDoc], Field(min_length=1)]
    contact: Annotated[dict[Code, AttemptDoc], Field(min_length=1)]
    close: Annotated[dict[Code, CloseDoc], Field(min_length=1)]
    pass_on: Annotated[dict[Code, LabelDoc], Field(min_length=1)]
    leave_children: Annotated[dict[Code, LabelDoc], Field(min_length=1)]


class WaitDoc(Closed):
    """How long to wait, in one of three ways; `by` is a time of day on the last working day."""

    minutes: Annotated[int, Field(ge=1)] | None = None
    open_minutes: Annotated[int, Field(ge=1)] | None = None
    working_days: Annotated[int, Field(ge=1)] | None = None
    by: TimeOfDay | None = None

    @model_validator(mode="after")
    def is_one_wait(self) -> Self:
        """Exactly one way, and a time of day only for working days."""
        if sum(each is not None for each in (self.minutes, self.open_minutes, self.working_days)) != 1:
            raise ValueError("one of minutes, open_minutes and working_days is needed")
        if self.by is not None and self.working_days is None:
            raise ValueError("`by` belongs to working_days")
        return self


class CapacityDoc(Closed):
    """For how many days a word on capacity is believed, and how many working days before a service is reminded."""

    limited_after_days: Annotated[int, Field(ge=1)]
    paused_after_days: Annotated[int, Field(ge=1)]
    reminded_working_days_before: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def decays_in_order(self) -> Self:
        """A service is asked last before it is asked nothing."""
        if self.paused_after_days <= self.limited_after_days:
            raise ValueError("paused_after_days must be more than limited_after_days")
        return self


class ChaseDoc(Closed):
    """The wait for each priority."""

    P1: WaitDoc
    P2: WaitDoc
    P3: WaitDoc
    P4: WaitDoc
