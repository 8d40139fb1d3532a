"""What a decision stands on besides its facts and its county: kept with it, these give the same decision again."""

from dataclasses import dataclass, field

from services.router.domain.again import Returned, place_again
from services.router.domain.assembling import Beside
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Decision
from services.router.domain.facts import Facts
from services.router.domain.load import Load


@dataclass(frozen=True, slots=True)
class Again:
    """What is placed again, and what stands of the referral beside it."""

    returned: Returned
    beside: Beside


@dataclass(frozen=True, slots=True)
class Basis:
    """`load` is as it was when the places were taken; `again` is None where the whole referral is decided."""

    load: Load = field(default_factory=Load)
    again: Again | None = None


def derive(facts: Facts, county: County, basis: Basis) -> Decision:
    """The one way to every decision, live or derived again: equal arguments give an equal decision."""
    if basis.again is None:
        return decide(facts, county, basis.load)
    return place_again(facts, county, basis.load, basis.again.returned, basis.again.beside)
