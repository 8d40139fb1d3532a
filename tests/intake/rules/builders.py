"""A referral that is complete and in order; a test changes only what it is about, with `dataclasses.replace`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.intake.domain.assess import assess
from services.intake.domain.assessment import Assessment, OpenReferral
from services.intake.domain.places import PlaceTable
from services.intake.domain.policy import Policy
from services.intake.domain.referral import Person, Submission

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2020, 5, 13, 12, 0, tzinfo=LONDON)
ADA = Person(name="Ada Holloway", age=50, phone="01632 960001")
REFERRAL = Submission(person=ADA, needs=("food.shopping",), postcode="DE65 6WE")
EMPTY = Submission()


class Rules:
    """Section A with the county's data, for tests that look at whole assessments."""

    def __init__(self, policy: Policy, places: PlaceTable) -> None:
        self.policy = policy
        self.places = places

    def assess(
        self, submission: Submission, *, earlier: Sequence[OpenReferral] = (), at: datetime = NOON
    ) -> Assessment:
        return assess(submission, self.policy, self.places, earlier, at)

    def at_place(self, postcode: str | None, hint: str | None = None) -> Assessment:
        return self.assess(replace(REFERRAL, postcode=postcode, district_hint=hint))

    def of_person(self, person: Person) -> Assessment:
        return self.assess(replace(REFERRAL, person=person))
