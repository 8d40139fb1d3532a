"""Partners, what they offer, and to whom, where and when."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.router.domain.conditions import AllOf, AnyOf, Condition, NoneOf, Test, Within
from services.router.domain.hours import Hours
from services.router.domain.vocabulary import Channel, Verdict


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whom a service accepts (R55): ages in years, both ends included; flags as ticked."""

    minimum_age: int | None = None
    maximum_age: int | None = None
    flags_any: frozenset[str] = frozenset()
    flags_all: frozenset[str] = frozenset()
    flags_none: frozenset[str] = frozenset()

    def conditions(self) -> Mapping[Verdict, Condition]:
        """The same in the language of conditions, by what is said of a service that is passed over for one of them."""
        ages, flags = Condition(), list[Test]()
        if self.minimum_age is not None or self.maximum_age is not None:
            below = None if self.maximum_age is None else self.maximum_age + 1
            ages = Condition((Within("age", self.minimum_age, below),))
        if self.flags_any:
            flags.append(AnyOf("flags", self.flags_any))
        if self.flags_all:
            flags.append(AllOf("flags", self.flags_all))
        if self.flags_none:
            flags.append(NoneOf("flags", self.flags_none))
        return {Verdict.AGE: ages, Verdict.CIRCUMSTANCES: Condition(tuple(flags))}

    def accepts_age(self, age: int) -> bool:
        """Whether somebody of this age is accepted."""
        return (self.minimum_age is None or age >= self.minimum_age) and (
            self.maximum_age is None or age <= self.maximum_age
        )

    def accepts_flags(self, flags: frozenset[str]) -> bool:
        """Whether somebody of whom these flags are ticked is accepted."""
        return (
            (not self.flags_any or not self.flags_any.isdisjoint(flags))
            and self.flags_all <= flags
            and self.flags_none.isdisjoint(flags)
        )


@dataclass(frozen=True, slots=True)
class Areas:
    """Where a service works: GSS codes as they are now, outcodes, the whole county, and places outside or unknown."""

    districts: frozenset[str] = frozenset()
    outcodes: frozenset[str] = frozenset()
    county: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """How a service is reached; None where it is not."""

    email: str | None = None
    sms: str | None = None
    phone: str | None = None
    portal: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What an organisation offers, to whom, where and when. `needs` are single codes, patterns have been resolved."""

    id: str
    name: str
    description: str
    organization_id: str
    active: bool
    track: str
    role: str
    rank: int
    needs: frozenset[str]
    areas: Areas
    eligibility: Eligibility
    hours: Hours
    capacity_per_day: int | None
    notify_channels: tuple[Channel, ...]
    languages: tuple[str, ...]
    contact: Contact


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner of the county."""

    id: str
    name: str
    kind: str
    description: str
    email: str
    website: str | None
