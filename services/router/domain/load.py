"""How busy the services are at the moment of a decision, and who has said no."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Load:
    """`remaining`: places left today by service, one that is absent has room; `declined_by`: services by need;
    `limited`: services to be asked after the others of their track (R57); `untold`: those of `declined_by` whose offer
    expired before they knew of it. For explanations alone: `shut` take nothing whatever room they have, for they pause
    or said so, and `places` a day of those who said otherwise than the directory."""

    remaining: Mapping[str, int] = field(default_factory=dict)
    declined_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    limited: frozenset[str] = frozenset()
    untold: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shut: frozenset[str] = frozenset()
    places: Mapping[str, int] = field(default_factory=dict)

    def refusals(self, need: str) -> int:
        """How many services could not take `need`, of all that are not asked again (R57)."""
        return len(self.declined_by.get(need, frozenset()) - self.untold.get(need, frozenset()))
