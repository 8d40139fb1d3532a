"""A county as the router knows it: needs, districts, calendar, directory and rules, compiled once and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.router.domain.deadlines import Deadlines
from services.router.domain.directory import Organisation, Service
from services.router.domain.index import Directory
from services.router.domain.rule_set import RuleSet
from services.router.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Need:
    """One coded thing that a person may lack. `system` needs are set by the router and never chosen."""

    code: str
    label: str
    group: str
    impact_area: str
    default_track: str
    default_priority: Priority
    fallback_tracks: tuple[str, ...]
    essential: bool
    needs_district: bool
    doorstep: bool
    system: bool


@dataclass(frozen=True, slots=True)
class PriorityTerms:
    """What staff and partners call a priority, and the code of its deadline."""

    name: str
    sla: str
    description: str


@dataclass(frozen=True, slots=True)
class District:
    """A district of the county or near it. `short_code` is what the rules call it; `code` its present GSS code."""

    code: str
    short_code: str | None
    name: str
    inside: bool


@dataclass(frozen=True, slots=True)
class PublicWords:
    """What may be said to anyone who holds a notice or its link (R59): `needs` by code, none of which names an illness
    or abuse; `help_phone` and `hours` of the county's line, as people say them."""

    needs: Mapping[str, str]
    help_phone: str
    hours: str


@dataclass(frozen=True, slots=True)
class County:
    """Everything a decision needs besides the facts and the load.

    `version` is the name of the set of documents it was read from, the SHA-256 of their texts: decisions keep it,
    and the documents are found again by it. `renamed` gives the present GSS code for each old one.
    """

    version: str
    needs: Mapping[str, Need]
    groups: Mapping[str, str]
    tracks: Mapping[str, str]
    priorities: Mapping[Priority, PriorityTerms]
    districts: Mapping[str, District]
    renamed: Mapping[str, str]
    deadlines: Deadlines
    directory: Directory
    rules: RuleSet
    words: PublicWords

    @property
    def services(self) -> Mapping[str, Service]:
        """All services by id."""
        return self.directory.services

    @property
    def organisations(self) -> Mapping[str, Organisation]:
        """All organisations by id."""
        return self.directory.organisations

    @property
    def capacities(self) -> Mapping[str, int]:
        """Places a day, for each service that counts them."""
        return {
            service.id: service.capacity_per_day
            for service in self.services.values()
            if service.capacity_per_day is not None
        }

    def today(self, at: datetime) -> date:
        """The local date of an aware instant; capacity is counted by it."""
        return self.deadlines.calendar.today(at)

    def present_code(self, district: str) -> str:
        """The present GSS code of a district that may be given by an old one (R27)."""
        return self.renamed.get(district, district)

    def is_inside(self, district: str) -> bool:
        """Whether a present GSS code is one of the county's districts; unknown codes are not."""
        known = self.districts.get(district)
        return known is not None and known.inside

    def short_code(self, district: str | None) -> str | None:
        """What the rules call a district, None where they have no name for it."""
        known = self.districts.get(district) if district else None
        return known.short_code if known else None
