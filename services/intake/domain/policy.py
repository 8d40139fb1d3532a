"""The data that section A of the rules works with: every list, threshold and phrase a county may set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from services.intake.domain.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """What calls for an action of R13-R18 or R21, as far as R01 needs to know it.

    A person under `alone_under_age` with this referrer and request kind asks alone (R21).
    """

    flags: frozenset[str]
    needs: frozenset[str]
    alone_under_age: int
    alone_referrer_kind: str
    alone_request_kind: str


@dataclass(frozen=True, slots=True)
class AgePolicy:
    """Ages from `lowest` to `highest` years are believed; a flag and a household size can contradict (R10)."""

    lowest: int
    highest: int
    senior_flag: str
    senior_age: int
    alone_flag: str
    alone_household_size: int


@dataclass(frozen=True, slots=True)
class PlacePolicy:
    """`candidate_share` from 0 to 1 makes a district a candidate (R05); `never_corrected` are postcode areas (R02).

    `same_authority` leads from an authority's historic GSS code to its present one (R27). `tells` are the smaller areas
    that the router is told of, "ward" and "lsoa": only what its rules ask for.
    """

    candidate_share: float
    never_corrected: frozenset[str]
    same_authority: Mapping[str, str]
    tells: frozenset[str] = frozenset()

    def present_code(self, district: str) -> str:
        """The code under which `district` is known now."""
        return self.same_authority.get(district, district)


@dataclass(frozen=True, slots=True)
class Policy:
    """Intake's whole rule data.

    `needs` are the codes a person may choose, `flags` those the rules or the directory name, `unclassified_need` stands
    for codes outside these (R12). `zone` gives the day of receipt. `concern_kind` is the request kind of R26.
    `questions` are the words in which a caller is asked for a fact, by its name.
    """

    needs: frozenset[str]
    flags: frozenset[str]
    unclassified_need: str
    risk: RiskPolicy
    age: AgePolicy
    place: PlacePolicy
    concern_kind: str
    long_notes_over: int
    duplicate_within: timedelta
    duplicate_status: str
    default_language: str
    unknown_language: str
    zone: tzinfo
    lexicon: Lexicon
    questions: Mapping[str, str]
