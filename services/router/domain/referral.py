"""One referral while it is being decided: its facts, its reading, where it is, and what is known of the services."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.router.domain.case import read_case
from services.router.domain.conditions import Case
from services.router.domain.county import County
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.rule_set import RuleSet
from services.router.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Referral:
    """What every step of a decision looks at. `received_at` is in UTC, and so is `waiting_since`: when the resident
    began to wait, which for needs that came back is earlier.

    `district` is the present GSS code of the one resolved district, wherever it lies; `candidates` those of a
    straddling place. Both are empty when the place is not known.
    """

    facts: Facts
    case: Case
    county: County
    load: Load
    received_at: datetime
    district: str | None
    candidates: tuple[str, ...]
    waiting_since: datetime

    @property
    def rules(self) -> RuleSet:
        """The county's rules."""
        return self.county.rules

    @property
    def language(self) -> str:
        """The person's language; none given is the county's usual one (R54)."""
        return self.facts.language or self.rules.people.usual_language

    @property
    def is_outside(self) -> bool:
        """Whether the one resolved district is not one of the county's (R27)."""
        return self.district is not None and not self.county.is_inside(self.district)

    @property
    def is_child_alone(self) -> bool:
        """Whether a child asks alone (R21)."""
        return self.rules.risk.child_alone.when.holds(self.case)

    @property
    def needs_no_consent(self) -> bool:
        """Whether consent is not asked for (R26)."""
        return self.rules.consent.not_needed.holds(self.case)

    def case_at(self, district: str | None) -> Case:
        """Its reading at one of the places where it may be: a present GSS code, or None where that is not known."""
        if district == self.district:
            return self.case
        return self.case.at(self.county.short_code(district), self.facts.place.outcode)

    def due_at(self, priority: Priority) -> datetime:
        """By when a need of this priority must be answered (R53). To be refused by one service gives the next no more
        time; once the time has passed it is counted from the present moment."""
        deadlines = self.county.deadlines
        promised = deadlines.due_at(priority, self.waiting_since)
        return promised if promised > self.received_at else deadlines.due_at(priority, self.received_at)


def open_referral(facts: Facts, county: County, load: Load, waiting_since: datetime | None = None) -> Referral:
    """Read a referral's facts by a county's rules; `waiting_since` None is since it was received."""
    place = facts.place
    district = county.present_code(place.district) if place.district else None
    return Referral(
        facts=facts,
        case=read_case(facts, county.rules, county.short_code(district)),
        county=county,
        load=load,
        received_at=facts.received_at.astimezone(UTC),
        district=district,
        waiting_since=(waiting_since or facts.received_at).astimezone(UTC),
        candidates=tuple(county.present_code(code) for code in place.candidates) if not place.district else (),
    )
